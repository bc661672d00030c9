// --- A client without dependencies, in place of `@pluv/client` ---

/** The part of a room's type that `connect` uses. */
export type PluvRoom = {
  _defs: {
    authorize: unknown;
    crdt: unknown;
    events: object;
    procedures: object;
    output: object;
    presence: unknown;
    shared?: unknown;
  };
};

/** A `T` as clients send it: a field that may be null may be omitted. */
export type PluvInput<T> = [PluvScalar | null] extends [T] ? T
  : T extends readonly unknown[] ? { [K in keyof T]: PluvInput<T[K]> }
  : T extends object ? PluvFlat<
    & { [K in keyof T as PluvIsOption<T[K]> extends true ? K : never]?: PluvInput<T[K]> }
    & { [K in keyof T as PluvIsOption<T[K]> extends true ? never : K]: PluvInput<T[K]> }
  >
  : T;
// A field of any JSON may be null too, and may not be omitted.
type PluvIsOption<T> = null extends T ? PluvScalar extends T ? false : [T] extends [null] ? false : true : false;
type PluvScalar = string | number | boolean;
type PluvFlat<T> = { [K in keyof T]: T[K] };

/** An event, as `@pluv/client` reads it: its input, and all messages that the room may send. */
export type PluvEvent<I, O> = {
  config: {
    input?: { parse: (data: unknown) => I; _input: I } | null;
    resolver: (data: I, ...args: any[]) => O | globalThis.Promise<O>;
  };
};

/** A room with users, as `@pluv/client` reads it. Users are identified by their ids. */
export type PluvAuthorize<U extends { id: string }> = {
  secret?: string;
  user: { parse: (data: unknown) => U; _input: U };
};

/** The users of a room; null in a room without users. */
export type PluvUser<R extends PluvRoom> = R["_defs"]["authorize"] extends { user: { _input: infer U } } ? U : null;
/** The presence of a user, which everyone sees. */
export type PluvPresence<R extends PluvRoom> = R["_defs"]["presence"];
/** The state of a room that all clients see; null in a room without one. */
export type PluvShared<R extends PluvRoom> = R["_defs"] extends { shared: infer T } ? T : null;
/** The messages of a room: the data of each event, by its name. */
export type PluvOutput<R extends PluvRoom> = R["_defs"]["output"];
/** The events of clients: the input of each event, by its name. */
export type PluvInputs<R extends PluvRoom> = {
  [K in keyof R["_defs"]["events"]]: R["_defs"]["events"][K] extends PluvEvent<infer I, any> ? I : never;
};
// Data that may be empty may be omitted.
type PluvData<I> = {} extends I ? [data?: I] : [data: I];

/** The procedures of a room, as functions. */
export type PluvCalls<R extends PluvRoom> = {
  [K in keyof R["_defs"]["procedures"]]: R["_defs"]["procedures"][K] extends { input: infer I; answer: infer A }
    ? {} extends I ? (input?: I, options?: PluvCallOptions) => globalThis.Promise<A>
    : (input: I, options?: PluvCallOptions) => globalThis.Promise<A>
    : never;
};

export type PluvCallOptions = {
  /** The time to wait for the answer, in milliseconds. */
  timeout?: number;
  signal?: globalThis.AbortSignal;
};

/** A user in the room, once for all of their connections. */
export type PluvPerson<R extends PluvRoom> = {
  /** The user's id; the connection's in a room without users. */
  id: string;
  user: PluvUser<R>;
  presence: PluvPresence<R>;
  connections: string[];
  /** True for the user of this connection. */
  you: boolean;
};

/** The cause of an event. */
export type PluvCause<R extends PluvRoom> = {
  connectionId: string | null;
  user: PluvUser<R>;
  /** True if this connection caused it. */
  mine: boolean;
};

export type PluvStatus = {
  /** `refused` is final unless `reconnect` is called: the room rejected this client, or can't be reached from here. */
  status: "connecting" | "online" | "reconnecting" | "offline" | "refused" | "closed";
  /** The time of the next attempt, by `Date.now()`. */
  retryAt: number | null;
  /** The reason of `refused`. */
  message: string | null;
};

