// The document, and its connection to the room.

import * as decoding from 'lib0/decoding';
import { IndexeddbPersistence } from 'y-indexeddb';
import { WebsocketProvider, messageAuth } from 'y-websocket';
import * as Y from 'yjs';
import { Saves } from './saves.js';

const PATH = '/api/pluv';
// How long a new connection may take until it has the document.
const PATIENCE = 15_000;
const FIRST_PAUSE = 400;
const LONGEST_PAUSE = 15_000;
// So many attempts fail before somebody is told that they are offline: most connections come back at once.
const QUIET_ATTEMPTS = 2;
// By this code a room closes a connection that it can't take now, as when it is full.
const AGAIN_LATER = 1013;

export type Status = 'connecting' | 'live' | 'reconnecting' | 'offline' | 'refused';

export type Options = {
  /** The room. */
  name: string;
  /** Who only reads has nothing to keep. */
  keeps: boolean;
  /** What a token is asked for with, besides the room. */
  query: () => Record<string, string>;
  /** Called whenever there is something new to show. */
  tell: () => void;
};

/** The room let nobody in, and won't a moment later. */
class Refusal extends Error {}

/**
 * A document that is edited at once, whatever the connection does: what was written without one is kept by the browser,
 * and merged when it is back.
 *
 * The stock provider connects, but when and by which token is said here. A token lasts a minute, which the provider's own
 * way of coming back knows nothing of: each connection gets a new one.
 */
export class Room {
  readonly provider: WebsocketProvider;
  /** Whether the browser keeps the document, once what it kept has been read. One that can't may never say so. */
  readonly kept: Promise<boolean>;
  status: Status = 'connecting';
  /** What the room said when it took no connection, or no change of the document. */
  message = '';
  /** Whether the last token lets its bearer write. */
  mayWrite = true;

  #options: Options;
  #saves: Saves;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  // Only the newest attempt counts: one that was given up may still hear of its token.
  #attempt = 0;

  constructor(options: Options) {
    this.#options = options;
    const doc = new Y.Doc();
    const url = new URL(`${PATH}/yjs`, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    // Tabs speak with the room alone, so that what is said to be saved is.
    const settings = { connect: false, disableBc: true };
    this.provider = new WebsocketProvider(url.href, encodeURIComponent(options.name), doc, settings);
    this.#saves = new Saves(this.provider, () => options.tell());
    this.provider.messageHandlers[messageAuth] = (_encoder, decoder) => this.#denied(decoder);
    this.provider.on('sync', (isSynced) => isSynced && this.#live());
    this.provider.on('connection-close', (event) => this.#closed(event));
    this.provider.on('status', ({ status }) => status === 'disconnected' && this.#forgetOthers());
    this.kept = options.keeps ? this.#keep(doc) : Promise.resolve(false);
    addEventListener('offline', () => this.provider.disconnect());
    addEventListener('online', () => this.retry());
    // A page that nobody saw may have waited long for its next attempt.
    document.addEventListener('visibilitychange', () => document.hidden || this.#retryIfWaiting());
  }

  /** Connects, and stays connected. */
  start(): void {
    void this.#connect();
  }

  /** Whether the room has all that was written here. */
  get isSaved(): boolean {
    return this.status === 'live' && !this.isBehind;
  }

  /** Whether something was written here that the room does not have. */
  get isBehind(): boolean {
    return !this.#saves.all || (this.status === 'live' && this.message !== '');
  }

  /** Connects anew at once. All that the room lacks goes with it, what it refused before too. */
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
        this.#timer = setTimeout(() => this.provider.disconnect(), PATIENCE);
      }
    } catch (error) {
      if (attempt === this.#attempt) {
        error instanceof Refusal ? this.#refused(error.message) : this.#failed();
      }
    }
  }

  async #token(): Promise<string> {
    const query = new URLSearchParams({ room: this.#options.name, ...this.#options.query() });
    const response = await fetch(`${PATH}/authorize?${query}`, { signal: AbortSignal.timeout(PATIENCE) });
    const text = await response.text();
    if (response.ok) {
      return text;
    }
    // 408 and 429 are no refusals, but ask for patience.
    if (response.status < 500 && ![408, 429].includes(response.status)) {
      throw new Refusal(text || 'you may not enter it');
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
    // Or the provider comes back with the token that it had.
    this.provider.shouldConnect = false;
    if (event !== null && isForGood(event.code)) {
      this.#refused(this.message || event.reason || 'the room has closed the connection');
    } else {
      this.message = event?.code === AGAIN_LATER ? this.message || event.reason : '';
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

  /** The room says that something may not be: why it ends this connection next, or what it did not take of the document. */
  #denied(decoder: decoding.Decoder): void {
    decoding.readVarUint(decoder);
    this.message = decoding.readVarString(decoder);
    this.#options.tell();
  }

  /**
   * Without a connection the provider shows nobody, but still knows how often each of them has spoken: who has not spoken
   * meanwhile would stay unseen when the room tells of them again, for up to 15 seconds.
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
    this.#options.tell();
  }
}

/** Whether it is of no use to come back, by what the provider takes for that: 4403 for who was sent away, among others. */
function isForGood(code: number): boolean {
  return code >= 4400 && code < 4500;
}

/** What a token of a room lets its bearer do. */
function accessOf(token: string): unknown {
  try {
    const claims = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(atob(claims)).access;
  } catch {
    // One of somebody else's, who says it otherwise.
    return undefined;
  }
}
