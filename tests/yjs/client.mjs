// A client of a room with a document, over the real `yjs`, that speaks as the stock client does.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { TIMEOUT, until } from '../wait.mjs';

/** The worker of the tests' own rooms. */
export function fixture() {
  const url = process.env.PLUV_FIXTURE_URL;
  assert.ok(url, 'PLUV_FIXTURE_URL is missing: the address of a worker that runs tests/fixture');
  return url;
}

/** A room's name that no other test uses. */
export function fresh(name) {
  return `${name}-${randomBytes(6).toString('hex')}`;
}

const encode = (update) => Buffer.from(update).toString('base64');
const decode = (text) => new Uint8Array(Buffer.from(text, 'base64'));

/** The origin, in a client's own document, of what came from the room. */
const REMOTE = Symbol('remote');

/** A document that connects to a room, goes offline and comes back. */
export class Client {
  #socket = null;
  #ready = false;
  #unanswered = 0;
  /** All frames of all its connections. */
  frames = [];
  /** What the room did that breaks the stock client. */
  faults = [];
  /** How its last connection ended. */
  closed = null;

  constructor({ room, user = 'someone', doc = new Y.Doc(), path = '/notes', base = fixture(), seeds = true }) {
    Object.assign(this, { room, user, doc, path, base, seeds });
    doc.on('update', (update, origin) => {
      if (origin !== REMOTE && this.#ready) {
        this.update(update);
      }
    });
  }

  /** A client that has joined. */
  static async join(options) {
    const client = new Client(options);
    await client.connect();
    return client;
  }

  /** Joins; `echo` false leaves out that it is ready for what others change. */
  async connect({ echo = true } = {}) {
    const { base, path, room, user } = this;
    const url = `${base}${path}/room/${room}?token=${encodeURIComponent(await this.#token())}`;
    const socket = new WebSocket(url.replace('http', 'ws'));
    this.#socket = socket;
    this.#unanswered = 0;
    this.closed = null;
    this.kind = null;
    this.state = undefined;
    await new Promise((resolve, reject) => {
      const first = this.frames.length;
      const giveUp = setTimeout(() => {
        const frames = this.frames.slice(first).map((frame) => JSON.stringify(frame).slice(0, 300));
        reject(new Error(`${user} could not join ${room}; it got\n${frames.join('\n')}`));
      }, TIMEOUT);
      socket.on('error', reject);
      socket.on('close', (code) => {
        if (socket === this.#socket) {
          this.#ready = false;
          this.closed = code;
        }
        reject(new Error(`${user} was closed with ${code}: ${this.errors}`));
      });
      socket.on('message', (bytes) => {
        if (socket !== this.#socket) {
          return;
        }
        const frame = JSON.parse(bytes);
        this.frames.push(frame);
        this.#receive(frame, echo);
        if (frame.type === '$userJoined' && frame.connectionId === this.id) {
          this.#ask();
          clearTimeout(giveUp);
          resolve();
        }
      });
    });
  }

  /** The token of its user; none in a room without users. */
  async #token() {
    const { base, path, room, user } = this;
    const answer = await fetch(`${base}${path}/authorize?room=${room}&user_id=${user}`);
    const token = await answer.text();
    if (answer.status === 404 && path === '/brief') {
      return '';
    }
    assert.equal(answer.status, 200, token);
    return token;
  }

  #receive({ type, data, connectionId }, echo) {
    switch (type) {
      case '$registered':
        this.id = connectionId;
        this.state = data.state;
        this.send('$initializeSession', { presence: {}, update: this.seeds ? this.#whole() : '' });
        break;
      case '$storageReceived':
        if (this.kind !== null) {
          this.faults.push('the document came twice');
        }
        this.kind = data.changeKind;
        this.#apply(data.state);
        if (echo) {
          this.echo();
        }
        break;
      case '$storageUpdated':
        if (!this.#ready) {
          this.faults.push('a change of another came before the client was ready');
        }
        this.#apply(data.state);
        break;
      case '$othersReceived':
        this.#unanswered -= 1;
        break;
      default:
    }
  }

  #apply(state) {
    if (state) {
      Y.applyUpdate(this.doc, decode(state), REMOTE);
    }
  }

  /** The whole document: what it changed while it was away, and that it is ready for what others change. */
  echo() {
    this.#ready = true;
    this.send('$updateStorage', { origin: '$initialized', update: this.#whole() });
  }

  #whole() {
    return encode(Y.encodeStateAsUpdate(this.doc));
  }

  /** Sends a change, whether its document has it or not. */
  update(update) {
    this.send('$updateStorage', { origin: null, update: typeof update === 'string' ? update : encode(update) });
  }

  /** Sends any message; what is not connected sends nothing. */
  send(type, data) {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify({ type, data }));
    }
  }

  get isOnline() {
    return this.#ready && this.#socket?.readyState === WebSocket.OPEN;
  }

  get text() {
    return this.doc.getText('text');
  }

  get errors() {
    return this.of('$error').map((frame) => frame.data.message);
  }

  of(type) {
    return this.frames.filter((frame) => frame.type === type);
  }

  /** The texts that the room's code said. */
  get said() {
    return this.of('said').map((frame) => frame.data.text);
  }

  /** Waits until all that it sent before was handled: the room answers in order. */
  async settled() {
    this.#ask();
    await until(() => this.#unanswered === 0, 'the room answers');
  }

  #ask() {
    this.#unanswered += 1;
    this.send('$getOthers', {});
  }

  /** Goes offline; the document stays. */
  async leave() {
    const socket = this.#socket;
    this.#forget();
    if (socket && socket.readyState !== WebSocket.CLOSED) {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.close(1000);
      await closed;
    }
  }

  /** Goes offline at once, as one whose network ends. */
  drop() {
    const socket = this.#socket;
    this.#forget();
    socket?.terminate();
  }

  /** What comes from now on is not for this client. */
  #forget() {
    this.#ready = false;
    this.#socket = null;
  }
}

/** Runs `run` with a `join` whose clients leave when it ends. */
export async function withRoom(name, run, defaults = {}) {
  const clients = [];
  const room = fresh(name);
  const make = (user, options = {}) => {
    const client = new Client({ room, user, ...defaults, ...options });
    clients.push(client);
    return client;
  };
  const join = async (user, options) => {
    const client = make(user, options);
    await client.connect();
    return client;
  };
  try {
    await run({ room, make, join });
    assert.deepEqual(clients.flatMap((client) => client.faults), []);
  } finally {
    clients.forEach((client) => client.drop());
  }
}
