// Waits of tests: for a condition, and not for a time.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The time limit of every wait in a test, in milliseconds. It does not measure speed: a test that passes never waits for it
 * to elapse. `PLUV_TEST_TIMEOUT` sets it, in seconds.
 */
export const TIMEOUT = 1_000 * Number(process.env.PLUV_TEST_TIMEOUT ?? 120);

/** The interval at which a condition is checked. */
const PAUSE = 10;

// Longer than the 10 seconds without an event after which workerd hibernates a room, and shorter than the 15 seconds after
// which a Yjs provider repeats its awareness state.
const HIBERNATION_DELAY = 12_000;

/** Waits until `holds()` is truthy, and returns its value. `what` names the expectation, or is a function that describes the state. */
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

/** Waits for a time in which something must not happen. On a slow machine this finds fewer faults, but never fails wrongly. */
export function still(ms) {
  return sleep(ms);
}

/** Spreads the actions of clients over time. No result may depend on its length. */
export function pace(ms) {
  return sleep(ms);
}

/**
 * Repeats `scenario`, which gets a function that waits for hibernation, until its room has hibernated, which only the next
 * wake can show. A scenario uses a new room each time, and returns whether that room woke from hibernation.
 */
export async function untilHibernated(scenario) {
  const deadline = Date.now() + TIMEOUT;
  while (!(await scenario(() => sleep(HIBERNATION_DELAY)))) {
    assert.ok(Date.now() < deadline, `the room did not hibernate within ${TIMEOUT} ms`);
  }
}