/** The events of the connection itself. No event of a room has a name that begins with `$`. */
export type PluvNews<R extends PluvRoom> = {
  $status: PluvStatus;
  /** The users in the room, whenever they or a presence change. */
  $people: PluvPerson<R>[];
  /** The state that all clients see, whenever it changes. */
  $shared: PluvShared<R>;
  /** A message that the room rejected and that was not sent by `call`. */
  $error: { message: string };
  /** Another connection changed the document. */
  $storage: PluvCause<R>;
};

/** A copy of the room's document, of any library: for Yjs these are `encodeStateAsUpdate` and `applyUpdate`. */
export type PluvStorage = {
  /** Encodes the whole document as one update. */
  encode: () => globalThis.Uint8Array;
  /** Applies an update from the room. */
  apply: (update: globalThis.Uint8Array) => void;
};

export type PluvOptions<R extends PluvRoom> = {
  /** The address of the worker; by default the page's own origin. */
  url?: string | globalThis.URL;
  /** Query parameters for the token endpoint, besides the room's name. */
  query?: { [name: string]: string } | (() => { [name: string]: string });
  /** Gets a token in another way. It is called again after it throws, but not after a `PluvError` with `refused`. */
  token?: (room: string, signal: globalThis.AbortSignal) => string | globalThis.Promise<string>;
  /** The user's presence at first. */
  presence?: globalThis.Partial<PluvInput<PluvPresence<R>>>;
  storage?: PluvStorage;
  /** The timeout of a procedure, in milliseconds; 10 seconds by default. */
  timeout?: number;
  /** The shortest and the longest delay before the next attempt to connect, in milliseconds. */
  retry?: { min?: number; max?: number };
  /** The interval of heartbeats, and the timeout of their answers, in milliseconds. */
  heartbeat?: { interval?: number; timeout?: number };
  /** For environments without a `WebSocket`. */
  WebSocket?: new (url: string) => globalThis.WebSocket;
};

/** The reason why a call has no answer. */
export class PluvError extends Error {
  /** `error`: the room answered `$error`. `closed`: the connection ended before the answer came. */
  readonly code: "error" | "timeout" | "closed" | "refused";

  constructor(code: PluvError["code"], message: string) {
    super(message);
    this.name = "PluvError";
    this.code = code;
  }
}

type PluvListener = (data: any, cause: any) => void;
type PluvSharedChange = { version: number; whole: boolean; fields: any; removed?: string[] };
type PluvPending = {
  frame: string;
  sent: boolean;
  resolve: (answer: any) => void;
  reject: (reason: unknown) => void;
};
type PluvRoute = { path: string; authorize: boolean; shared?: boolean };
type PluvFrame = { type: string; data: any; user: any; connectionId: string | null; id?: number };

// The platform answers exactly these bytes without waking the room.
const PLUV_PING = '{"type":"$ping","data":{}}';
const PLUV_JOIN_TIMEOUT = 15_000;
// After these the client does not reconnect: normal closure, rejected, ended by the application.
const PLUV_FINAL_CODES = [1000, 3000, 4000];
const PLUV_SCHEMES = /^(http|ws)s?:$/;

// In a frame an update of the document is base64.
function pluvEncode(bytes: globalThis.Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    text += String.fromCharCode(byte);
  }
  return btoa(text);
}

const pluvDecode = (text: string): globalThis.Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** A connection to a room, which reconnects after it was lost. `connect` makes one. */
export class PluvConnection<R extends PluvRoom> {
  /** The room's name. */
  readonly name: string;
  /** The room's procedures: `await room.call.history({ .. })`. A call without a connection waits for one. */
  readonly call: PluvCalls<R>;

  #route: PluvRoute;
  #options: PluvOptions<R>;
  #listeners = new Map<string, globalThis.Set<PluvListener>>();
  #status: PluvStatus = { status: "connecting", retryAt: null, message: null };
  // This user's presence as the room last sent it, and over it the patches that the room has not confirmed yet.
  #confirmed: any;
  #unconfirmed: any = {};
  #presence: any;
  // The ids of the patches in flight.
  #patches: number[] = [];

