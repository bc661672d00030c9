// A stand-in for the package, with what a room's type needs of it.

import type { CrdtLibraryType } from "@pluv/crdt";

export interface YjsDocFactory {
  readonly text: (name: string) => string;
}

export declare const yjs: CrdtLibraryType<YjsDocFactory>;
