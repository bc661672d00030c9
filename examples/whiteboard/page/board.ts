// The notes as this page has them: as the room told them, with my changes in them before the room has those.

import type { Note, NoteId, PluvConnection, PluvError, Whiteboard } from "../bindings/Whiteboard";

export class Board {
  /** By their ids, the one on top at the end. */
  readonly notes = new Map<string, Note>();
  /** How many changes of mine are under way to the room, by the note. */
  readonly unsaved = new Map<string, number>();

  constructor(readonly room: PluvConnection<Whiteboard>, readonly changed: () => void, readonly refused: (why: string) => void) {
    room.on("noteShown", (note) => this.#hear(note.id, note));
    room.on("noteRemoved", ({ id }) => this.#hear(id, null));
    room.on("$status", ({ status }) => (status === "online" ? void this.#load() : this.changed()));
  }

  readonly add = (note: Note) => void this.#send(note.id, note, () => this.room.call.addNote(note));
  readonly change = ({ id, ...note }: Note, patch: Partial<Note>) =>
    void this.#send(id, { ...note, ...patch, id }, () => this.room.call.changeNote({ ...patch, id }));
  readonly remove = ({ id }: Note) => void this.#send(id, null, () => this.room.call.removeNote({ id }));

  /** All notes as the room has them: at first, and after what was missed. */
  async #load(): Promise<void> {
    // Should the connection be lost meanwhile, the next one asks again.
    const notes = await this.room.call.board().catch(() => null);
    if (notes) {
      this.notes.forEach(({ id }) => this.#hear(id, null));
      notes.forEach((note) => this.#hear(note.id, note));
    }
  }

  /** What others did before a change of mine is in its answer, and what they do after it is told after it. */
  #hear(id: string, note: Note | null): void {
    if (!this.unsaved.has(id)) {
      this.#put(id, note);
    }
  }

  #put(id: string, note: Note | null): void {
    this.notes.delete(id);
    note && this.notes.set(id, note);
    this.changed();
  }

  async #send(id: string, note: Note | null, ask: () => Promise<Note | NoteId>): Promise<void> {
    this.unsaved.set(id, (this.unsaved.get(id) ?? 0) + 1);
    this.#put(id, note);
    const answer = await this.#ask(ask);
    const left = this.unsaved.get(id)! - 1;
    left > 0 ? this.unsaved.set(id, left) : this.unsaved.delete(id);
    answer && "text" in answer ? this.#hear(id, answer) : this.changed();
  }

  /** A call waits for a connection by itself. One that was lost on the way is made again, before any that comes later. */
  #ask<T>(ask: () => Promise<T>): Promise<T | null> {
    return ask().catch(({ code, message }: PluvError) => {
      if (code === "closed") {
        return this.#ask(ask);
      }
      this.refused(message);
      return this.#load().then(() => null);
    });
  }
}