  // An attempt to connect belongs to its controller: aborting it ends the fetch and removes the socket's listeners.
  #attempt: globalThis.AbortController | null = null;
  #socket: globalThis.WebSocket | null = null;
  #failures = 0;
  #retryTimer: globalThis.ReturnType<typeof setTimeout> | undefined;
  #joinTimer: globalThis.ReturnType<typeof setTimeout> | undefined;
  #pingTimer: globalThis.ReturnType<typeof setInterval> | undefined;
  #pongTimer: globalThis.ReturnType<typeof setTimeout> | undefined;

  #sessionId: string | null = null;
  #lastError: string | null = null;
  // By connection id, in the order of joining.
  #users = new Map<string, { id: string; user: any }>();
  // By user id: presence belongs to a user, not to a tab. This user's own is `#presence`.
  #presences = new Map<string, any>();
  #people: PluvPerson<R>[] = [];
  #shared: any = null;
  // Of the last change that was applied; not a number while the whole state is asked for.
  #sharedVersion = globalThis.NaN;
  #synced = false;
  // True once this connection has the document, and so may send changes of it.
  #shares = false;
  #calls = new Map<number, PluvPending>();
  #lastCall = 0;
  #lifetime = new AbortController();

  constructor(name: string, route: PluvRoute, options: PluvOptions<R>) {
    this.name = name;
    this.#route = route;
    this.#options = options;
    this.#confirmed = { ...options.presence };
    this.#presence = this.#confirmed;
    this.call = new Proxy({}, {
      get: (_target, procedure) =>
        // Otherwise `await` would take it for a promise.
        typeof procedure === "string" && procedure !== "then"
          ? (input?: unknown, options?: PluvCallOptions) => this.#request(procedure, input ?? {}, options)
          : undefined,
    }) as PluvCalls<R>;
    if (typeof document !== "undefined") {
      const { signal } = this.#lifetime;
      globalThis.addEventListener("online", () => this.#wake(), { signal });
      globalThis.addEventListener("offline", () => this.#wake(), { signal });
      document.addEventListener("visibilitychange", () => document.hidden || this.#wake(), { signal });
    }
    void this.#connect();
  }

  get status(): PluvStatus {
    return this.#status;
  }

  get online(): boolean {
    return this.#status.status === "online";
  }

  /** The id of the connection; null without one. */
  get sessionId(): string | null {
    return this.#sessionId;
  }

  /** The users in the room, this user included; without a connection, the last known ones. */
  get people(): PluvPerson<R>[] {
    return this.#people;
  }

  /** The other users in the room. */
  get others(): PluvPerson<R>[] {
    return this.#people.filter((person) => !person.you);
  }

  /** The state of the room that all clients see; null before the first connection, later the last known one. */
  get shared(): PluvShared<R> | null {
    return this.#shared;
  }

  /** This user's presence. */
  get presence(): globalThis.Partial<PluvPresence<R>> {
    return this.#presence;
  }

  /** Listens to an event of the room or of the connection; the returned function removes the listener. */
  on<K extends keyof PluvOutput<R> & string>(
    type: K,
    listener: (data: PluvOutput<R>[K], cause: PluvCause<R>) => void,
  ): () => void;
  on<K extends keyof PluvNews<R>>(type: K, listener: (news: PluvNews<R>[K]) => void): () => void;
  on(type: string, listener: PluvListener): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Sends an event; returns false without a connection. */
  send<K extends keyof PluvInputs<R> & string>(type: K, ...[data]: PluvData<PluvInputs<R>[K]>): boolean {
    if (!this.online) {
      return false;
    }
    this.#write(type, data ?? {});
    return true;
  }

  /** Changes some fields of this user's presence. Without a connection it is sent with the next one. */
  updatePresence(patch: globalThis.Partial<PluvInput<PluvPresence<R>>>): void {
    this.#unconfirmed = { ...this.#unconfirmed, ...patch };
    if (this.online) {
      this.#sendPresence(patch);
    }
    this.#showOwnPresence();
  }

  /** Sends a change of the document. Without a connection it stays in the copy, which is sent with the next one. */
  updateStorage(update: globalThis.Uint8Array): void {
    if (this.#shares) {
      this.#write("$updateStorage", { origin: null, update: pluvEncode(update) });
    }
  }

  /** Reconnects now: after `refused`, without the rest of a delay, or to get a new token. */
  reconnect(): void {
    if (this.#status.status === "closed") {
      return;
    }
    if (this.online) {
      this.#failures = 0;
    }
    void this.#connect();
  }

  /** Closes the connection for good. */
  close(): void {
    this.#lifetime.abort();
    this.#drop();
    this.#endCalls(new PluvError("closed", "the connection was closed"), true);
    this.#setStatus("closed");
  }

  // --- Connecting ---

  async #connect(): globalThis.Promise<void> {
    this.#drop();
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#joinTimer = setTimeout(() => this.#lost(), PLUV_JOIN_TIMEOUT);
    this.#setStatus(this.#failures > 0 ? this.#disconnectedStatus() : "connecting");
    try {
      const token = await this.#token(attempt.signal);
      if (!attempt.signal.aborted) {
        this.#openSocket(token, attempt.signal);
      }
    } catch (error) {
      if (attempt.signal.aborted) {
        return;
      }
      if (error instanceof PluvError && error.code === "refused") {
        this.#refused(error.message);
      } else {
        this.#lost();
      }
    }
  }

  #address(path: string): globalThis.URL {
    const base = this.#options.url ?? globalThis.location?.href;
    if (base === undefined) {
      throw new PluvError("refused", "outside of a page `url` must say where the worker is");
    }
    try {
      const url = new URL(`${this.#route.path}/${path}`, base);
      if (PLUV_SCHEMES.test(url.protocol)) {
        url.protocol = url.protocol.replace("ws", "http");
        return url;
      }
    } catch {
      // It is not an address.
    }
    throw new PluvError("refused", `\`${base}\` is no address of a worker: write \`url\` as in \`https://rooms.example\``);
  }

  async #token(signal: globalThis.AbortSignal): globalThis.Promise<string | null> {
    const { token, query = {} } = this.#options;
    if (token !== undefined) {
      return token(this.name, signal);
    }
    if (!this.#route.authorize) {
      return null;
    }
    const url = this.#address("authorize");
    url.searchParams.set("room", this.name);
    for (const [name, value] of Object.entries(typeof query === "function" ? query() : query)) {
      url.searchParams.set(name, value);
    }
    const response = await fetch(url, { signal });
    const text = await response.text();
    if (response.ok) {
      return text;
    }
    // Overload and server errors are temporary; any other answer is final.
    throw new PluvError(response.status === 429 || response.status >= 500 ? "error" : "refused", text);
  }

