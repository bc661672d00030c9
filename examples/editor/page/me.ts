// Who sits here. Each tab is a person of its own, and stays it when it is loaded again; a name that was chosen stays for
// the next visit too.

import { pick, randomId } from './address.js';

const STORAGE_KEY = 'pluv-editor-me';
const NAME_MAX = 32;

const ADJECTIVES = ['Amber', 'Brave', 'Calm', 'Clever', 'Coral', 'Early', 'Gentle', 'Golden', 'Happy', 'Hazel',
  'Honest', 'Ivory', 'Jolly', 'Kind', 'Lucky', 'Merry', 'Misty', 'Quiet', 'Silver', 'Sunny', 'Swift', 'Velvet', 'Warm',
  'Wise'];
const ANIMALS = ['Badger', 'Bear', 'Crane', 'Deer', 'Dove', 'Falcon', 'Finch', 'Fox', 'Hare', 'Heron', 'Ibis', 'Koala',
  'Lark', 'Lynx', 'Marten', 'Otter', 'Owl', 'Panda', 'Puffin', 'Raven', 'Robin', 'Seal', 'Swan', 'Wren'];

/** White can be read on each of them. */
export const COLORS = {
  Teal: '#0f766e',
  Pink: '#be185d',
  Blue: '#0369a1',
  Orange: '#c2410c',
  Purple: '#7e22ce',
  Green: '#15803d',
  Red: '#b91c1c',
  Indigo: '#4338ca',
  Brown: '#92580c',
};
const ALL_COLORS = Object.values(COLORS);

/** What the others see of someone: the fields that every editor with a binding for Yjs shows, and an id. */
export type Person = { id: string; name: string; color: string };

export function loadMe(): Person {
  const here = read(sessionStorage);
  const before = read(localStorage);
  const me = {
    id: here.id || randomId(12),
    name: trimName(here.name || before.name || '') || `${pick(ADJECTIVES)} ${pick(ANIMALS)}`,
    color: [here.color, before.color].find((color) => ALL_COLORS.includes(color ?? '')) ?? pick(ALL_COLORS),
  };
  write(sessionStorage, me);
  return me;
}

/** Keeps me for when this tab is loaded again. */
export function saveMe(me: Person): void {
  write(sessionStorage, me);
}

/** Keeps what was chosen for the next visit. */
export function saveChoice({ name, color }: Person): void {
  write(localStorage, { name, color });
}

function read(storage: Storage): Partial<Person> {
  try {
    const kept: unknown = JSON.parse(storage.getItem(STORAGE_KEY) ?? '{}');
    const texts = Object.entries(kept ?? {}).filter(([, value]) => typeof value === 'string');
    return Object.fromEntries(texts);
  } catch {
    // No storage, or not ours: someone new then.
    return {};
  }
}

function write(storage: Storage, me: Partial<Person>): void {
  try {
    storage.setItem(STORAGE_KEY, JSON.stringify(me));
  } catch {
    // Without storage the person lasts until the page is loaded again.
  }
}

export function trimName(name: string): string {
  return [...name.trim().replaceAll(/\s+/g, ' ')].slice(0, NAME_MAX).join('');
}

/** A colour that nobody else has, if there is one; mine, if that is one. */
export function freeColor(me: Person, taken: Person[]): string {
  const isFree = (color: string) => !taken.some((person) => person.color === color);
  const free = ALL_COLORS.filter(isFree);
  return isFree(me.color) || free.length === 0 ? me.color : pick(free);
}
