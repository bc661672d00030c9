// A client of a room with a document, with the real `yjs`, that sends the frames of the stock client.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { TIMEOUT, until } from '../wait.mjs';

/** The address of the worker with the tests' own rooms. */
export function fixture() {
  const url = process.env.PLUV_FIXTURE_URL;
  assert.ok(url, 'PLUV_FIXTURE_URL is missing: the address of a worker that runs tests/fixture');
  return url;
}

/** Returns a room name that no other test uses. */
export function fresh(name) {
  return `${name}-${randomBytes(6).toString('hex')}`;
}

const encode = (update) => Buffer.from(update).toString('base64');
const decode = (text) => new Uint8Array(Buffer.from(text, 'base64'));

/** The origin of the room's changes in a client's document. */
const REMOTE = Symbol('remote');

/** A document that connects to a room, goes offline and reconnects. */
export class Client {
  #socket = null;
  #ready = false;
  #unanswered = 0;
  /** All frames received on all its connections. */
  frames = [];
  /** Frames of the room that would break the stock client. */
  faults = [];
  /** The close of its last connection. */
  closed = null;

  constructor({ room, user = 'someone', doc = new Y.Doc(), path = '/notes', base = fixture(), seeds = true }) {
    Object.assign(this, { room, user, doc, path, base, seeds });
    doc.on('update', (update, origin) => {
      if (origin !== REMOTE && this.#ready) {
        this.update(update);
      }
    });
  }

  /** Connects a client, and joins. */
  static async join(options) {
    const client = new Client(options);
    await client.connect();
    return client;
  }

  /** Joins; without `echo` the client does not report that it is ready for changes of others. */
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
        reject(new Error(`${user} could not join ${room}; it received\n${frames.join('\n')}`));
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

  /** Returns a token of its user; none in a room without users. */
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
          this.faults.push('the document was sent twice');
        }
        this.kind = data.changeKind;
        this.#apply(data.state);
        if (echo) {
          this.echo();
        }
        break;
      case '$storageUpdated':
        if (!this.#ready) {
          this.faults.push('a change was sent before the client was ready');
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

  /** Sends the whole document with its offline changes, and so reports that it is ready for changes of others. */
  echo() {
    this.#ready = true;
    this.send('$updateStorage', { origin: '$initialized', update: this.#whole() });
  }

  #whole() {
    return encode(Y.encodeStateAsUpdate(this.doc));
  }

  /** Sends an update that may be missing in its document. */
  update(update) {
    this.send('$updateStorage', { origin: null, update: typeof update === 'string' ? update : encode(update) });
  }

  /** Sends a message, if it is connected. */
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

  /** Returns the texts of `said` events. */
  get said() {
    return this.of('said').map((frame) => frame.data.text);
  }

  /** Waits until all its earlier messages are handled: the room answers in order. */
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

  /** Goes offline without a close, as when the network fails. */
  drop() {
    const socket = this.#socket;
    this.#forget();
    socket?.terminate();
  }

  /** Ignores all further frames of its connection. */
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
    assert.deepEqual(
      clients.flatMap((client) => client.faults),
      [],
    );
  } finally {
    clients.forEach((client) => client.drop());
  }
}
