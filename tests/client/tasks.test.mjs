// Tasks of a room, while the worker is killed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server } from '../server.mjs';
import { pace, still, until } from '../wait.mjs';
import { withRoom } from './rooms.mjs';

const ROUNDS = Number(process.env.PLUV_KILL_ROUNDS ?? 10);

/** Joins a client that collects the names of the tasks of which it is told that they ran. */
async function agenda(join, user, options) {
  const client = await join(user, { kind: 'Agenda', ...options });
  client.ran = [];
  client.on('ran', ({ name, is_early: isEarly }) => {
    assert.equal(isEarly, false, `${name} waits for its time`);
    client.ran.push(name);
  });
  return client;
}

const plan = (client, ...plans) => client.call.plan({ plans });
const twice = (names) => names.filter((name, index) => names.indexOf(name) !== index);

test('a task that was due while the worker was down runs once', async () => {
  const server = await Server.create();
  try {
    await withRoom(async ({ join, room }) => {
      const options = { url: server.url, name: room };
      const ada = await agenda(join, 'ada', options);
      await plan(
        ada,
        { name: 'missed', after: 1_000, kind: 'plain' },
        { name: 'far', after: 3_600_000, kind: 'plain' },
      );
      await server.kill();
      ada.close();
      await pace(2_000);
      await server.start();
      const bob = await agenda(join, 'bob', options);
      const records = () => bob.call.records({});
      await until(async () => (await records()).state.length > 0, 'it runs');
      await still(1_000);
      const { state, rows, scheduled, failed } = await records();
      assert.deepEqual(
        { state, rows, scheduled, failed },
        { state: ['missed'], rows: ['missed'], scheduled: 1, failed: 0 },
      );
    });
  } finally {
    await server.remove();
  }
});

test('every task runs, and those that are a transaction once, whenever the worker is killed', async () => {
  const server = await Server.create();
  try {
    await withRoom(async ({ join }) => {
      const names = ['ada', 'bob', 'cleo'];
      const clients = await Promise.all(names.map((user) => agenda(join, user, { url: server.url })));
      const [planned, told] = [new Set(), new Set()];
      const records = async (round) => {
        const { state, rows, ...counts } = await clients[0].call.records({});
        assert.deepEqual(state, rows, `round ${round}: state and table agree`);
        const plain = state.filter((name) => name.startsWith('plain'));
        assert.deepEqual(twice(plain), [], `round ${round}: no transaction ran twice`);
        const stored = new Set(state);
        const lost = [...told].filter((name) => !stored.has(name));
        assert.deepEqual(lost, [], `round ${round}: all that was sent is stored`);
        return { stored, ...counts };
      };
      for (let round = 0; round < ROUNDS; round += 1) {
        let isPlanning = true;
        const planning = clients.map(async (client, index) => {
          for (let count = 0; isPlanning; count += 1) {
            const kind = count % 3 === 2 ? 'slow' : 'plain';
            const name = `${kind} ${names[index]} ${round} ${count}`;
            const after = Math.floor(Math.random() * 100);
            const answered = plan(client, { name, after, kind, takes: 30 }).then(() => planned.add(name));
            await Promise.all([answered.catch(() => {}), pace(1 + Math.random() * 20)]);
          }
        });
        const before = clients[0].ran.length;
        await until(() => clients[0].ran.length > before + 5, 'tasks run');
        await pace(Math.random() * 100);
        await server.kill();
        isPlanning = false;
        await Promise.all(planning);
        clients.forEach(({ ran }) => ran.forEach((name) => told.add(name)));
        await server.start();
        await until(() => clients.every(({ online }) => online), 'all are back');
        await records(round);
      }
      // Those that were interrupted run again when others would have timed out.
      await until(async () => (await records('the last')).scheduled === 0, 'all have run');
      const { stored, failed } = await records('the last');
      assert.deepEqual(
        [...planned].filter((name) => !stored.has(name)),
        [],
        'all that was planned has run',
      );
      assert.equal(failed, 0);
      assert.ok(planned.size > ROUNDS);
    });
  } finally {
    await server.remove();
  }
});
