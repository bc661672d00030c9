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

/** Requests a token of a user. */
export async function token({ room, user, path = '/notes', base = fixture() }) {
  const answer = await fetch(`${base}${path}/authorize?room=${room}&user_id=${user}`);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return text;
}

/** A document that a stock provider synchronizes with a room. */
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
          // A frame of the previous connection may arrive late.
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
    // Otherwise all providers of one process would also exchange messages directly.
    const options = { WebSocketPolyfill: Socket, params, connect: false, disableBc: true };
    this.provider = new WebsocketProvider(`${base.replace('http', 'ws')}${path}/yjs`, room, doc, options);
    // The stock handler logs the same to the console.
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

  /** Connects with a new token, and waits until the document is synchronized. */
  async connect() {
    const { provider } = this;
    if (this.path !== '/brief') {
      provider.params = { token: await token(this) };
    }
    this.closed = null;
    provider.connect();
    await until(
      () => provider.synced,
      () => `${this.user} is not in step; closed ${JSON.stringify(this.closed)}`,
    );
  }

  get text() {
    return this.doc.getText('text');
  }

  /** Returns the states of the others by their names. */
  get others() {
    const states = [...this.awareness.getStates()].filter(([client, { user }]) => user && client !== this.doc.clientID);
    return Object.fromEntries(states.map(([, state]) => [state.user, state]));
  }

  /** Sets its awareness state, with its name. */
  setState(more = {}) {
    this.awareness.setLocalState({ user: this.user, ...more });
  }

  /** Goes offline; the document stays. */
  leave() {
    this.provider.disconnect();
  }

  /** Goes offline without a close, as when the network fails, and does not reconnect. */
  drop() {
    this.provider.shouldConnect = false;
    this.socket?.terminate();
  }

  end() {
    this.provider.destroy();
    this.doc.destroy();
  }
}

/** Adds `peer` to the arguments of a room's test: it connects a stock provider. */
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
      assert.deepEqual(
        peers.flatMap(({ faults }) => faults),
        [],
      );
    } finally {
      peers.forEach((made) => made.end());
    }
  };
}

/** A connection that can send any frame. */
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

  /** Waits for a frame that begins with these bytes. */
  async frame(...start) {
    const begins = (frame) => start.every((byte, index) => frame[index] === byte);
    return until(
      () => this.frames.find(begins),
      () => `no frame ${start} in ${this.frames.map((frame) => frame.slice(0, 3))}`,
    );
  }

  /** Waits for the close, and returns it. */
  async ended() {
    return until(() => this.closed, 'the connection is closed');
  }

  end() {
    this.socket.terminate();
  }
}

/** Returns a frame of numbers and, last, a buffer. */
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

/** Returns an awareness frame with entries `[client, clock, state]`. */
export function states(...entries) {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const [client, clock, state] of entries) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, typeof state === 'string' ? state : JSON.stringify(state));
  }
  return frame(1, encoding.toUint8Array(encoder));
}

/** Reads the entries of an awareness frame, as `states` takes them. */
export function read(bytes) {
  const decoder = decoding.createDecoder(decoding.readVarUint8Array(decoding.createDecoder(bytes.slice(1))));
  return Array.from({ length: decoding.readVarUint(decoder) }, () => [
    decoding.readVarUint(decoder),
    decoding.readVarUint(decoder),
    JSON.parse(decoding.readVarString(decoder)),
  ]);
}

/** Returns the total size of frames in bytes. */
export const size = (frames) => frames.reduce((sum, bytes) => sum + bytes.length, 0);
