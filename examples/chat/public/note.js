// The note: a text area that edits a text of the room's document, together with everyone else's.

// Bundled by examples/chat/vendor.
import * as Y from './vendor/yjs.js';

const ROOM = Symbol('the room');

const isHighSurrogate = (code) => code >= 0xd800 && code < 0xdc00;
const isLowSurrogate = (code) => code >= 0xdc00 && code < 0xe000;

/**
 * The smallest change that makes one text of another: at `start`, `removed` characters go and `inserted` comes.
 * `caret` is where it left the caret, which tells the second of two equal letters from the first.
 */
function difference(before, after, caret) {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  let end = 0;
  const extendEnd = (most) => {
    while (end < most && before.at(-1 - end) === after.at(-1 - end)) {
      end += 1;
    }
  };
  extendEnd(Math.min(shorter, after.length - caret));
  while (start < shorter - end && before[start] === after[start]) {
    start += 1;
  }
  extendEnd(shorter - start);
  // Half a surrogate pair is not a character.
  if (start > 0 && isHighSurrogate(before.charCodeAt(start - 1))) {
    start -= 1;
  }
  if (end > 0 && isLowSurrogate(before.charCodeAt(before.length - end))) {
    end -= 1;
  }
  return { start, removed: before.length - end - start, inserted: after.slice(start, after.length - end) };
}

/** Emits `change`, a `CustomEvent` with an update of the document for everyone else. */
export class Note extends EventTarget {
  #field;
  #doc = new Y.Doc();
  #text = this.#doc.getText('note');
  // The field's own undo would also revert edits of others.
  #history = new Y.UndoManager(this.#text, { trackedOrigins: new Set([this]) });
  // Updates received while an input method composes text, which a change of the field would end; else null.
  #held = null;
  #lifetime = new AbortController();

  /** Binds `field`, which is read-only until the room's document is loaded. */
  constructor(field) {
    super();
    this.#field = field;
    field.value = '';
    field.readOnly = true;
    this.#doc.on('update', (update, origin) => {
      if (origin !== ROOM) {
        this.dispatchEvent(new CustomEvent('change', { detail: update }));
      }
    });
    this.#text.observe(({ delta }, { origin }) => {
      if (origin !== this) {
        this.#show(delta, origin === this.#history ? 'end' : 'preserve');
      }
    });
    this.#listen('input', () => this.#edited());
    this.#listen('compositionstart', () => {
      this.#held = [];
    });
    this.#listen('compositionend', () => this.#composed());
    this.#listen('keydown', (event) => this.#undoByKey(event));
    this.#listen('beforeinput', (event) => this.#undoByMenu(event));
  }

  /** Releases the field. */
  close() {
    this.#lifetime.abort();
    this.#doc.destroy();
  }

  /** Returns the whole document as an update. */
  encode() {
    return Y.encodeStateAsUpdate(this.#doc);
  }

  /** Applies an update of the room. */
  apply(update) {
    this.#field.readOnly = false;
    if (this.#held === null) {
      Y.applyUpdate(this.#doc, update, ROOM);
    } else {
      this.#held.push(update);
    }
  }

  #listen(type, listener) {
    this.#field.addEventListener(type, listener, { signal: this.#lifetime.signal });
  }

  #edited() {
    const { start, removed, inserted } = difference(this.#text.toString(), this.#field.value, this.#field.selectionEnd);
    this.#doc.transact(() => {
      this.#text.delete(start, removed);
      this.#text.insert(start, inserted);
    }, this);
  }

  #composed() {
    // Some browsers dispatch the event for the last input later.
    this.#edited();
    const held = this.#held ?? [];
    this.#held = null;
    held.forEach((update) => this.apply(update));
  }

  /** Shows a change: with `preserve` caret and selection stay with their text, with `end` the caret moves to the change. */
  #show(delta, selection) {
    let at = 0;
    for (const { retain, delete: removed = 0, insert = '' } of delta) {
      if (retain === undefined) {
        this.#field.setRangeText(insert, at, at + removed, selection);
      }
      at += retain ?? insert.length;
    }
  }

  #undoByKey(event) {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing || !['z', 'y'].includes(key)) {
      return;
    }
    event.preventDefault();
    if (key === 'z' && !event.shiftKey) {
      this.#history.undo();
    } else {
      this.#history.redo();
    }
  }

  #undoByMenu(event) {
    if (event.inputType === 'historyUndo') {
      event.preventDefault();
      this.#history.undo();
    } else if (event.inputType === 'historyRedo') {
      event.preventDefault();
      this.#history.redo();
    }
  }
}
