// Reproducible random numbers.

/** A random number generator with a seed. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1 (mulberry32). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from 0 to below `end`. */
  below(end) {
    return Math.floor(this.next() * end);
  }

  between(first, last) {
    return first + this.below(last - first + 1);
  }

  one(items) {
    return items[this.below(items.length)];
  }

  chance(probability) {
    return this.next() < probability;
  }
}

/** Runs `run` with the numbers of a seed, and names the seed where it fails. */
export async function seeded(seed, run) {
  try {
    await run(new Random(seed));
  } catch (error) {
    error.message = `with seed ${seed}: ${error.message}`;
    throw error;
  }
}

/** Returns the seeds of a test: those of PLUV_SEEDS, as in `1,2,3`, or `count` new ones. */
export function seeds(count) {
  const given = process.env.PLUV_SEEDS?.split(',').map(Number);
  return given ?? Array.from({ length: count }, () => Math.floor(Math.random() * 0x1_0000_0000));
}
