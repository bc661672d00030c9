// A room that hibernates between edits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pace, until, untilHibernated } from '../wait.mjs';
import { withRoom } from './client.mjs';
import { difference } from './documents.mjs';

test('typing continues after hibernation, and a newcomer gets all of it', () =>
  untilHibernated(async (waitForHibernation) => {
    let hasSlept = false;
    await withRoom('hibernation', async ({ join }) => {
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
        await until(
          () => bob.text.toString() === ada.text.toString(),
          () => `bob has ${bob.text}`,
        );
        await type(bob, text.slice(5));
        await until(
          () => ada.text.toString() === bob.text.toString(),
          () => `ada has ${ada.text}`,
        );
        await until(() => changes().length > from, 'the hook runs for the change');
        firsts.push(changes()[from]);
        if (round < 2) {
          await waitForHibernation();
        }
      }
      assert.equal(ada.text.toString(), 'before it slept after it slept after it slept again');
      const newcomer = await join('newcomer');
      assert.equal(newcomer.kind, 'unchanged');
      assert.equal(difference([newcomer.doc, ada.doc, bob.doc]), null);
      for (const client of [ada, bob, newcomer]) {
        assert.deepEqual(client.errors, []);
      }
      // The count starts at the wake.
      hasSlept = firsts.every((change) => change.startsWith('change 1 by '));
    });
    return hasSlept;
  }));
