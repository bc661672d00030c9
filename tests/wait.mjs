// How tests wait: until something is so, and not for some time to pass.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How long any test waits for anything before it gives up, in milliseconds. It is no measure of speed: a test that passes
 * waits for none of it. `PLUV_TEST_TIMEOUT` sets it, in seconds.
 */
export const TIMEOUT = 1_000 * Number(process.env.PLUV_TEST_TIMEOUT ?? 120);

/** How often a condition is looked at. */
const PAUSE = 10;

// Longer than the 10 seconds without an event after which workerd hibernates a room, and shorter than the 15 seconds after
// which a Yjs provider tells of itself again.
const SILENCE = 12_000;

/** Waits until `holds()` is truthy, and returns that. `what` is expected, or a function that says what is there instead. */
export async function until(holds, what) {
  const deadline = Date.now() + TIMEOUT;
  for (;;) {
    const found = await holds();
    if (found) {
      return found;
    }
    if (Date.now() > deadline) {
      assert.fail(`${typeof what === 'function' ? what() : what}: not within ${TIMEOUT} ms`);
    }
    await sleep(PAUSE);
  }
}

/** Lets time pass in which something must not happen. A slow machine shows less of what would be wrong, and fails nothing. */
export function still(ms) {
  return sleep(ms);
}

/** Spreads what clients do over time. Nothing may depend on how long it takes. */
export function pace(ms) {
  return sleep(ms);
}

/**
 * Plays `scenario`, which gets a function that lets nobody speak, until the room has hibernated meanwhile: nothing shows
 * that but its next wake. A scenario begins with a new state, and returns whether the room woke.
 */
export async function untilAsleep(scenario) {
  const deadline = Date.now() + TIMEOUT;
  while (!await scenario(() => sleep(SILENCE))) {
    assert.ok(Date.now() < deadline, `the room did not hibernate within ${TIMEOUT} ms`);
  }
}
