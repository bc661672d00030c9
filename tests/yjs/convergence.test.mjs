// The documents of many clients and of the room converge, however they are edited.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';
import { pace, until } from '../wait.mjs';
import { withRoom } from './client.mjs';
import { difference } from './documents.mjs';
import { edit, roots } from './edits.mjs';
import { seeded, seeds } from './random.mjs';

const EDITS = 400;

/** Waits until all have the same document. */
async function converged(clients) {
  const docs = clients.map((client) => client.doc);
  await until(
    () => difference(docs) === null,
    () => difference(docs),
  );
}

/** Waits until all clients have converged, and with newcomers too, who get the room's document, equal to the byte. */
async function agreed(clients, join) {
  await converged(clients);
  const newcomers = [await join('newcomer'), await join('newcomer')];
  assert.equal(difference([...newcomers, ...clients].map((client) => client.doc)), null);
  const [first, second] = newcomers.map((newcomer) => Buffer.from(Y.encodeStateAsUpdate(newcomer.doc)).toString('hex'));
  assert.equal(first, second);
  await Promise.all(newcomers.map((newcomer) => newcomer.leave()));
}

for (const seed of seeds(5)) {
  test(`random edits of all types by four clients that reconnect converge, seed ${seed}`, () =>
    seeded(seed, (random) =>
      withRoom('random', async ({ join }) => {
        const clients = [];
        for (const name of ['ada', 'bob', 'cleo', 'dan']) {
          const client = await join(name);
          client.undo = new Y.UndoManager(roots(client.doc), { captureTimeout: 0 });
          clients.push(client);
        }
        let joined = 0;
        for (let count = 0; count < EDITS; count += 1) {
          const client = random.one(clients);
          const dice = random.next();
          if (dice < 0.08) {
            client.undo.undo();
          } else if (dice < 0.13) {
            client.undo.redo();
          } else if (dice < 0.16) {
            if (random.chance(0.5)) {
              client.drop();
            } else {
              await client.leave();
            }
          } else if (dice < 0.18) {
            joined += 1;
            clients.push(await join(`guest${joined}`));
            clients.at(-1).undo = new Y.UndoManager(roots(clients.at(-1).doc), { captureTimeout: 0 });
          } else {
            edit(random, client.doc);
          }
          const away = clients.filter((client) => !client.isOnline);
          if (away.length > 0 && random.chance(0.1)) {
            await random.one(away).connect();
          }
          if (random.chance(0.3)) {
            await pace(random.below(8));
          }
        }
        await Promise.all(clients.filter((client) => !client.isOnline).map((client) => client.connect()));
        await agreed(clients, join);
        clients.forEach((client) => assert.deepEqual(client.errors, []));
      }),
    ));
}

/** Returns three changes of a document, each of which depends on the one before. */
function chain(words) {
  const doc = new Y.Doc();
  const updates = [];
  doc.on('update', (update) => updates.push(update));
  words.forEach((word) => doc.getText('text').insert(doc.getText('text').length, word));
  return updates;
}

test('a change that arrives before its dependencies is applied for all once they arrive', () =>
  withRoom('late', async ({ join }) => {
    const [first, second, third] = chain(['one ', 'two ', 'three']);
    const ada = await join('ada');
    const bob = await join('bob');
    ada.update(third);
    ada.update(second);
    await until(() => bob.of('$storageUpdated').length > 0, 'bob is shown a change');
    const early = await join('early');
    assert.equal(early.text.toString(), '');
    ada.update(first);
    for (const client of [bob, early]) {
      await until(
        () => client.text.toString() === 'one two three',
        () => `${client.user} has ${client.text}`,
      );
    }
    const late = await join('late');
    assert.equal(difference([late.doc, bob.doc, early.doc]), null);
    assert.equal(late.text.toString(), 'one two three');
  }));

test('a pending change survives all connections, and is applied once a newcomer brings its dependencies', () =>
  withRoom('waits', async ({ join }) => {
    const [first, second, third] = chain(['one ', 'two ', 'three']);
    const ada = await join('ada');
    const bob = await join('bob');
    ada.update(third);
    await until(() => bob.of('$storageUpdated').length > 0, 'bob is shown a change');
    await ada.leave();
    await bob.leave();
    const cleo = await join('cleo');
    assert.equal(cleo.text.toString(), '');
    // The others are sent as offline edits.
    const doc = new Y.Doc();
    Y.applyUpdate(doc, first);
    Y.applyUpdate(doc, second);
    const dan = await join('dan', { doc });
    for (const client of [cleo, dan]) {
      await until(
        () => client.text.toString() === 'one two three',
        () => `${client.user} has ${client.text}`,
      );
    }
    const late = await join('late');
    assert.equal(difference([late.doc, cleo.doc, dan.doc]), null);
  }));

