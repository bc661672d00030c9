// The address of a document: its path is the document's name, as in `/notes`, and `?view` makes it read-only.

const WORDS = ['draft', 'page', 'idea', 'notes', 'plan', 'story', 'letter', 'sketch'];

export type Address = { name: string; isView: boolean };

/** Reads the document's name from the address, or makes a new one. */
export function readAddress({ pathname, search }: Location): Address {
  return { name: decode(pathname.slice(1)) || freshName(), isView: new URLSearchParams(search).has('view') };
}

export function linkTo({ name, isView }: Address): string {
  return `${location.origin}/${encodeURIComponent(name)}${isView ? '?view' : ''}`;
}

/** Makes a name that cannot be guessed. */
function freshName(): string {
  return `${pick(WORDS)}-${randomId(6)}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function pick<T>(list: readonly T[]): T {
  return list[crypto.getRandomValues(new Uint32Array(1))[0]! % list.length]!;
}

export function randomId(bytes: number): string {
  // Not `randomUUID`, which a page without HTTPS does not have.
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
