// A stand-in for the package, with what a room's type needs of it.

export interface CrdtLibraryType<T> {
  readonly kind: string;
  readonly doc: () => T;
}

export interface NoopCrdtDocFactory {
  readonly empty: true;
}
