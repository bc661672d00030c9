// The notes as this page shows them: the room's notes with the page's own unconfirmed changes.

import type { Note, NoteId, PluvConnection, PluvError, Whiteboard } from '../bindings/Whiteboard';

/** A change of a note: adds it, patches it or, with neither, deletes it. */
type Change = { id: string; add?: Note; patch?: Partial<Note> };

export class Board {
  /** Unconfirmed changes, in order: the first has been sent, and is removed when the room has answered. */
  readonly changes: Change[] = [];
  #stored = new Map<string, Note>();
  #sent = Promise.resolve();

  /** Calls `changed` after each change, and with the reason if the room rejected a change of this page. */
  constructor(
    readonly room: PluvConnection<Whiteboard>,
    readonly changed: (rejection?: string) => void,
  ) {
    room.on('noteShown', (note) => this.#store(note.id, note));
    room.on('noteRemoved', ({ id }) => this.#store(id));
    room.on('$status', ({ status }) => (status === 'online' ? void this.#load() : changed()));
  }

  /** The notes to show, by their ids, the topmost last. */
  get notes(): Map<string, Note> {
    const notes = new Map(this.#stored);
    for (const { id, add, patch } of this.changes) {
      const note = notes.get(id);
      put(notes, id, add ?? (note && patch && { ...note, ...patch }));
    }
    return notes;
  }

  do(change: Change): void {
    const last = this.changes.at(-1);
    if (this.changes.length > 1 && last?.id === change.id && last.patch && change.patch) {
      // It has not been sent: letters that are written offline become one change.
      Object.assign(last.patch, change.patch);
    } else {
      this.changes.push(change);
      this.#sent = this.#sent.then(() => this.#send(change));
    }
    this.changed();
  }

  /** Sends a change. A call waits for a connection; a lost call is repeated, and a rejected change undone. */
  async #send(change: Change): Promise<void> {
    try {
      const answer = await this.#ask(change);
      put(this.#stored, change.id, 'text' in answer ? answer : undefined);
    } catch (error) {
      const { code, message } = error as PluvError;
      if (code === 'closed') {
        return this.#send(change);
      }
      this.changed(message);
    }
    this.changes.shift();
    this.changed();
  }

  #ask({ id, add, patch }: Change): Promise<Note | NoteId> {
    const { call } = this.room;
    return add ? call.addNote(add) : patch ? call.changeNote({ id, ...patch }) : call.removeNote({ id });
  }

  /** Loads all notes of the room after each connect. */
  async #load(): Promise<void> {
    // If the connection is lost meanwhile, the next connect loads them again.
    const notes = await this.room.call.board().catch(() => null);
    this.#stored = notes ? new Map(notes.map((note) => [note.id, note])) : this.#stored;
    this.changed();
  }

  #store(id: string, note?: Note): void {
    put(this.#stored, id, note);
    this.changed();
  }
}

/** Puts a note on top, or deletes it if none is given. */
function put(notes: Map<string, Note>, id: string, note?: Note): void {
  notes.delete(id);
  if (note) {
    notes.set(id, note);
  }
}
