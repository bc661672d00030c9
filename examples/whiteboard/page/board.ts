// The notes as this page shows them: as the room has them, with my changes that it does not have yet.

import type { Note, NoteId, PluvConnection, PluvError, Whiteboard } from "../bindings/Whiteboard";

/** What I do to a note: add it, change some of it or, with neither, throw it away. */
type Change = { id: string; add?: Note; patch?: Partial<Note> };

export class Board {
  /** Mine, in their order: the first is on its way, and leaves this list when the room has answered. */
  readonly changes: Change[] = [];
  #stored = new Map<string, Note>();
  #sent = Promise.resolve();

  /** Calls `changed` whenever there is something new to show, and with the reason where a change of mine was refused. */
  constructor(readonly room: PluvConnection<Whiteboard>, readonly changed: (refusal?: string) => void) {
    room.on("noteShown", (note) => this.#store(note.id, note));
    room.on("noteRemoved", ({ id }) => this.#store(id));
    room.on("$status", ({ status }) => (status === "online" ? void this.#load() : changed()));
  }

  /** What is to be shown, by the notes' ids: the one on top at the end. */
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
      // It has not left yet: so the letters that are written without a connection go as one change.
      Object.assign(last.patch, change.patch);
    } else {
      this.changes.push(change);
      this.#sent = this.#sent.then(() => this.#send(change));
    }
    this.changed();
  }

  /** A call waits for a connection by itself; one that is lost on the way is made again. What is refused is undone. */
  async #send(change: Change): Promise<void> {
    try {
      const answer = await this.#ask(change);
      put(this.#stored, change.id, "text" in answer ? answer : undefined);
    } catch (error) {
      const { code, message } = error as PluvError;
      if (code === "closed") {
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

  /** All notes as the room has them: at first, and after what was missed. */
  async #load(): Promise<void> {
    // Should the connection be lost meanwhile, the next one asks again.
    const notes = await this.room.call.board().catch(() => null);
    this.#stored = notes ? new Map(notes.map((note) => [note.id, note])) : this.#stored;
    this.changed();
  }

  #store(id: string, note?: Note): void {
    put(this.#stored, id, note);
    this.changed();
  }
}

/** Puts a note on top, or takes it away where there is none. */
function put(notes: Map<string, Note>, id: string, note?: Note): void {
  notes.delete(id);
  if (note) {
    notes.set(id, note);
  }
}
