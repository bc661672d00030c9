// State, tables and messages of a room: transactions on a real worker, also when it is killed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server } from '../server.mjs';
import { pace, until, untilHibernated } from '../wait.mjs';
import { withRoom } from './rooms.mjs';

const ROUNDS = 30;

/** Joins a client that collects the texts of all entries it is told of. */
async function ledger(join, user, options = {}) {
  const client = await join(user, { kind: 'Ledger', ...options });
  client.recorded = [];
  client.on('recorded', ({ text }) => client.recorded.push(text));
  return client;
}

/** Returns the stored entries and counts of the room. */
async function balance(client) {
  const { asked, done, ...stored } = await client.call.balance({});
  assert.ok(asked > 0 && done >= 0);
  return stored;
}

test('a handler changes everything or nothing', () =>
  withRoom(async ({ join }) => {
    const [ada, bob] = [await ledger(join, 'ada'), await ledger(join, 'bob')];
    ada.send('record', { text: 'one' });
    ada.send('recordAndFail', { text: 'two' });
    await until(() => ada.errors.length === 1, 'it is refused');
    ada.send('recordSlowly', { text: 'three' });
    await until(() => ada.errors.length === 2, 'the second transaction is refused');
    const expected = { state: 2, rows: 2, texts: ['one', 'three'], last: 'three' };
    assert.deepEqual(await balance(bob), expected);
    assert.deepEqual(bob.recorded, ['one', 'three']);
  }));

test('flushed messages are sent while their handler waits', () =>
  withRoom(async ({ join }) => {
    const [ada, bob] = [await ledger(join, 'ada'), await ledger(join, 'bob')];
    const found = new Promise((resolve) => bob.on('found', ({ text }) => resolve(text)));
    bob.on('waiting', ({ text }) => bob.send('record', { text }));
    ada.send('waitFor', { text: 'go' });
    assert.equal(await found, 'go');
  }));

test('work in the background goes on after its handler', () =>
  withRoom(async ({ join }) => {
    const ada = await ledger(join, 'ada');
    ada.send('recordAndWork', { text: 'one' });
    await until(() => ada.recorded.length === 1, 'it is recorded');
    await until(async () => (await ada.call.balance({})).done === 1, 'the work is done');
  }));

test('state and tables survive hibernation', () =>
  untilHibernated(async (hibernate) => {
    let hasSlept = false;
    await withRoom(async ({ join }) => {
      const ada = await ledger(join, 'ada');
      ada.send('record', { text: 'before' });
      await balance(ada);
      await hibernate();
      ada.send('record', { text: 'after' });
      const { asked, texts } = await ada.call.balance({});
      assert.deepEqual(texts, ['before', 'after']);
      hasSlept = asked === 1;
    });
    return hasSlept;
  }));

test('a panic in a transaction leaves nothing of it', () =>
  withRoom(async ({ join }) => {
    const ada = await ledger(join, 'ada');
    ada.send('record', { text: 'one' });
    await until(() => ada.recorded.length === 1, 'it is recorded');
    ada.send('crash', { text: 'two' });
    await until(() => ada.errors.length === 1, 'it panics');
    assert.deepEqual(await balance(ada), { state: 1, rows: 1, texts: ['one'], last: 'one' });
    assert.deepEqual(ada.recorded, ['one']);
  }));

test('every entry that was sent is stored once, whenever the worker is killed', async () => {
  const server = await Server.create();
  try {
    await withRoom(async ({ join }) => {
      const names = ['ada', 'bob', 'cleo'];
      const clients = await Promise.all(names.map((user) => ledger(join, user, { url: server.url })));
      const seen = new Set();
      for (let round = 0; round < ROUNDS; round += 1) {
        await until(() => clients.every(({ online }) => online), 'all are online');
        let isRecording = true;
        const record = async (client, name) => {
          for (let count = 0; isRecording; count += 1) {
            const event = count % 3 === 2 ? 'recordSlowly' : 'record';
            client.send(event, { text: `${name} ${round} ${count}` });
            await pace(1 + Math.random() * 10);
          }
        };
        const recording = clients.map((client, index) => record(client, names[index]));
        const before = clients[0].recorded.length;
        await until(() => clients[0].recorded.length > before + 3, 'entries are recorded');
        await pace(Math.random() * 100);
        await server.kill();
        isRecording = false;
        await Promise.all(recording);
        clients.forEach(({ recorded }) => recorded.forEach((text) => seen.add(text)));
        await server.start();
        await until(() => clients.every(({ online }) => online), 'all are back');
        const { state, rows, texts } = await balance(clients[0]);
        const stored = new Set(texts);
        assert.equal(stored.size, texts.length, `round ${round}: nothing is stored twice`);
        assert.deepEqual([state, rows], [texts.length, texts.length], `round ${round}: state and table agree`);
        const lost = [...seen].filter((text) => !stored.has(text));
        assert.deepEqual(lost, [], `round ${round}: all that was sent is stored`);
        assert.ok(!stored.has('never seen'));
      }
      assert.ok(seen.size > ROUNDS);
    });
  } finally {
    await server.remove();
  }
});
