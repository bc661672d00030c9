// The stock provider of `y-websocket` on a room, and raw frames of its protocol.

import assert from 'node:assert/strict';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as authProtocol from 'y-protocols/auth';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { until } from '../wait.mjs';
import { fixture } from './client.mjs';

/** The token of a user. */
export async function token({ room, user, path = '/notes', base = fixture() }) {
  const answer = await fetch(`${base}${path}/authorize?room=${room}&user_id=${user}`);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return text;
}

/** A document that a stock provider keeps in step with a room. */
export class Peer {
  /** The frames of its last connection, and the reasons of all `denied` messages. */
  received = [];
  sent = [];
  denials = [];
  faults = [];
  closed = null;

  constructor({ room, user = 'someone', doc = new Y.Doc(), path = '/notes', base = fixture(), params = {} }) {
    Object.assign(this, { room, user, doc, path, base });
    const peer = this;
    class Socket extends WebSocket {
      constructor(url, protocols) {
        super(url, protocols);
        peer.socket = this;
        peer.received = [];
        peer.sent = [];
        this.on('message', (data, isBinary) => peer.#hear(new Uint8Array(data), isBinary));
        this.on('close', (code, reason) => {
          // That of a connection before may come late.
          if (peer.socket === this) {
            peer.closed = { code, reason: reason.toString() };
          }
        });
      }

      send(data) {
        peer.sent.push(new Uint8Array(data));
        super.send(data);
      }
    }
    // Tabs of one browser, and all of one process, would speak with each other besides.
    const options = { WebSocketPolyfill: Socket, params, connect: false, disableBc: true };
    this.provider = new WebsocketProvider(`${base.replace('http', 'ws')}${path}/yjs`, room, doc, options);
    // The stock handler writes the same to the console.
    this.provider.messageHandlers[2] = (_, decoder) => {
      authProtocol.readAuthMessage(decoder, doc, (_doc, reason) => this.denials.push(reason));
    };
    this.awareness = this.provider.awareness;
  }

  #hear(bytes, isBinary) {
    if (!isBinary) {
      this.faults.push(`a text frame came: ${Buffer.from(bytes)}`);
    }
    this.received.push(bytes);
  }

  /** Connects with a new token, and returns when the document is in step. */
  async connect() {
    const { provider } = this;
    if (this.path !== '/brief') {
      provider.params = { token: await token(this) };
    }
    this.closed = null;
    provider.connect();
    await until(() => provider.synced, () => `${this.user} is not in step; closed ${JSON.stringify(this.closed)}`);
  }

  get text() {
    return this.doc.getText('text');
  }

  /** The states of those others who told their names, by these. */
  get others() {
    const states = [...this.awareness.getStates()].filter(([client, { user }]) => user && client !== this.doc.clientID);
    return Object.fromEntries(states.map(([, state]) => [state.user, state]));
  }

  /** Tells the others its name and more. */
  tell(more = {}) {
    this.awareness.setLocalState({ user: this.user, ...more });
  }

  /** Goes offline; the document stays. */
  leave() {
    this.provider.disconnect();
  }

  /** Goes offline as one whose network ends: nothing is said, and it does not come back. */
  drop() {
    this.provider.shouldConnect = false;
    this.socket?.terminate();
  }

  end() {
    this.provider.destroy();
    this.doc.destroy();
  }
}

/** Adds `peer` to what a room's test is given: a stock provider that is in step. */
export function withPeers(run) {
  return async (given) => {
    const peers = [];
    const peer = async (user, options = {}) => {
      const made = new Peer({ room: given.room, user, ...options });
      peers.push(made);
      if (options.connects !== false) {
        await made.connect();
      }
      return made;
    };
    const raw = async (user, options = {}) => {
      const made = await Raw.connect({ room: given.room, user, ...options });
      peers.push(made);
      return made;
    };
    try {
      await run({ ...given, peer, raw });
      assert.deepEqual(peers.flatMap(({ faults }) => faults), []);
    } finally {
      peers.forEach((made) => made.end());
    }
  };
}

/** A connection that sends any frame. */
export class Raw {
  frames = [];
  faults = [];
  closed = null;

  static async connect(options) {
    const raw = new Raw();
    const { base = fixture(), path = '/notes', room } = options;
    const given = options.token ?? (path === '/brief' ? '' : await token(options));
    raw.socket = new WebSocket(`${base.replace('http', 'ws')}${path}/yjs/${room}?token=${given}`);
    raw.socket.on('message', (data, isBinary) => (isBinary ? raw.frames : raw.faults).push(new Uint8Array(data)));
    raw.socket.on('close', (code, reason) => {
      raw.closed = { code, reason: reason.toString() };
    });
    await new Promise((resolve, reject) => raw.socket.on('open', resolve).on('error', reject));
    return raw;
  }

  send(bytes) {
    this.socket.send(typeof bytes === 'string' ? bytes : Uint8Array.from(bytes));
  }

  /** Waits for a frame that begins so. */
  async frame(...start) {
    const begins = (frame) => start.every((byte, index) => frame[index] === byte);
    return until(() => this.frames.find(begins), () => `no frame ${start} in ${this.frames.map((frame) => frame.slice(0, 3))}`);
  }

  /** Waits until it is closed, and says how. */
  async ended() {
    return until(() => this.closed, 'the connection is closed');
  }

  end() {
    this.socket.terminate();
  }
}

/** A frame of some numbers and, last, a buffer. */
export function frame(...parts) {
  const encoder = encoding.createEncoder();
  for (const part of parts) {
    if (typeof part === 'number') {
      encoding.writeVarUint(encoder, part);
    } else {
      encoding.writeVarUint8Array(encoder, part);
    }
  }
  return encoding.toUint8Array(encoder);
}

/** What is told of some clients: `[client, clock, state]` each. */
export function told(...entries) {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const [client, clock, state] of entries) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, typeof state === 'string' ? state : JSON.stringify(state));
  }
  return frame(1, encoding.toUint8Array(encoder));
}

/** What a frame tells of clients, as `told` takes it. */
export function read(bytes) {
  const decoder = decoding.createDecoder(decoding.readVarUint8Array(decoding.createDecoder(bytes.slice(1))));
  return Array.from({ length: decoding.readVarUint(decoder) }, () => [
    decoding.readVarUint(decoder),
    decoding.readVarUint(decoder),
    JSON.parse(decoding.readVarString(decoder)),
  ]);
}

/** How many bytes some frames are. */
export const size = (frames) => frames.reduce((sum, bytes) => sum + bytes.length, 0);
