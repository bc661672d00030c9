// The document of a room: its first content, access, edits of the room's code, and rejected updates.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import * as Y from 'yjs';
import { pace, until } from '../wait.mjs';
import { withRoom } from './client.mjs';
import { difference } from './documents.mjs';

const LIMIT = 2_000_000;

function written(text) {
  const doc = new Y.Doc();
  doc.getText('text').insert(0, text);
  return doc;
}

/** Returns an update of another document, which inserts `text`. */
function inserting(text) {
  return Y.encodeStateAsUpdate(written(text));
}

/** A test with a room of its own. */
function roomTest(name, run, defaults) {
  test(name, () => withRoom('document', run, defaults));
}

/** Waits until all show the same text. */
async function read(clients, text) {
  for (const client of clients) {
    await until(
      () => client.text.toString() === text,
      () => `${client.user} should read ${text}, but has ${client.text}`,
    );
  }
}

roomTest('of two clients that join an empty room at once, one provides the document', async ({ join }) => {
  const clients = await Promise.all(['ada', 'bob'].map((name) => join(name, { doc: written(`by ${name}`) })));
  assert.deepEqual(clients.map((client) => client.kind).sort(), ['initialized', 'unchanged']);
  // The document of the other is merged, as an offline edit.
  await until(() => difference(clients.map((client) => client.doc)) === null, 'both have the same document');
  const text = clients[0].text.toString();
  assert.ok(['by adaby bob', 'by bobby ada'].includes(text), text);
  const newcomer = await join('newcomer');
  assert.equal(newcomer.kind, 'unchanged');
  assert.equal(difference([newcomer.doc, clients[0].doc]), null);
});

roomTest('of ten clients that join an empty room at once, one provides the document', async ({ join }) => {
  const names = Array.from({ length: 10 }, (_, index) => `user${index}`);
  const clients = await Promise.all(names.map((name) => join(name, { doc: written(`<${name}>`) })));
  assert.equal(clients.filter((client) => client.kind === 'initialized').length, 1);
  assert.equal(clients.filter((client) => client.kind === 'unchanged').length, 9);
  await until(() => difference(clients.map((client) => client.doc)) === null, 'all have the same document');
});

roomTest(
  'a client without a document joins an empty room, and the next client provides the document',
  async ({ join }) => {
    const ada = await join('ada', { seeds: false });
    assert.deepEqual([ada.kind, ada.state], ['empty', null]);
    const bob = await join('bob', { doc: written('by bob') });
    assert.equal(bob.kind, 'initialized');
    await read([ada, bob], 'by bob');
    const cleo = await join('cleo');
    assert.equal(cleo.kind, 'unchanged');
    assert.ok(cleo.state, 'there is a state');
  },
);

test('a room uses its initial storage once, however many clients join', () =>
  withRoom('initial', async ({ join }) => {
    const names = ['ada', 'bob', 'cleo', 'dan'];
    const clients = await Promise.all(names.map((user) => join(user)));
    assert.deepEqual(
      clients.map((client) => client.kind),
      names.map(() => 'unchanged'),
    );
    await read(clients, 'initial');
    clients[0].text.insert(7, ' text');
    await read(clients, 'initial text');
    await Promise.all(clients.map((client) => client.leave()));
    const later = await join('later');
    await read([later], 'initial text');
  }));

roomTest('a read-only client does not provide the document', async ({ join }) => {
  const reader = await join('reader', { doc: written('by the reader') });
  assert.equal(reader.kind, 'empty');
  await until(() => reader.errors.length > 0, 'the echo with a document is rejected');
  assert.match(reader.errors[0], /read-only connection/);
  const bob = await join('bob', { seeds: false });
  assert.deepEqual([bob.kind, bob.text.toString()], ['empty', '']);
});

