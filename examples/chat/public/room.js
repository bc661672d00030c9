// A connection to a room: the protocol's frames, who is here, the document, and coming back after the connection was
// lost.
// It knows nothing of the page.

// The platform answers exactly these bytes by itself, without waking the room.
const PING = '{"type":"$ping","data":{}}';
const PING_INTERVAL = 10_000;
const PONG_TIMEOUT = 5_000;
const JOIN_TIMEOUT = 15_000;
const RETRY_MIN = 500;
const RETRY_MAX = 15_000;

// After these the server does not want this client back: normal end, refused, ended by the application.
const FINAL_CODES = new Set([1000, 3000, 4000]);

/** The server said no, and would say it again. */
class Refusal extends Error {}

// In a frame an update of the document is base64.
function encode(bytes) {
  let text = '';
  for (const byte of bytes) {
    text += String.fromCharCode(byte);
  }
  return btoa(text);
}

const decode = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/**
 * Events, each a `CustomEvent`:
 * - `status`: `{status, retryAt, message}`. `status` is `connecting`, `online`, `reconnecting`, `offline` or `refused`;
 *   `retryAt` is when it tries again, by `Date.now()`, or null; `message` is the server's reason for `refused`.
 * - `people`: `[{id, name, presence, you}]`, a user with several tabs once.
 * - `event`: an event of the application, `{type, data, user, mine}`. `mine` says that this connection caused it.
 * - `edit`: `{user}`, who changed the document.
 * - `error`: `{message, aboutDocument}`, what the server did not take.
 */
export class Room extends EventTarget {
  #name;
  #user;
  #copy;
  #presence = {};
  #status = { status: 'closed', retryAt: null, message: null };

  // All of one try at a connection hangs on its controller: aborting it ends the fetch and takes the listeners off.
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
  #users = new Map();
  // By user id: presence belongs to a user, not to a tab.
  #presences = new Map();
  #synced = false;
  // Whether this connection has the document, and so may send what changes of it.
  #shares = false;
  #lifetime = new AbortController();

  /**
   * `user` is `{id, name}`, and `copy` their copy of the room's document: `copy.encode()` is all of it as one update,
   * and `copy.apply(update)` takes in what the room has.
   */
  constructor(name, user, copy) {
    super();
    this.#name = name;
    this.#user = { ...user };
    this.#copy = copy;
  }

  get status() {
    return this.#status;
  }

  get online() {
    return this.#status.status === 'online';
  }

  /** Connects, and stays connected until `close`. */
  open() {
    const { signal } = this.#lifetime;
    addEventListener('online', () => this.#wake(), { signal });
    addEventListener('offline', () => this.#wake(), { signal });
    document.addEventListener('visibilitychange', () => document.hidden || this.#wake(), { signal });
    this.#connect();
  }

  /** Leaves for good. */
  close() {
    this.#lifetime.abort();
    this.#drop();
  }

  /** Tries again now, without the rest of the wait. */
  retry() {
    this.#connect();
  }

  /** The name is part of the token, so a new name needs a new connection. */
  rename(name) {
    this.#user.name = name;
    this.#failures = 0;
    this.#connect();
  }

  /** Takes over a name that another tab of this user has connected with; it shows with the next connection. */
  adoptName(name) {
    this.#user.name = name;
  }

  /** Sends an event of the application; false if there is no connection to send it over. */
  send(type, data) {
    if (!this.online) {
      return false;
    }
    this.#write(type, data);
    return true;
  }

  /** Changes some fields of what the others see of this user. */
  updatePresence(patch) {
    Object.assign(this.#presence, patch);
    this.send('$updatePresence', { presence: patch });
  }

  /** Sends a change of the document. Without a connection it stays in the copy, which goes out with the next one. */
  updateDocument(update) {
    if (this.#shares) {
      this.#write('$updateStorage', { origin: null, update: encode(update) });
    }
  }

  // --- Connecting ---

  async #connect() {
    this.#drop();
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#joinTimer = setTimeout(() => this.#lost(), JOIN_TIMEOUT);
    this.#setStatus(this.#failures > 0 ? this.#disconnectedStatus() : 'connecting');
    try {
      const token = await this.#fetchToken(attempt.signal);
      if (!attempt.signal.aborted) {
        this.#openSocket(token, attempt.signal);
      }
    } catch (error) {
      if (attempt.signal.aborted) {
        return;
      }
      if (error instanceof Refusal) {
        this.#refused(error.message);
      } else {
        this.#lost();
      }
    }
  }

  async #fetchToken(signal) {
    const query = new URLSearchParams({ room: this.#name, user_id: this.#user.id, name: this.#user.name });
    const response = await fetch(`/api/pluv/authorize?${query}`, { signal });
    const text = await response.text();
    if (response.ok) {
      return text;
    }
    // Too busy or broken may pass; any other answer stays the same.
    if (response.status === 429 || response.status >= 500) {
      throw new Error(text);
    }
    throw new Refusal(text);
  }

  #openSocket(token, signal) {
    const url = new URL(`/api/pluv/room/${encodeURIComponent(this.#name)}`, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('token', token);
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener('message', (event) => this.#receive(event.data), { signal });
    socket.addEventListener('close', (event) => this.#closed(event), { signal });
  }

  #closed({ code, reason }) {
    if (FINAL_CODES.has(code)) {
      this.#refused(this.#lastError || reason);
    } else {
      this.#lost();
    }
  }

  #refused(message) {
    this.#drop();
    this.#setStatus('refused', { message: message || null });
  }

  /** Waits before the next try: longer each time, and not all clients of a room for equally long. */
  #lost() {
    this.#drop();
    const longest = Math.min(RETRY_MAX, 2 * RETRY_MIN * 2 ** this.#failures);
    const delay = RETRY_MIN + Math.random() * (longest - RETRY_MIN);
    this.#failures += 1;
    this.#retryTimer = setTimeout(() => this.#connect(), delay);
    this.#setStatus(this.#disconnectedStatus(), { retryAt: Date.now() + delay });
  }

  /** Ends the current try or connection, without a word to the page. */
  #drop() {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#joinTimer);
    clearInterval(this.#pingTimer);
    this.#alive();
    this.#attempt?.abort();
    this.#socket?.close(1000);
    this.#socket = null;
    this.#sessionId = null;
    this.#lastError = null;
    // Whoever was here stays shown until the next connection tells who is.
    this.#synced = false;
    this.#shares = false;
  }

  /** The browser's network or this tab came or went: find out what that means for the connection. */
  #wake() {
    if (this.online) {
      this.#ping();
    } else if (this.#status.retryAt !== null) {
      if (navigator.onLine) {
        this.#connect();
      } else {
        this.#setStatus('offline', { retryAt: this.#status.retryAt });
      }
    }
  }

  // It is tried all the same while the browser is offline: a server on this very machine needs no network.
  #disconnectedStatus() {
    return navigator.onLine ? 'reconnecting' : 'offline';
  }

  #setStatus(status, { retryAt = null, message = null } = {}) {
    this.#status = { status, retryAt, message };
    this.#emit('status', this.#status);
  }

  // --- The heartbeat ---

  #ping() {
    // An answer to an earlier ping may still be under way: the wait for it goes on.
    if (this.#pongTimer === undefined) {
      this.#pongTimer = setTimeout(() => this.#lost(), PONG_TIMEOUT);
    }
    this.#socket.send(PING);
  }

