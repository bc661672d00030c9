/*! Made by examples/chat/vendor. */

// ../bindings/Chat.ts
var PluvError = class extends Error {
  /** `error`: the room answered `$error`. `closed`: the connection ended before the answer came. */
  code;
  constructor(code, message) {
    super(message);
    this.name = "PluvError";
    this.code = code;
  }
};
var PLUV_PING = '{"type":"$ping","data":{}}';
var PLUV_JOIN_TIMEOUT = 15e3;
var PLUV_FINAL_CODES = [1e3, 3e3, 4e3];
var PLUV_SCHEMES = /^(http|ws)s?:$/;
function pluvEncode(bytes) {
  let text = "";
  for (const byte of bytes) {
    text += String.fromCharCode(byte);
  }
  return btoa(text);
}
var pluvDecode = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
var PluvConnection = class {
  /** The room's name. */
  name;
  /** The room's procedures: `await room.call.history({ .. })`. A call without a connection waits for one. */
  call;
  #route;
  #options;
  #listeners = /* @__PURE__ */ new Map();
  #status = { status: "connecting", retryAt: null, message: null };
  // This user's presence as the room last sent it, and over it the patches that the room has not confirmed yet.
  #confirmed;
  #unconfirmed = {};
  #presence;
  // The ids of the patches in flight.
  #patches = [];
  // An attempt to connect belongs to its controller: aborting it ends the fetch and removes the socket's listeners.
  #attempt = null;
  #socket = null;
  #failures = 0;
  #retryTimer;
  #joinTimer;
  #pingTimer;
  #pongTimer;
  #sessionId = null;
  #lastError = null;
  // By connection id, in the order of joining.
  #users = /* @__PURE__ */ new Map();
  // By user id: presence belongs to a user, not to a tab. This user's own is `#presence`.
  #presences = /* @__PURE__ */ new Map();
  #people = [];
  #shared = null;
  // Of the last change that was applied; not a number while the whole state is asked for.
  #sharedVersion = globalThis.NaN;
  #synced = false;
  // True once this connection has the document, and so may send changes of it.
  #shares = false;
  #calls = /* @__PURE__ */ new Map();
  #lastCall = 0;
  #lifetime = new AbortController();
  constructor(name, route, options) {
    this.name = name;
    this.#route = route;
    this.#options = options;
    this.#confirmed = { ...options.presence };
    this.#presence = this.#confirmed;
    this.call = new Proxy({}, {
      get: (_target, procedure) => (
        // Otherwise `await` would take it for a promise.
        typeof procedure === "string" && procedure !== "then" ? (input, options2) => this.#request(procedure, input ?? {}, options2) : void 0
      )
    });
    if (typeof document !== "undefined") {
      const { signal } = this.#lifetime;
      globalThis.addEventListener("online", () => this.#wake(), { signal });
      globalThis.addEventListener("offline", () => this.#wake(), { signal });
      document.addEventListener("visibilitychange", () => document.hidden || this.#wake(), { signal });
    }
    void this.#connect();
  }
  get status() {
    return this.#status;
  }
  get online() {
    return this.#status.status === "online";
  }
  /** The id of the connection; null without one. */
  get sessionId() {
    return this.#sessionId;
  }
  /** The users in the room, this user included; without a connection, the last known ones. */
  get people() {
    return this.#people;
  }
  /** The other users in the room. */
  get others() {
    return this.#people.filter((person) => !person.you);
  }
  /** The state of the room that all clients see; null before the first connection, later the last known one. */
  get shared() {
    return this.#shared;
  }
  /** This user's presence. */
  get presence() {
    return this.#presence;
  }
  on(type, listener) {
    const listeners = this.#listeners.get(type) ?? /* @__PURE__ */ new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }
  /** Sends an event; returns false without a connection. */
  send(type, ...[data]) {
    if (!this.online) {
      return false;
    }
    this.#write(type, data ?? {});
    return true;
  }
  /** Changes some fields of this user's presence. Without a connection it is sent with the next one. */
  updatePresence(patch) {
    this.#unconfirmed = { ...this.#unconfirmed, ...patch };
    if (this.online) {
      this.#sendPresence(patch);
    }
    this.#showOwnPresence();
  }
  /** Sends a change of the document. Without a connection it stays in the copy, which is sent with the next one. */
  updateStorage(update) {
    if (this.#shares) {
      this.#write("$updateStorage", { origin: null, update: pluvEncode(update) });
    }
  }
  /** Reconnects now: after `refused`, without the rest of a delay, or to get a new token. */
  reconnect() {
    if (this.#status.status === "closed") {
      return;
    }
    if (this.online) {
      this.#failures = 0;
    }
    void this.#connect();
  }
  /** Closes the connection for good. */
  close() {
    this.#lifetime.abort();
    this.#drop();
    this.#endCalls(new PluvError("closed", "the connection was closed"), true);
    this.#setStatus("closed");
  }
  // --- Connecting ---
  async #connect() {
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
  #address(path) {
    const base = this.#options.url ?? globalThis.location?.href;
    if (base === void 0) {
      throw new PluvError("refused", "outside of a page `url` must say where the worker is");
    }
    try {
      const url = new URL(`${this.#route.path}/${path}`, base);
      if (PLUV_SCHEMES.test(url.protocol)) {
        url.protocol = url.protocol.replace("ws", "http");
        return url;
      }
    } catch {
    }
    throw new PluvError("refused", `\`${base}\` is no address of a worker: write \`url\` as in \`https://rooms.example\``);
  }
  async #token(signal) {
    const { token, query = {} } = this.#options;
    if (token !== void 0) {
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
    throw new PluvError(response.status === 429 || response.status >= 500 ? "error" : "refused", text);
  }
  #openSocket(token, signal) {
    const url = this.#address(`room/${encodeURIComponent(this.name)}`);
    url.protocol = url.protocol.replace("http", "ws");
    if (token !== null) {
      url.searchParams.set("token", token);
    }
    const socket = this.#makeSocket(url.href);
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => signal.aborted || this.#receive(data));
    socket.addEventListener("close", ({ code, reason }) => signal.aborted || this.#closed(code, reason));
    socket.addEventListener("error", () => {
    });
  }
  /** Opens the socket. Errors are final: old Node.js has no WebSocket, a page of `https:` may open none of `ws:`. */
  #makeSocket(url) {
    const implementation = this.#options.WebSocket ?? globalThis.WebSocket;
    if (implementation === void 0) {
      throw new PluvError("refused", "there is no WebSocket here: give one as `WebSocket`, such as that of the package `ws`");
    }
    try {
      return new implementation(url);
    } catch (error) {
      throw new PluvError("refused", error instanceof Error ? error.message : `${error}`);
    }
  }
  #closed(code, reason) {
    if (PLUV_FINAL_CODES.includes(code)) {
      this.#refused(this.#lastError || reason);
    } else {
      this.#lost();
    }
  }
  #refused(message) {
    this.#drop();
    this.#endCalls(new PluvError("refused", message || "the room refused the connection"), true);
    this.#setStatus("refused", { message: message || null });
  }
  /** Schedules the next attempt, with exponential backoff and jitter. */
  #lost() {
    this.#drop();
    const { min = 500, max = 15e3 } = this.#options.retry ?? {};
    const longest = Math.min(max, 2 * min * 2 ** this.#failures);
    const delay = min + Math.random() * Math.max(0, longest - min);
    this.#failures += 1;
    this.#retryTimer = setTimeout(() => void this.#connect(), delay);
    this.#setStatus(this.#disconnectedStatus(), { retryAt: Date.now() + delay });
  }
  /** Ends the current attempt or connection, without an event. */
  #drop() {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#joinTimer);
    clearInterval(this.#pingTimer);
    this.#alive();
    this.#attempt?.abort();
    this.#socket?.close(1e3);
    this.#socket = null;
    this.#sessionId = null;
    this.#lastError = null;
    this.#synced = false;
    this.#shares = false;
    this.#patches = [];
    this.#endCalls(new PluvError("closed", "the connection was lost before the answer came"), false);
  }
  /** Checks the connection after the browser's network or this tab came or went. */
  #wake() {
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
  #disconnectedStatus() {
    return typeof document !== "undefined" && !navigator.onLine ? "offline" : "reconnecting";
  }
  #setStatus(status, { retryAt = null, message = null } = {}) {
    this.#status = { status, retryAt, message };
    this.#emit("$status", this.#status);
  }
  // --- The heartbeat ---
  #ping() {
    this.#pongTimer ??= setTimeout(() => this.#lost(), this.#options.heartbeat?.timeout ?? 5e3);
    this.#socket?.send(PLUV_PING);
  }
  #alive() {
    clearTimeout(this.#pongTimer);
    this.#pongTimer = void 0;
  }
  // --- Procedures ---
  #request(type, data, { timeout, signal } = {}) {
    this.#lastCall += 1;
    const id = this.#lastCall;
    const { status, message } = this.#status;
    const settled = new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (status === "closed" || status === "refused") {
        throw new PluvError(status, message ?? "there is no connection");
      }
      const pending = { frame: JSON.stringify({ type, data, id }), sent: false, resolve, reject };
      this.#calls.set(id, pending);
      const wait = timeout ?? this.#options.timeout ?? 1e4;
      const timer = setTimeout(() => reject(new PluvError("timeout", `no answer within ${wait} ms`)), wait);
      const abort = () => reject(signal?.reason);
      signal?.addEventListener("abort", abort);
      pending.resolve = (answer) => (clearTimeout(timer), signal?.removeEventListener("abort", abort), resolve(answer));
      pending.reject = (reason) => (clearTimeout(timer), signal?.removeEventListener("abort", abort), reject(reason));
      this.#sendCalls();
    });
    return settled.finally(() => this.#calls.delete(id));
  }
  #sendCalls() {
    for (const pending of this.online ? this.#calls.values() : []) {
      if (!pending.sent) {
        pending.sent = true;
        this.#socket?.send(pending.frame);
      }
    }
  }
  #answered(id, type, data) {
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
  #endCalls(reason, all) {
    for (const pending of this.#calls.values()) {
      if (all || pending.sent) {
        pending.reject(reason);
      }
    }
  }
  // --- Frames ---
  #write(type, data, id) {
    this.#socket?.send(JSON.stringify({ type, data, id }));
  }
  #receive(text) {
    this.#alive();
    if (typeof text !== "string") {
      return;
    }
    const { type, data, user, connectionId, id } = JSON.parse(text);
    if (id !== void 0) {
      this.#answered(id, type, data);
      return;
    }
    const cause = { connectionId, user, mine: connectionId === this.#sessionId };
    switch (type) {
      case "$registered":
        this.#sessionId = data.sessionId;
        this.#confirmed = { ...this.#confirmed, ...data.presence };
        this.#showOwnPresence();
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
          this.#lastError = data.message;
        }
        break;
      case "$pong":
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
  #storageReceived(state) {
    const { storage } = this.#options;
    if (storage === void 0) {
      return;
    }
    if (state !== "") {
      storage.apply(pluvDecode(state));
    }
    this.#write("$updateStorage", { origin: "$initialized", update: pluvEncode(storage.encode()) });
    this.#shares = true;
  }
  #sharedReceived({ version, whole, fields, removed = [] }) {
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
  #joined({ connectionId, user, presence }) {
    this.#enter(connectionId, user, presence);
    if (connectionId === this.#sessionId) {
      clearTimeout(this.#joinTimer);
      this.#lastError = null;
      this.#ownPresenceJoined(presence ?? {});
      this.#pingTimer = setInterval(() => this.#ping(), this.#options.heartbeat?.interval ?? 1e4);
      this.#write("$getOthers", {});
      this.#setStatus("online");
      this.#sendCalls();
    }
    this.#peopleChanged();
  }
  #othersReceived(others) {
    const session = this.#sessionId ?? "";
    const own = this.#users.get(session);
    this.#users.clear();
    this.#presences.clear();
    for (const { connectionId, user, presence } of others) {
      this.#enter(connectionId, user, presence);
    }
    this.#enter(session, own?.user, null);
    this.#synced = true;
    this.#peopleChanged();
  }
  #enter(connectionId, user, presence) {
    const id = user?.id ?? connectionId;
    this.#users.set(connectionId, { id, user });
    this.#presences.set(id, presence ?? {});
  }
  get #ownId() {
    return this.#users.get(this.#sessionId ?? "")?.id;
  }
  #presenceUpdated(id, presence, mine) {
    if (id !== this.#ownId) {
      this.#presences.set(id, presence);
      this.#peopleChanged();
      return;
    }
    this.#confirmed = presence;
    if (mine) {
      this.#patchEnded(this.#patches[0]);
    }
    this.#showOwnPresence();
  }
  /** Sends the presence if it changed since `$initializeSession`, or if the room knew the user and ignored that one. */
  #ownPresenceJoined(presence) {
    this.#confirmed = { ...this.#confirmed, ...presence };
    const differs = ([field, value]) => JSON.stringify(value ?? null) !== JSON.stringify(presence[field] ?? null);
    this.#unconfirmed = Object.fromEntries(Object.entries(this.#unconfirmed).filter(differs));
    if (Object.keys(this.#unconfirmed).length > 0) {
      this.#sendPresence(this.#unconfirmed);
    }
    this.#showOwnPresence();
  }
  #sendPresence(patch) {
    this.#lastCall += 1;
    this.#patches.push(this.#lastCall);
    this.#write("$updatePresence", { presence: patch }, this.#lastCall);
  }
  /** Removes a patch that the room applied or rejected. After the last one the room's presence is complete. */
  #patchEnded(id) {
    this.#patches = this.#patches.filter((patch) => patch !== id);
    if (this.#patches.length === 0) {
      this.#unconfirmed = {};
    }
  }
  #showOwnPresence() {
    const presence = { ...this.#confirmed, ...this.#unconfirmed };
    if (JSON.stringify(presence) !== JSON.stringify(this.#presence)) {
      this.#presence = presence;
      this.#peopleChanged();
    }
  }
  #keepOnly(connectionIds) {
    for (const connectionId of this.#users.keys()) {
      if (connectionId !== this.#sessionId && !connectionIds.has(connectionId)) {
        this.#users.delete(connectionId);
      }
    }
    this.#peopleChanged();
  }
  #peopleChanged() {
    if (!this.#synced) {
      return;
    }
    const people = /* @__PURE__ */ new Map();
    const ownId = this.#ownId;
    for (const [connectionId, { id, user }] of this.#users) {
      const connections = [...people.get(id)?.connections ?? [], connectionId];
      const you = id === ownId;
      people.set(id, { id, user, presence: you ? this.#presence : this.#presences.get(id), connections, you });
    }
    this.#people = [...people.values()];
    this.#emit("$people", this.#people);
  }
  #emit(type, data, cause) {
    for (const listener of [...this.#listeners.get(type) ?? []]) {
      try {
        listener(data, cause);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
};
function connect(name, options = {}) {
  return new PluvConnection(name, { path: "/api/pluv", authorize: true }, options);
}
export {
  PluvConnection,
  PluvError,
  connect
};