test('changes before a newcomer is ready arrive as one update, also when its own document has pending changes', () =>
  withRoom('held', async ({ join, make }) => {
    const [first, second, third] = chain(['one ', 'two ', 'three']);
    const ada = await join('ada');
    ada.update(first);
    await ada.settled();
    const doc = new Y.Doc();
    Y.applyUpdate(doc, third);
    const bob = make('bob', { doc });
    await bob.connect({ echo: false });
    assert.equal(bob.text.toString(), 'one ');
    ada.update(second);
    ada.doc.getMap('map').set('held', 'back');
    await ada.settled();
    await bob.settled();
    assert.equal(bob.of('$storageUpdated').length, 0);
    bob.echo();
    await until(
      () => bob.text.toString() === 'one two three',
      () => `bob has ${bob.text}`,
    );
    assert.equal(bob.doc.getMap('map').get('held'), 'back');
    assert.equal(bob.of('$storageUpdated').length, 1);
    const late = await join('late');
    await until(
      () => late.text.toString() === 'one two three',
      () => `a newcomer has ${late.text}`,
    );
    assert.equal(difference([late.doc, bob.doc]), null);
  }));

test('an echo without new changes is not broadcast', () =>
  withRoom('echo', async ({ join }) => {
    const ada = await join('ada');
    const bob = await join('bob');
    ada.text.insert(0, 'here');
    await until(() => bob.text.toString() === 'here', 'bob sees the text');
    const before = [ada, bob].map((client) => client.of('$storageUpdated').length);
    for (let count = 0; count < 5; count += 1) {
      const again = await join('again', { doc: bob.doc });
      await again.settled();
      again.drop();
    }
    await ada.settled();
    await bob.settled();
    assert.deepEqual(
      [ada, bob].map((client) => client.of('$storageUpdated').length),
      before,
    );
  }));

test('an echo of a document with pending changes is not broadcast', () =>
  withRoom('echo', async ({ join }) => {
    const [first, second, third] = chain(['one ', 'two ', 'three']);
    const ada = await join('ada');
    const bob = await join('bob');
    ada.update(first);
    ada.update(third);
    await until(() => bob.doc.store.pendingStructs, 'bob has the pending change');
    const before = bob.of('$storageUpdated').length;
    for (let count = 0; count < 5; count += 1) {
      const again = await join('again');
      await until(() => again.doc.store.pendingStructs, 'the newcomer has the pending change');
      await again.settled();
      again.drop();
    }
    await bob.settled();
    assert.equal(bob.of('$storageUpdated').length, before);
    ada.update(second);
    await until(
      () => bob.text.toString() === 'one two three',
      () => `bob has ${bob.text}`,
    );
  }));

test('an update contains the change only, and is not sent to its author', () =>
  withRoom('weight', async ({ join }) => {
    const ada = await join('ada');
    const bob = await join('bob');
    ada.text.insert(0, 'x'.repeat(100_000));
    await until(() => bob.text.length === 100_000, 'bob sees the text');
    ada.text.insert(50_000, 'y');
    await until(() => bob.text.length === 100_001, 'bob sees the letter');
    const { state } = bob.of('$storageUpdated').at(-1).data;
    assert.ok(state.length < 100, `${state.length} characters for a letter`);
    assert.equal(ada.of('$storageUpdated').length, 0);
  }));

test('half of a surrogate pair can be deleted, and the document stays usable for all', () =>
  withRoom('half', async ({ join }) => {
    const ada = await join('ada');
    const bob = await join('bob');
    ada.text.insert(0, '🙂 and a tail');
    ada.text.delete(0, 1);
    await converged([ada, bob]);
    assert.equal(bob.text.toString(), '\ufffd and a tail');
    bob.send('add', { text: '!' });
    for (const client of [ada, bob]) {
      await until(
        () => client.text.toString() === '\ufffd and a tail!',
        () => `the room's edit made it ${client.text}`,
      );
    }
    ada.text.delete(0, ada.text.length);
    await agreed([ada, bob], join);
    bob.send('add', { text: 'again' });
    await until(
      () => ada.text.toString() === 'again',
      () => `the room's edit made it ${ada.text}`,
    );
  }));
