// Who is here: what their editors say of them, which may be anything.

import type { Awareness } from 'y-protocols/awareness';
import { type Person, trimName } from './me.js';

// More are a number.
const MOST_SHOWN = 5;

/** Who says so of themselves, if it makes sense. */
export function personOf(state: unknown): Person | null {
  const { id, name, color } = (state as { user?: Record<string, unknown> } | undefined)?.user ?? {};
  if (typeof name !== 'string' || trimName(name) === '' || typeof color !== 'string' || !/^#[0-9a-f]{6}$/i.test(color)) {
    return null;
  }
  // Another editor on the same document may give no id.
  return { id: typeof id === 'string' ? id : `${name} ${color}`, name: trimName(name), color };
}

/** Everyone but me, each once, whoever came first. */
export function others(awareness: Awareness, me: Person): Person[] {
  const people = new Map<string, Person>();
  for (const state of awareness.getStates().values()) {
    const person = personOf(state);
    if (person !== null && person.id !== me.id) {
      people.set(person.id, person);
    }
  }
  return [...people.values()];
}

/** Shows them in `list`, in front of its last item, which is me. */
export function showPeople(list: HTMLElement, people: Person[]): void {
  // Most of what is told of people is where their carets are.
  const news = JSON.stringify(people);
  if (list.dataset.shown === news) {
    return;
  }
  list.dataset.shown = news;
  const fit = people.length > MOST_SHOWN ? MOST_SHOWN - 1 : people.length;
  const shown = people.slice(0, fit).map(avatarOf);
  if (fit < people.length) {
    const rest = people.slice(fit);
    shown.push(item('avatar more', `+${rest.length}`, rest.map(({ name }) => name).join(', ')));
  }
  // I stay where I am, with the focus that I may have.
  const mine = list.lastElementChild!;
  while (mine.previousElementSibling) {
    mine.previousElementSibling.remove();
  }
  mine.before(...shown);
}

function avatarOf({ id, name, color }: Person): HTMLElement {
  const node = item('avatar', initials(name), name);
  node.dataset.id = id;
  node.dataset.test = 'person';
  node.style.setProperty('--person', color);
  return node;
}

function item(className: string, text: string, label: string): HTMLElement {
  const node = document.createElement('li');
  node.className = className;
  node.title = label;
  const [short, long] = [document.createElement('span'), document.createElement('span')];
  short.textContent = text;
  short.ariaHidden = 'true';
  long.textContent = label;
  long.className = 'visually-hidden';
  node.append(short, long);
  return node;
}

export function initials(name: string): string {
  const words = name.split(' ');
  const first = (word: string | undefined) => (word ? [...word][0]!.toLocaleUpperCase() : '');
  return first(words[0]) + (words.length > 1 ? first(words.at(-1)) : '');
}
