// A stand-in for the package: a client that reads of a room's type what the stock client 5.x reads.

import type { CrdtLibraryType } from "@pluv/crdt";

interface Event {
  config: {
    input?: { parse: (data: unknown) => any; _input: any } | null;
    resolver: (data: any, ...args: any[]) => any;
    broadcast?: any;
    self?: any;
    sync?: any;
  };
}

interface Server {
  _defs: {
    authorize: null | { secret?: string; user: { parse: (data: unknown) => any; _input: { id: string } } };
    crdt: CrdtLibraryType<any>;
    events: Record<string, Event>;
  };
}

type Types = { io: (io: any) => any };
type Io<T extends Types> = ReturnType<T["io"]>;
type Events<S> = S extends { _defs: { events: infer E } } ? E : never;
type Input<E> = E extends { config: { resolver: (data: infer I, ...args: any[]) => any } } ? I : never;
type Output<E> = E extends { config: { resolver: (...args: any[]) => infer O } } ? Awaited<O> : never;
type Together<U> = (U extends unknown ? (u: U) => void : never) extends (u: infer I) => void ? I : never;
/** The outputs of all events together. */
type Outputs<S> = Together<Output<Events<S>[keyof Events<S>]>>;
type User<S> = S extends { _defs: { authorize: { user: { _input: infer U } } } } ? U : null;
type Doc<S> = S extends { _defs: { crdt: CrdtLibraryType<infer D> } } ? D : never;

export interface Room<S> {
  broadcast<K extends keyof Events<S>>(type: K, data: Input<Events<S>[K]>): void;
  event<K extends keyof Outputs<S>>(type: K, listener: (event: { data: Outputs<S>[K]; user: User<S> }) => void): void;
  readonly myself: { user: User<S> } | null;
  readonly doc: Doc<S>;
}

export declare function infer<T extends Types>(types: (i: <S extends Server>(io: S) => S) => T): T;
export declare function createClient<T extends Types>(options: {
  types: T;
}): { createRoom(name: string): Room<Io<T>> };
