// A room that sleeps in the middle of typing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pace, until, untilAsleep } from '../wait.mjs';
import { withRoom } from './client.mjs';
import { difference } from './documents.mjs';

test('typing goes on after the room slept, and a newcomer gets all of it', () => untilAsleep(async (silence) => {
  let hasSlept = false;
  await withRoom('asleep', async ({ join }) => {
    const ada = await join('ada');
    const bob = await join('bob');
    const changes = () => bob.said.filter((text) => text.startsWith('change '));
    const firsts = [];
    const type = async (client, text) => {
      for (const letter of text) {
        client.text.insert(client.text.length, letter);
        await pace(3);
      }
    };
    for (const [round, text] of ['before it slept ', 'after it slept ', 'after it slept again'].entries()) {
      const from = changes().length;
      await type(ada, text.slice(0, 5));
      await until(() => bob.text.toString() === ada.text.toString(), () => `bob has ${bob.text}`);
      await type(bob, text.slice(5));
      await until(() => ada.text.toString() === bob.text.toString(), () => `ada has ${ada.text}`);
      await until(() => changes().length > from, 'the room is told of the change');
      firsts.push(changes()[from]);
      if (round < 2) {
        await silence();
      }
    }
    assert.equal(ada.text.toString(), 'before it slept after it slept after it slept again');
    const newcomer = await join('newcomer');
    assert.equal(newcomer.kind, 'unchanged');
    assert.equal(difference([newcomer.doc, ada.doc, bob.doc]), null);
    for (const client of [ada, bob, newcomer]) {
      assert.deepEqual(client.errors, []);
    }
    // Counted by the room since it woke.
    hasSlept = firsts.every((change) => change.startsWith('change 1 by '));
  });
  return hasSlept;
}));
