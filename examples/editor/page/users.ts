// The connected users, by their awareness states, which other editors may fill with anything.

import type { Awareness } from 'y-protocols/awareness';
import { trimName, type User } from './me.js';

// Further users are shown as a number.
const MOST_SHOWN = 5;

/** Reads the user of an awareness state; null if it is not valid. */
export function userOf(state: unknown): User | null {
  const { id, name, color } = (state as { user?: Record<string, unknown> } | undefined)?.user ?? {};
  if (
    typeof name !== 'string' ||
    trimName(name) === '' ||
    typeof color !== 'string' ||
    !/^#[0-9a-f]{6}$/i.test(color)
  ) {
    return null;
  }
  // Another editor on the same document may give no id.
  return { id: typeof id === 'string' ? id : `${name} ${color}`, name: trimName(name), color };
}

/** Returns all other users, each once, in the order of their joins. */
export function others(awareness: Awareness, me: User): User[] {
  const users = new Map<string, User>();
  for (const state of awareness.getStates().values()) {
    const user = userOf(state);
    if (user !== null && user.id !== me.id) {
      users.set(user.id, user);
    }
  }
  return [...users.values()];
}

/** Shows the users in `list`, before its last item, which is the user of this tab. */
export function showUsers(list: HTMLElement, users: User[]): void {
  // Most awareness updates are moved carets.
  const news = JSON.stringify(users);
  if (list.dataset.shown === news) {
    return;
  }
  list.dataset.shown = news;
  const fit = users.length > MOST_SHOWN ? MOST_SHOWN - 1 : users.length;
  const shown = users.slice(0, fit).map(avatarOf);
  if (fit < users.length) {
    const rest = users.slice(fit);
    shown.push(item('avatar more', `+${rest.length}`, rest.map(({ name }) => name).join(', ')));
  }
  // The last item is not replaced, as it may have the focus.
  const own = list.lastElementChild!;
  while (own.previousElementSibling) {
    own.previousElementSibling.remove();
  }
  own.before(...shown);
}

function avatarOf({ id, name, color }: User): HTMLElement {
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
