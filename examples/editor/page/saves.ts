// Whether the room has all that was written here.

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { messageYjsSyncStep1, messageYjsSyncStep2, writeSyncStep1 } from 'y-protocols/sync';
import { messageSync, type WebsocketProvider } from 'y-websocket';

/** How long after an edit the room is asked. */
const PAUSE = 400;

/**
 * The provider's protocol confirms no edit. But a room takes what a connection sends in its order: once it has answered
 * what was asked after an edit, it has the edit too.
 */
export class Saves {
  #provider: WebsocketProvider;
  #tell: () => void;
  // Edits are counted. Each entry is how many an answer of the room will confirm.
  #written = 0;
  #confirmed = 0;
  #asked: number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Calls `tell` whenever `all` may be another. */
  constructor(provider: WebsocketProvider, tell: () => void) {
    this.#provider = provider;
    this.#tell = tell;
    provider.doc.on('update', (_update: Uint8Array, origin: unknown) => {
      // What comes from the room is no edit of this tab.
      if (origin !== provider) {
        this.#written += 1;
        this.#askSoon(PAUSE);
        this.#tell();
      }
    });
    provider.on('status', ({ status }) => {
      // The provider asks once by itself, before it has sent what was written meanwhile.
      this.#asked = status === 'connected' ? [this.#confirmed] : [];
    });
    const handle = provider.messageHandlers[messageSync]!;
    provider.messageHandlers[messageSync] = (encoder, decoder, of, isFromRoom, type) => {
      const kind = decoding.peekVarUint(decoder);
      handle(encoder, decoder, of, isFromRoom, type);
      if (isFromRoom && kind === messageYjsSyncStep1) {
        // The provider answers it with what the room lacks, as soon as this returns.
        this.#askSoon(0);
      } else if (isFromRoom && kind === messageYjsSyncStep2) {
        this.#answered();
      }
    };
  }

  /** Whether it has. */
  get all(): boolean {
    return this.#confirmed === this.#written;
  }

  #askSoon(pause: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), pause);
  }

  #ask(): void {
    const { doc, ws, wsconnected } = this.#provider;
    if (!this.all && wsconnected && ws?.readyState === WebSocket.OPEN) {
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, messageSync);
      writeSyncStep1(encoder, doc);
      ws.send(encoding.toUint8Array(encoder) as Uint8Array<ArrayBuffer>);
      this.#asked.push(this.#written);
    }
  }

  #answered(): void {
    this.#confirmed = this.#asked.shift() ?? this.#confirmed;
    this.#tell();
  }
}