  #openSocket(token: string | null, signal: globalThis.AbortSignal): void {
    const url = this.#address(`room/${encodeURIComponent(this.name)}`);
    url.protocol = url.protocol.replace("http", "ws");
    if (token !== null) {
      url.searchParams.set("token", token);
    }
    const socket = this.#makeSocket(url.href);
    this.#socket = socket;
    // Not every WebSocket supports the option `signal` of its listeners.
    socket.addEventListener("message", ({ data }) => signal.aborted || this.#receive(data));
    socket.addEventListener("close", ({ code, reason }) => signal.aborted || this.#closed(code, reason));
    // A close follows; without a listener, some WebSockets would throw the error.
    socket.addEventListener("error", () => {});
  }

  /** Opens the socket. Errors are final: old Node.js has no WebSocket, a page of `https:` may open none of `ws:`. */
  #makeSocket(url: string): globalThis.WebSocket {
    const implementation = this.#options.WebSocket ?? globalThis.WebSocket;
    if (implementation === undefined) {
      throw new PluvError("refused", "there is no WebSocket here: give one as `WebSocket`, such as that of the package `ws`");
    }
    try {
      return new implementation(url);
    } catch (error) {
      throw new PluvError("refused", error instanceof Error ? error.message : `${error}`);
    }
  }

