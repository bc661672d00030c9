// The user of this tab. Each tab is a user of its own, also after a reload; a chosen name and colour are kept for the next
// visit too.

import { pick, randomId } from './address.js';

const STORAGE_KEY = 'pluv-editor-me';
const NAME_MAX = 32;

const ADJECTIVES = [
  'Amber',
  'Brave',
  'Calm',
  'Clever',
  'Coral',
  'Early',
  'Gentle',
  'Golden',
  'Happy',
  'Hazel',
  'Honest',
  'Ivory',
  'Jolly',
  'Kind',
  'Lucky',
  'Merry',
  'Misty',
  'Quiet',
  'Silver',
  'Sunny',
  'Swift',
  'Velvet',
  'Warm',
  'Wise',
];
const ANIMALS = [
  'Badger',
  'Bear',
  'Crane',
  'Deer',
  'Dove',
  'Falcon',
  'Finch',
  'Fox',
  'Hare',
  'Heron',
  'Ibis',
  'Koala',
  'Lark',
  'Lynx',
  'Marten',
  'Otter',
  'Owl',
  'Panda',
  'Puffin',
  'Raven',
  'Robin',
  'Seal',
  'Swan',
  'Wren',
];

/** White text is legible on each of them. */
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

/** A user as the others see them: the fields that every editor with a Yjs binding shows, and an id. */
export type User = { id: string; name: string; color: string };

export function loadMe(): User {
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

/** Stores the user for a reload of this tab. */
export function saveMe(me: User): void {
  write(sessionStorage, me);
}

/** Stores the chosen name and colour for the next visit. */
export function saveChoice({ name, color }: User): void {
  write(localStorage, { name, color });
}

function read(storage: Storage): Partial<User> {
  try {
    const kept: unknown = JSON.parse(storage.getItem(STORAGE_KEY) ?? '{}');
    const texts = Object.entries(kept ?? {}).filter(([, value]) => typeof value === 'string');
    return Object.fromEntries(texts);
  } catch {
    // No storage, or an entry of another page: a new user.
    return {};
  }
}

function write(storage: Storage, me: Partial<User>): void {
  try {
    storage.setItem(STORAGE_KEY, JSON.stringify(me));
  } catch {
    // Without storage the user lasts until a reload.
  }
}

export function trimName(name: string): string {
  return [...name.trim().replaceAll(/\s+/g, ' ')].slice(0, NAME_MAX).join('');
}

/** Returns a colour that no other user has, preferably the user's own. */
export function freeColor(me: User, taken: User[]): string {
  const isFree = (color: string) => !taken.some((user) => user.color === color);
  const free = ALL_COLORS.filter(isFree);
  return isFree(me.color) || free.length === 0 ? me.color : pick(free);
}
