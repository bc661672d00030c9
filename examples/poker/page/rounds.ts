// The history: the rounds that the room has sent, and the pages of it that the user asks for.

import type { Past, PluvConnection, Poker } from '../bindings/Poker';
import { byId, drawEach, show } from './draw';

/** The rounds in a page of the history, by the room. */
const PAGE = 10;

export class Rounds {
  #rounds = new Map<number, Past>();

  constructor(readonly room: PluvConnection<Poker>) {
    room.on('roundEnded', (round) => this.#add([round]));
    // Rounds may have ended meanwhile, so it begins anew.
    room.on('$status', ({ status }) => status === 'online' && this.#load(null));
    byId('older').addEventListener('click', () => this.#load(Math.min(...this.#rounds.keys())));
  }

  /** Loads the rounds before one, or the newest. If the connection is lost, the next one loads the newest. */
  async #load(before: number | null): Promise<void> {
    const rounds = await this.room.call.history({ before }).catch(() => null);
    if (rounds) {
      this.#rounds = before === null ? new Map() : this.#rounds;
      byId('older').hidden = rounds.length < PAGE;
      this.#add(rounds);
    }
  }

  #add(rounds: Past[]): void {
    rounds.forEach((round) => this.#rounds.set(round.round, round));
    const newest = [...this.#rounds.values()].sort((a, b) => b.round - a.round);
    drawEach(
      'entry',
      newest.map((round) => ({ ...round, id: String(round.round) })),
      (node, { topic, votes, average, revealed_at }) => {
        const [name, note, points] = node.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
        show(name, topic);
        show(note, `${countOf(votes, 'vote')} · ${timeOf(revealed_at)}`);
        show(points, pointsOf(average));
        points.ariaLabel = average === null ? 'No average' : `Average ${pointsOf(average)}`;
      },
    );
  }
}

/** Formats an average with at most one decimal; a dash if there is none. */
export const pointsOf = (average: number | null) => (average === null ? '–' : String(Math.round(average * 10) / 10));

export const countOf = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

function timeOf(millis: number): string {
  const date = new Date(millis);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : date.toLocaleDateString([], { day: 'numeric', month: 'short' });
}
