// A worker that is killed repeatedly while clients type: every edit that was shown exists after the restart.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server } from '../server.mjs';
import { pace, until } from '../wait.mjs';
import { Client, fresh } from './client.mjs';
import { difference } from './documents.mjs';
import { seeded, seeds } from './random.mjs';

const ROUNDS = 20;
const NAMES = ['ada', 'bob', 'cleo'];
const TOKEN = /<[^<>]*>/g;

let server;

before(async () => {
  server = await Server.create();
});

after(() => server?.remove());

/** Types unique tokens, each by one insertion, until the worker is killed. */
async function type(client, random, round) {
  for (let count = 0; client.isOnline; count += 1) {
    // Between the others' tokens, and never within one.
    const text = client.text.toString();
    const at = text.indexOf('>', random.below(text.length + 1)) + 1;
    // Some are long, so that the log is compacted at times.
    const filling = 'x'.repeat(random.chance(0.005) ? 30_000 : random.below(400));
    client.text.insert(at, `<${client.user} ${round} ${count} ${filling}>`);
    await pace(random.below(12));
  }
}

/** Records each token that the room sends to a client. */
function watch(client, seen) {
  client.text.observe(({ delta, transaction }) => {
    if (!transaction.local) {
      const texts = delta.map((part) => part.insert).filter((insert) => typeof insert === 'string');
      texts.flatMap((text) => text.match(TOKEN) ?? []).forEach((token) => seen.add(token));
    }
  });
}

const [seed] = seeds(1);

test(`every edit that was shown survives kill -9, seed ${seed}`, (t) =>
  seeded(seed, async (random) => {
    const room = fresh('killed');
    const clients = NAMES.map((user) => new Client({ room, user, base: server.url }));
    const seen = new Set();
    clients.forEach((client) => watch(client, seen));
    let [shown, restarting] = [0, 0];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const client of clients) {
        await client.connect();
      }
      const before = seen.size;
      const typing = Promise.all(clients.map((client) => type(client, random, round)));
      await until(() => seen.size > before + 1, 'edits are shown');
      await pace(random.between(50, 400));
      await server.kill();
      await until(() => clients.every((client) => client.closed !== null), 'all clients are closed');
      await typing;

      const started = performance.now();
      await server.start();
      restarting += performance.now() - started;
      // A client that is alone in the room, and has no document.
      const newcomer = await Client.join({ room, user: 'newcomer', base: server.url });
      assert.notEqual(newcomer.kind, 'initialized');
      const kept = new Set(newcomer.text.toString().match(TOKEN));
      const lost = [...seen].filter((token) => !kept.has(token));
      assert.deepEqual(lost, [], `round ${round}: ${lost.length} edits that were shown are lost`);
      shown += seen.size - before;

      // The others reconnect with all their tokens, shown or not.
      for (const client of clients) {
        await client.connect();
        assert.ok(client.kind === 'unchanged' || kept.size === 0, `round ${round}: ${client.kind}`);
      }
      const all = [newcomer, ...clients].map((client) => client.doc);
      await until(
        () => difference(all) === null,
        () => difference(all),
      );
      const present = newcomer.text.toString().match(TOKEN) ?? [];
      assert.equal(new Set(present).size, present.length, 'each edit exists once');
      for (const client of [newcomer, ...clients]) {
        assert.deepEqual([...client.errors, ...client.faults], []);
        await client.leave();
      }
    }
    assert.ok(shown > ROUNDS, `${shown} edits were shown`);
    const seconds = Math.round(restarting / 100) / 10;
    const size = clients[0].text.length;
    t.diagnostic(`${shown} edits were shown before a kill and kept, in ${size} characters; ${seconds} s of starting`);
  }));
