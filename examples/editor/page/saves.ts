// Detects whether the room has all edits of this tab.

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { messageYjsSyncStep1, messageYjsSyncStep2, writeSyncStep1 } from 'y-protocols/sync';
import { messageSync, type WebsocketProvider } from 'y-websocket';

/** The delay of the request after an edit. */
const PAUSE = 400;

/**
 * The provider's protocol does not confirm edits. But a room handles the messages of a connection in order: once it has
 * answered a request sent after an edit, it has the edit too.
 */
export class Saves {
  #provider: WebsocketProvider;
  #onChange: () => void;
  // Edits are counted. Each entry of `#asked` is the count that the next answer confirms.
  #written = 0;
  #confirmed = 0;
  #asked: number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Calls `onChange` whenever `all` may have changed. */
  constructor(provider: WebsocketProvider, onChange: () => void) {
    this.#provider = provider;
    this.#onChange = onChange;
    provider.doc.on('update', (_update: Uint8Array, origin: unknown) => {
      // Changes of the room are not edits of this tab.
      if (origin !== provider) {
        this.#written += 1;
        this.#askSoon(PAUSE);
        this.#onChange();
      }
    });
    provider.on('status', ({ status }) => {
      // The provider sends one request by itself, before it sends offline edits.
      this.#asked = status === 'connected' ? [this.#confirmed] : [];
    });
    const handle = provider.messageHandlers[messageSync]!;
    provider.messageHandlers[messageSync] = (encoder, decoder, of, isFromRoom, type) => {
      const kind = decoding.peekVarUint(decoder);
      handle(encoder, decoder, of, isFromRoom, type);
      if (isFromRoom && kind === messageYjsSyncStep1) {
        // The provider sends what the room lacks as soon as this returns.
        this.#askSoon(0);
      } else if (isFromRoom && kind === messageYjsSyncStep2) {
        this.#answered();
      }
    };
  }

  /** Whether the room has all edits. */
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
    this.#onChange();
  }
}
