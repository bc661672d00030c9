// The document, and its connection to the room.

import * as decoding from 'lib0/decoding';
import { IndexeddbPersistence } from 'y-indexeddb';
import { messageAuth, WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { Saves } from './saves.js';

const PATH = '/api/pluv';
// The limit of a token request, and of a new connection until it has the document.
const CONNECT_TIMEOUT = 15_000;
const FIRST_PAUSE = 400;
const LONGEST_PAUSE = 15_000;
// The page shows `offline` after this many failed attempts: most connections are restored at once.
const QUIET_ATTEMPTS = 2;
// The close code of a room that cannot accept a connection now, as when it is full.
const TRY_AGAIN_LATER = 1013;

export type Status = 'connecting' | 'live' | 'reconnecting' | 'offline' | 'refused';

export type Options = {
  /** The room. */
  name: string;
  /** Whether the browser stores the document; a read-only user has no edits to store. */
  keeps: boolean;
  /** The query of a token request, besides the room. */
  query: () => Record<string, string>;
  /** Called after each change of the state. */
  onChange: () => void;
};

/** The token request was rejected, and a retry would be too. */
class Rejection extends Error {}

/**
 * A document that can be edited with and without a connection: offline edits are stored by the browser, and merged once
 * connected.
 *
 * The stock provider connects, and this class decides when and by which token. A token lasts for a minute, and the
 * provider's own reconnect would reuse it: here each connection gets a new one.
 */
export class Room {
  readonly provider: WebsocketProvider;
  /** Resolves once the stored document is loaded, with whether the browser stores it; may stay pending without storage. */
  readonly kept: Promise<boolean>;
  status: Status = 'connecting';
  /** The reason of the room for a rejected connection or change. */
  message = '';
  /** Whether the last token lets its bearer write. */
  mayWrite = true;

  #options: Options;
  #saves: Saves;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  // Only the newest attempt counts: an abandoned one may still get its token.
  #attempt = 0;

  constructor(options: Options) {
    this.#options = options;
    const doc = new Y.Doc();
    const url = new URL(`${PATH}/yjs`, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    // No direct messages between tabs: only the room's answers show that edits are saved.
    const settings = { connect: false, disableBc: true };
    this.provider = new WebsocketProvider(url.href, encodeURIComponent(options.name), doc, settings);
    this.#saves = new Saves(this.provider, () => options.onChange());
    this.provider.messageHandlers[messageAuth] = (_encoder, decoder) => this.#denied(decoder);
    this.provider.on('sync', (isSynced) => isSynced && this.#live());
    this.provider.on('connection-close', (event) => this.#closed(event));
    this.provider.on('status', ({ status }) => status === 'disconnected' && this.#forgetOthers());
    this.kept = options.keeps ? this.#keep(doc) : Promise.resolve(false);
    addEventListener('offline', () => this.provider.disconnect());
    addEventListener('online', () => this.retry());
    // The timers of a hidden page are slow.
    document.addEventListener('visibilitychange', () => document.hidden || this.#retryIfWaiting());
  }

  /** Connects, and stays connected. */
  start(): void {
    void this.#connect();
  }

  /** Whether the room has all edits of this tab. */
  get isSaved(): boolean {
    return this.status === 'live' && !this.isBehind;
  }

  /** Whether the room lacks edits of this tab. */
  get isBehind(): boolean {
    return !this.#saves.all || (this.status === 'live' && this.message !== '');
  }

  /** Reconnects at once, and sends all that the room lacks, rejected edits included. */
  retry(): void {
    this.message = '';
    this.#failures = 0;
    this.provider.disconnect();
    void this.#connect();
  }

  async #keep(doc: Y.Doc): Promise<boolean> {
    const persistence = new IndexeddbPersistence(`pluv-editor:${this.#options.name}`, doc);
    await persistence.whenSynced;
    return true;
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    clearTimeout(this.#timer);
    this.#show(this.status === 'refused' || this.status === 'live' ? 'connecting' : this.status);
    try {
      const token = await this.#token();
      if (attempt === this.#attempt) {
        this.mayWrite = accessOf(token) !== 'read';
        this.provider.params = { token };
        this.provider.connect();
        this.#timer = setTimeout(() => this.provider.disconnect(), CONNECT_TIMEOUT);
      }
    } catch (error) {
      if (attempt === this.#attempt) {
        error instanceof Rejection ? this.#refused(error.message) : this.#failed();
      }
    }
  }

  async #token(): Promise<string> {
    const query = new URLSearchParams({ room: this.#options.name, ...this.#options.query() });
    const response = await fetch(`${PATH}/authorize?${query}`, { signal: AbortSignal.timeout(CONNECT_TIMEOUT) });
    const text = await response.text();
    if (response.ok) {
      return text;
    }
    // 408 and 429 ask for a retry.
    if (response.status < 500 && ![408, 429].includes(response.status)) {
      throw new Rejection(text || 'you may not enter it');
    }
    throw new Error(text);
  }

  #live(): void {
    clearTimeout(this.#timer);
    this.#failures = 0;
    this.message = '';
    this.#show('live');
  }

  /** A connection has ended; the event is null where the provider or this page ended it. */
  #closed(event: CloseEvent | null): void {
    // Otherwise the provider reconnects with its old token.
    this.provider.shouldConnect = false;
    if (event !== null && isForGood(event.code)) {
      this.#refused(this.message || event.reason || 'the room has closed the connection');
    } else {
      this.message = event?.code === TRY_AGAIN_LATER ? this.message || event.reason : '';
      this.#failed();
    }
  }

  #failed(): void {
    clearTimeout(this.#timer);
    this.#attempt += 1;
    const pause = Math.min(FIRST_PAUSE * 2 ** this.#failures, LONGEST_PAUSE) * (0.5 + Math.random() / 2);
    this.#failures += 1;
    const isOffline = !navigator.onLine || this.#failures > QUIET_ATTEMPTS;
    this.#show(isOffline ? 'offline' : this.status === 'connecting' ? 'connecting' : 'reconnecting');
    this.#timer = setTimeout(() => this.#connect(), pause);
  }

  #refused(message: string): void {
    clearTimeout(this.#timer);
    this.message = message;
    this.#show('refused');
  }

  /** The room rejected something: a change of the document, or the connection, which it closes next. */
  #denied(decoder: decoding.Decoder): void {
    decoding.readVarUint(decoder);
    this.message = decoding.readVarString(decoder);
    this.#options.onChange();
  }

  /**
   * Without a connection the provider drops the states of the others, but keeps their clocks: a state with the same clock
   * would be ignored after the reconnect, for up to 15 seconds.
   */
  #forgetOthers(): void {
    const { clientID, meta } = this.provider.awareness;
    for (const client of meta.keys()) {
      if (client !== clientID) {
        meta.delete(client);
      }
    }
  }

  #retryIfWaiting(): void {
    if (this.status === 'offline' || this.status === 'reconnecting') {
      void this.#connect();
    }
  }

  #show(status: Status): void {
    this.status = status;
    this.#options.onChange();
  }
}

/** Whether a close code forbids a reconnect, as the provider has it: 4403 for a disconnected user, among others. */
function isForGood(code: number): boolean {
  return code >= 4400 && code < 4500;
}

/** Reads the access right of a token. */
function accessOf(token: string): unknown {
  try {
    const claims = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(atob(claims)).access;
  } catch {
    // A token of another issuer, with other claims.
    return undefined;
  }
}