  #closed(code: number, reason: string): void {
    if (PLUV_FINAL_CODES.includes(code)) {
      this.#refused(this.#lastError || reason);
    } else {
      this.#lost();
    }
  }

  #refused(message: string): void {
    this.#drop();
    this.#endCalls(new PluvError("refused", message || "the room refused the connection"), true);
    this.#setStatus("refused", { message: message || null });
  }

  /** Schedules the next attempt, with exponential backoff and jitter. */
  #lost(): void {
    this.#drop();
    const { min = 500, max = 15_000 } = this.#options.retry ?? {};
    const longest = Math.min(max, 2 * min * 2 ** this.#failures);
    const delay = min + Math.random() * Math.max(0, longest - min);
    this.#failures += 1;
    this.#retryTimer = setTimeout(() => void this.#connect(), delay);
    this.#setStatus(this.#disconnectedStatus(), { retryAt: Date.now() + delay });
  }

  /** Ends the current attempt or connection, without an event. */
  #drop(): void {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#joinTimer);
    clearInterval(this.#pingTimer);
    this.#alive();
    this.#attempt?.abort();
    this.#socket?.close(1000);
    this.#socket = null;
    this.#sessionId = null;
    this.#lastError = null;
    // The users stay listed until the next connection updates them.
    this.#synced = false;
    this.#shares = false;
    this.#patches = [];
    this.#endCalls(new PluvError("closed", "the connection was lost before the answer came"), false);
  }

  /** Checks the connection after the browser's network or this tab came or went. */
  #wake(): void {
    if (this.online) {
      this.#ping();
    } else if (this.#status.retryAt !== null) {
      if (navigator.onLine) {
        void this.#connect();
      } else {
        this.#setStatus("offline", { retryAt: this.#status.retryAt });
      }
    }
  }

  // It connects also while the browser is offline: a server on this machine needs no network.
  #disconnectedStatus(): "offline" | "reconnecting" {
    return typeof document !== "undefined" && !navigator.onLine ? "offline" : "reconnecting";
  }

  #setStatus(status: PluvStatus["status"], { retryAt = null, message = null }: globalThis.Partial<PluvStatus> = {}): void {
    this.#status = { status, retryAt, message };
    this.#emit("$status", this.#status);
  }

  // --- The heartbeat ---

  #ping(): void {
    // The answer to an earlier ping may still be pending: its timeout continues.
    this.#pongTimer ??= setTimeout(() => this.#lost(), this.#options.heartbeat?.timeout ?? 5_000);
    this.#socket?.send(PLUV_PING);
  }

  #alive(): void {
    clearTimeout(this.#pongTimer);
    this.#pongTimer = undefined;
  }

  // --- Procedures ---

  #request(type: string, data: unknown, { timeout, signal }: PluvCallOptions = {}): globalThis.Promise<unknown> {
    this.#lastCall += 1;
    const id = this.#lastCall;
    const { status, message } = this.#status;
    const settled = new Promise<unknown>((resolve, reject) => {
      signal?.throwIfAborted();
      if (status === "closed" || status === "refused") {
        throw new PluvError(status, message ?? "there is no connection");
      }
      const pending = { frame: JSON.stringify({ type, data, id }), sent: false, resolve, reject };
      this.#calls.set(id, pending);
      const wait = timeout ?? this.#options.timeout ?? 10_000;
      const timer = setTimeout(() => reject(new PluvError("timeout", `no answer within ${wait} ms`)), wait);
      const abort = (): void => reject(signal?.reason);
      signal?.addEventListener("abort", abort);
      pending.resolve = (answer) => (clearTimeout(timer), signal?.removeEventListener("abort", abort), resolve(answer));
      pending.reject = (reason) => (clearTimeout(timer), signal?.removeEventListener("abort", abort), reject(reason));
      this.#sendCalls();
    });
    return settled.finally(() => this.#calls.delete(id));
  }

  #sendCalls(): void {
    for (const pending of this.online ? this.#calls.values() : []) {
      if (!pending.sent) {
        pending.sent = true;
        this.#socket?.send(pending.frame);
      }
    }
  }

  #answered(id: number, type: string, data: any): void {
    if (type !== "$error") {
      this.#calls.get(id)?.resolve(data);
    } else if (this.#patches.includes(id)) {
      this.#patchEnded(id);
      this.#showOwnPresence();
      this.#emit("$error", { message: data.message });
    } else {
      this.#calls.get(id)?.reject(new PluvError("error", data.message));
    }
  }

  /** Rejects the calls that were sent; the others wait for the next connection. */
  #endCalls(reason: PluvError, all: boolean): void {
    for (const pending of this.#calls.values()) {
      if (all || pending.sent) {
        pending.reject(reason);
      }
    }
  }

  // --- Frames ---

  #write(type: string, data: unknown, id?: number): void {
    this.#socket?.send(JSON.stringify({ type, data, id }));
  }

  #receive(text: unknown): void {
    this.#alive();
    if (typeof text !== "string") {
      return;
    }
    const { type, data, user, connectionId, id }: PluvFrame = JSON.parse(text);
    if (id !== undefined) {
      this.#answered(id, type, data);
      return;
    }
    const cause = { connectionId, user, mine: connectionId === this.#sessionId };
    switch (type) {
      case "$registered":
        this.#sessionId = data.sessionId;
        // Another tab of this user may be connected already: they share their presence.
        this.#confirmed = { ...this.#confirmed, ...data.presence };
        this.#showOwnPresence();
        // The copy does not initialize the room's document: it is sent after that has arrived.
        this.#write("$initializeSession", { presence: this.#presence, update: "" });
        break;
      case "$storageReceived":
        this.#storageReceived(data.state);
        break;
      case "$storageUpdated":
        this.#options.storage?.apply(pluvDecode(data.state));
        this.#emit("$storage", cause);
        break;
      case "$userJoined":
        this.#joined(data);
        break;
      case "$othersReceived":
        this.#othersReceived(Object.values(data.others));
        break;
      case "$presenceUpdated":
        this.#presenceUpdated(user?.id ?? connectionId, data.presence, cause.mine);
        break;
      case "$exit":
        this.#users.delete(connectionId ?? "");
        this.#peopleChanged();
        break;
      case "$syncStateReceived":
        this.#keepOnly(new Set(data.connectionIds));
        break;
      case "$error":
        if (this.online) {
          this.#emit("$error", { message: data.message });
        } else {
          // The reason of the close that follows.
          this.#lastError = data.message;
        }
        break;
      case "$pong":
        // The connection was stable, so the next loss starts a new backoff.
        this.#failures = 0;
        break;
      case "shared":
        if (this.#route.shared) {
          this.#sharedReceived(data);
        }
        this.#emit(type, data, cause);
        break;
      default:
        if (!type.startsWith("$")) {
          this.#emit(type, data, cause);
        }
    }
  }

  #storageReceived(state: string): void {
    const { storage } = this.#options;
    if (storage === undefined) {
      return;
    }
    if (state !== "") {
      storage.apply(pluvDecode(state));
    }
    // The whole document, with the changes that were made without a connection.
    this.#write("$updateStorage", { origin: "$initialized", update: pluvEncode(storage.encode()) });
    this.#shares = true;
  }

  #sharedReceived({ version, whole, fields, removed = [] }: PluvSharedChange): void {
    if (!whole && version !== this.#sharedVersion + 1) {
      if (version > this.#sharedVersion) {
        this.#sharedVersion = globalThis.NaN;
        this.#write("$getShared", {});
      }
      return;
    }
    this.#sharedVersion = version;
    this.#shared = whole ? fields : { ...this.#shared, ...fields };
    for (const name of removed) {
      delete this.#shared[name];
    }
    this.#emit("$shared", this.#shared);
  }

  // --- People ---

  #joined({ connectionId, user, presence }: { connectionId: string; user: any; presence: any }): void {
    this.#enter(connectionId, user, presence);
    if (connectionId === this.#sessionId) {
      clearTimeout(this.#joinTimer);
      this.#lastError = null;
      this.#ownPresenceJoined(presence ?? {});
      this.#pingTimer = setInterval(() => this.#ping(), this.#options.heartbeat?.interval ?? 10_000);
      this.#write("$getOthers", {});
      this.#setStatus("online");
      this.#sendCalls();
    }
    this.#peopleChanged();
  }

  #othersReceived(others: { connectionId: string; user: any; presence: any }[]): void {
    const session = this.#sessionId ?? "";
    const own = this.#users.get(session);
    this.#users.clear();
    this.#presences.clear();
    for (const { connectionId, user, presence } of others) {
      this.#enter(connectionId, user, presence);
    }
    // Last, as it is the newest.
    this.#enter(session, own?.user, null);
    this.#synced = true;
    this.#peopleChanged();
  }

  #enter(connectionId: string, user: any, presence: any): void {
    const id = user?.id ?? connectionId;
    this.#users.set(connectionId, { id, user });
    this.#presences.set(id, presence ?? {});
  }

  get #ownId(): string | undefined {
    return this.#users.get(this.#sessionId ?? "")?.id;
  }

  #presenceUpdated(id: string, presence: any, mine: boolean): void {
    if (id !== this.#ownId) {
      this.#presences.set(id, presence);
      this.#peopleChanged();
      return;
    }
    this.#confirmed = presence;
    if (mine) {
      // The room applies them in order.
      this.#patchEnded(this.#patches[0]);
    }
    this.#showOwnPresence();
  }

  /** Sends the presence if it changed since `$initializeSession`, or if the room knew the user and ignored that one. */
  #ownPresenceJoined(presence: any): void {
    this.#confirmed = { ...this.#confirmed, ...presence };
    const differs = ([field, value]: [string, unknown]) =>
      JSON.stringify(value ?? null) !== JSON.stringify(presence[field] ?? null);
    this.#unconfirmed = Object.fromEntries(Object.entries(this.#unconfirmed).filter(differs));
    if (Object.keys(this.#unconfirmed).length > 0) {
      this.#sendPresence(this.#unconfirmed);
    }
    this.#showOwnPresence();
  }

  #sendPresence(patch: any): void {
    this.#lastCall += 1;
    this.#patches.push(this.#lastCall);
    this.#write("$updatePresence", { presence: patch }, this.#lastCall);
  }

  /** Removes a patch that the room applied or rejected. After the last one the room's presence is complete. */
  #patchEnded(id: number | undefined): void {
    this.#patches = this.#patches.filter((patch) => patch !== id);
    if (this.#patches.length === 0) {
      this.#unconfirmed = {};
    }
  }

  #showOwnPresence(): void {
    const presence = { ...this.#confirmed, ...this.#unconfirmed };
    if (JSON.stringify(presence) !== JSON.stringify(this.#presence)) {
      this.#presence = presence;
      this.#peopleChanged();
    }
  }

  #keepOnly(connectionIds: globalThis.Set<string>): void {
    for (const connectionId of this.#users.keys()) {
      if (connectionId !== this.#sessionId && !connectionIds.has(connectionId)) {
        this.#users.delete(connectionId);
      }
    }
    this.#peopleChanged();
  }

  #peopleChanged(): void {
    if (!this.#synced) {
      return;
    }
    const people = new Map<string, PluvPerson<R>>();
    const ownId = this.#ownId;
    for (const [connectionId, { id, user }] of this.#users) {
      const connections = [...(people.get(id)?.connections ?? []), connectionId];
      const you = id === ownId;
      // A later tab has the newer user.
      people.set(id, { id, user, presence: you ? this.#presence : this.#presences.get(id), connections, you });
    }
    this.#people = [...people.values()];
    this.#emit("$people", this.#people);
  }

  #emit(type: string, data: unknown, cause?: unknown): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        listener(data, cause);
      } catch (error) {
        // An error of a listener affects nothing else.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