roomTest('a read-only client receives edits, and makes none', async ({ join }) => {
  const ada = await join('ada', { doc: written('by ada') });
  const reader = await join('reader');
  await read([reader], 'by ada');
  assert.deepEqual(reader.errors, []);
  ada.text.insert(6, '!');
  await read([reader], 'by ada!');
  reader.text.insert(0, 'graffiti ');
  await until(() => reader.errors.length === 1, 'the edit is rejected');
  assert.match(reader.errors[0], /read-only connection/);
  ada.text.insert(0, '>');
  await until(() => reader.text.toString().includes('>'), 'the reader receives the next edit');
  const bob = await join('bob');
  await read([ada, bob], '>by ada!');
});

roomTest("edits of the room's code reach everyone, and the code reads edits of clients", async ({ join }) => {
  const ada = await join('ada');
  const bob = await join('bob');
  ada.send('add', { text: 'one' });
  await read([ada, bob], 'one');
  bob.text.insert(3, ' two');
  await read([ada], 'one two');
  ada.send('read', {});
  await until(() => ada.said.includes('one two'), 'the room reads it');
  // Concurrent edits of both are kept.
  for (let count = 0; count < 50; count += 1) {
    bob.text.insert(0, 'x');
    ada.send('add', { text: 'y' });
  }
  await until(
    () => [ada, bob].every((client) => client.text.length === 107),
    () => `${ada.text} ${bob.text}`,
  );
  const newcomer = await join('newcomer');
  assert.equal(difference([newcomer.doc, ada.doc, bob.doc]), null);
  ada.send('read', {});
  await until(() => ada.said.includes(ada.text.toString()), 'the room reads that too');
});

roomTest('on_storage_updated runs at most once a second, with the last author', async ({ join }) => {
  const [ada, bob, cleo, eve] = [await join('ada'), await join('bob'), await join('cleo'), await join('eve')];
  const start = performance.now();
  const times = [];
  const changes = () => eve.said.filter((text) => text.startsWith('change '));
  while (changes().length < 3) {
    ada.text.insert(0, 'a');
    bob.text.insert(0, 'b');
    await pace(15);
    while (times.length < changes().length) {
      times.push(performance.now() - start);
    }
  }
  await Promise.all([ada.settled(), bob.settled()]);
  cleo.text.insert(0, 'last');
  await until(
    () => changes().at(-1).endsWith(' by cleo'),
    () => `the hook runs for all changes: ${changes()}`,
  );
  // Each run is at least a second after the one before, and the first a second after the first edit. A late run is no failure.
  times.forEach((time, index) => assert.ok(time > 1_000 * (index + 1) - 100, `${times}`));
});

roomTest(
  'an update over the limit is rejected with limit and size, and the document stays usable',
  async ({ join }) => {
    const ada = await join('ada');
    const bob = await join('bob');
    // A quarter of the limit at a time, and then more than is left.
    const word = randomBytes(245_000).toString('hex');
    for (let count = 0; count < 4; count += 1) {
      ada.doc.getArray('array').push([word]);
    }
    await until(() => bob.doc.getArray('array').length === 4, 'bob has what fits');
    assert.deepEqual(ada.errors, []);
    const before = bob.of('$storageUpdated').length;
    ada.update(inserting('y'.repeat(60_000)));
    await until(() => ada.errors.length === 1, 'an update over the limit is rejected');
    const [, size, limit] = ada.errors[0].match(/(\d+) bytes.*?(\d+)/) ?? assert.fail(ada.errors[0]);
    assert.equal(Number(limit), LIMIT);
    assert.ok(Number(size) > LIMIT && Number(size) < LIMIT + 100_000, ada.errors[0]);
    // A small update still fits.
    ada.update(inserting('small'));
    await read([bob], 'small');
    assert.equal(bob.of('$storageUpdated').length, before + 1);
    const newcomer = await join('newcomer');
    await read([newcomer], 'small');
    assert.equal(difference([newcomer.doc, bob.doc]), null);
    assert.deepEqual([...bob.errors, ...newcomer.errors], []);
    // A deletion frees space.
    bob.doc.getArray('array').delete(0, 2);
    await bob.settled();
    bob.doc.getArray('array').push([word]);
    await until(
      () => newcomer.doc.getArray('array').length === 3,
      () => `bob got ${bob.errors}`,
    );
    assert.deepEqual(bob.errors, []);
  },
);