  #alive() {
    clearTimeout(this.#pongTimer);
    this.#pongTimer = undefined;
  }

  // --- Frames ---

  #write(type, data) {
    this.#socket.send(JSON.stringify({ type, data }));
  }

  #receive(text) {
    this.#alive();
    const { type, data, user, connectionId } = JSON.parse(text);
    switch (type) {
      case '$registered':
        this.#sessionId = data.sessionId;
        // Another tab of this user may be here already: its presence is this one's too.
        Object.assign(this.#presence, data.presence);
        // The copy is no beginning for the room's document: it follows when that has come.
        this.#write('$initializeSession', { presence: this.#presence, update: '' });
        break;
      case '$storageReceived':
        this.#copy.apply(decode(data.state));
        // All of it, with what was changed while there was no connection.
        this.#write('$updateStorage', { origin: '$initialized', update: encode(this.#copy.encode()) });
        this.#shares = true;
        break;
      case '$storageUpdated':
        this.#copy.apply(decode(data.state));
        this.#emit('edit', { user });
        break;
      case '$userJoined':
        this.#joined(data);
        break;
      case '$othersReceived':
        this.#othersReceived(Object.values(data.others));
        break;
      case '$presenceUpdated':
        this.#presences.set(user?.id ?? connectionId, data.presence);
        this.#peopleChanged();
        break;
      case '$exit':
        this.#users.delete(connectionId);
        this.#peopleChanged();
        break;
      case '$syncStateReceived':
        this.#keepOnly(new Set(data.connectionIds));
        break;
      case '$error':
        this.#lastError = data.message;
        if (this.online) {
          this.#emit('error', { message: data.message, aboutDocument: data.message.startsWith('`$updateStorage`') });
        }
        break;
      case '$pong':
        // It has held for a while, so the next loss is a new one.
        this.#failures = 0;
        break;
      default:
        if (!type.startsWith('$')) {
          this.#emit('event', { type, data, user, mine: connectionId === this.#sessionId });
        }
    }
  }

  #joined({ connectionId, user, presence }) {
    this.#enter(connectionId, user, presence);
    if (connectionId === this.#sessionId) {
      clearTimeout(this.#joinTimer);
      this.#pingTimer = setInterval(() => this.#ping(), PING_INTERVAL);
      this.#write('$getOthers', {});
      this.#setStatus('online');
    }
    this.#peopleChanged();
  }

  #othersReceived(others) {
    const own = this.#users.get(this.#sessionId);
    this.#users.clear();
    this.#presences.clear();
    for (const { connectionId, user, presence } of others) {
      this.#enter(connectionId, user, presence);
    }
    // Last, as it is the newest.
    this.#enter(this.#sessionId, own, this.#presence);
    this.#synced = true;
    this.#peopleChanged();
  }

  #enter(connectionId, user, presence) {
    const id = user?.id ?? connectionId;
    this.#users.set(connectionId, { id, name: user?.name ?? id });
    this.#presences.set(id, presence ?? {});
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
    if (this.#synced) {
      this.#emit('people', this.#people());
    }
  }

  #people() {
    const people = new Map();
    for (const { id, name } of this.#users.values()) {
      // A later tab has the later name.
      people.set(id, { id, name, presence: this.#presences.get(id) ?? {}, you: id === this.#user.id });
    }
    return [...people.values()];
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
