// A worker that is killed while many clients chat and edit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';
import { Server } from '../server.mjs';
import { pace, until } from '../wait.mjs';
import { withRoom } from './rooms.mjs';

const SIZE = 100;

/** Joins a client with a copy of the document, to which it appends. */
async function writer(join, url, index) {
  const doc = new Y.Doc();
  const remote = {};
  const list = doc.getArray('list');
  const storage = { encode: () => Y.encodeStateAsUpdate(doc), apply: (update) => Y.applyUpdate(doc, update, remote) };
  const user = `user-${index}`;
  // They back off as real clients do: on a busy machine a hundred that try all the time would keep each other out.
  const retry = { min: 100, max: 5_000 };
  const client = await join(user, { kind: 'Notes', url, storage, retry, presence: { note: `note of ${user}` } });
  doc.on('update', (update, origin) => origin !== remote && client.updateStorage(update));
  return { client, list, user, written: 0 };
}

const sorted = (list) => list.toArray().sort().join();

test('a hundred clients reconnect by themselves after a kill, with the same state', async () => {
  const server = await Server.create();
  try {
    await withRoom(async ({ room, join }) => {
      const writers = [];
      for (let index = 0; index < SIZE; index += 10) {
        const some = Array.from({ length: 10 }, (_, i) => writer(join, server.url, index + i));
        writers.push(...(await Promise.all(some)));
      }
      let writing = true;
      const write = async (one) => {
        while (writing) {
          one.written += 1;
          one.list.push([`${one.user}: ${one.written}`]);
          one.client.send('say', { text: `${one.user} wrote ${one.written}` });
          await pace(500 + Math.random() * 1_000);
        }
      };
      const all = writers.map(write);
      await until(() => writers.every(({ client }) => client.heard.length > SIZE), 'they chat');
      for (let time = 0; time < 2; time += 1) {
        await server.kill();
        await until(() => writers.every(({ client }) => !client.online), 'all have lost it');
        await server.start();
        await until(() => writers.every(({ client }) => client.online), 'all are back');
        const heard = writers.map(({ client }) => client.heard.length);
        await until(() => writers.every(({ client }, i) => client.heard.length > heard[i]), 'they chat again');
      }
      writing = false;
      await Promise.all(all);

      const expected = writers.flatMap(({ user, written }) =>
        Array.from({ length: written }, (_, i) => `${user}: ${i + 1}`),
      );
      const text = expected.sort().join();
      await until(() => writers.every(({ list }) => list.length === expected.length), 'all have all that was written');
      writers.forEach(({ list }) => assert.equal(sorted(list), text));
      const users = writers.map(({ user }) => user).sort();
      for (const { client } of writers) {
        await until(() => client.people.length === SIZE, 'everyone sees everyone');
        assert.deepEqual(client.people.map(({ id }) => id).sort(), users);
        for (const { id, presence, connections } of client.people) {
          assert.equal(presence.note, `note of ${id}`);
          assert.equal(connections.length, 1);
        }
      }
      // A newcomer without a document gets what the room has stored.
      await server.kill();
      writers.forEach(({ client }) => client.close());
      await server.start();
      const late = await writer((user, options) => join(user, { ...options, name: room }), server.url, SIZE);
      await until(() => sorted(late.list) === text, 'the room has it');
    });
  } finally {
    await server.remove();
  }
});