roomTest('a document over the limit is not taken as the first document', async ({ join, make }) => {
  const ada = make('ada', { doc: written('x'.repeat(LIMIT + 1)) });
  const joining = ada.connect();
  await until(() => ada.errors.length > 0, 'it gets the reason');
  assert.match(ada.errors[0], /`data\.update`: the document would take \d+ bytes: the limit is 2000000/);
  ada.drop();
  await assert.rejects(joining);
  const bob = await join('bob', { doc: written('by bob') });
  assert.deepEqual([bob.kind, bob.text.toString()], ['initialized', 'by bob']);
});

roomTest('an invalid update is rejected, and not shown to others', async ({ join }) => {
  const ada = await join('ada');
  const bob = await join('bob');
  const eve = await join('eve');
  eve.text.insert(0, 'kept');
  await read([ada, bob], 'kept');
  const before = bob.frames.filter((frame) => frame.type !== 'said').length;
  const good = inserting('whole');
  const bad = ['%%%', 'a', 'AAE', good.slice(0, -1), good.slice(0, 3), new Uint8Array([...good, 7])];
  bad.push(new Uint8Array([255, 255, 255, 255, 15, 1]), new Uint8Array(64).fill(255), new Uint8Array());
  // A list nested deeper than any stack, and lengths without content.
  bad.push(new Uint8Array([1, 1, 1, 0, 8, 1, 1, 97, 1, ...new Array(20_000).fill([117, 1]).flat(), 127, 0]));
  bad.push(new Uint8Array([1, 1, 1, 0, 4, 1, 1, 97, 255, 255, 255, 255, 7, 120]));
  for (const [index, update] of bad.entries()) {
    eve.update(update);
    await until(
      () => eve.errors.length === index + 1,
      `${Buffer.from(update).subarray(0, 20).toString('hex')} is rejected`,
    );
    assert.match(eve.errors[index], /update/);
  }
  // A subdocument, which the room does not store.
  const parent = new Y.Doc();
  parent.getMap('map').set('doc', new Y.Doc());
  eve.update(Y.encodeStateAsUpdate(parent));
  await until(() => eve.errors.length === bad.length + 1, 'a subdocument is rejected');
  for (const data of [{}, { update: 7 }, { origin: null }, { origin: 3, update: 'AAA=' }, null]) {
    const { length } = eve.errors;
    eve.send('$updateStorage', data);
    await until(() => eve.errors.length > length, `${JSON.stringify(data)} is rejected`);
  }
  // The document can still be edited.
  eve.text.insert(4, ' on');
  await read([ada, bob], 'kept on');
  assert.equal(bob.frames.filter((frame) => frame.type !== 'said').length, before + 1);
  assert.deepEqual([...ada.errors, ...bob.errors], []);
  const newcomer = await join('newcomer');
  assert.equal(difference([newcomer.doc, bob.doc]), null);
});

roomTest('an empty update is not broadcast', async ({ join }) => {
  const ada = await join('ada');
  const bob = await join('bob');
  ada.update(Y.encodeStateAsUpdate(new Y.Doc()));
  ada.text.insert(0, 'x');
  await read([bob], 'x');
  assert.equal(bob.of('$storageUpdated').length, 1);
  assert.deepEqual(ada.errors, []);
});

roomTest(
  'a room with `retention = "delete"` deletes its document with its last connection',
  async ({ join }) => {
    const ada = await join('ada', { doc: written('brief') });
    const bob = await join('bob');
    await read([bob], 'brief');
    await ada.leave();
    const cleo = await join('cleo');
    await read([cleo], 'brief');
    await Promise.all([bob.leave(), cleo.leave()]);
    // The room handles the last close a moment later.
    let dan;
    await until(async () => {
      await dan?.leave();
      dan = await join('dan', { seeds: false });
      return dan.kind === 'empty';
    }, 'the document is deleted');
    assert.deepEqual([dan.kind, dan.state, dan.text.toString()], ['empty', null, '']);
    await dan.leave();
    const eve = await join('eve', { doc: written('again') });
    assert.equal(eve.kind, 'initialized');
  },
  { path: '/brief' },
);
