// The stock `y-websocket` provider on a room, alone and beside pluv clients: one document.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';
import { pace, still, until } from '../wait.mjs';
import { fixture, withRoom } from './client.mjs';
import { difference } from './documents.mjs';
import { frame, Peer, Raw, size, withPeers } from './provider.mjs';

function roomTest(name, run, room = 'provider') {
  test(name, () => withRoom(room, withPeers(run)));
}

const same = (clients) =>
  until(
    () => difference(clients.map((client) => client.doc)) === null,
    () => `all have the same document: ${difference(clients.map((client) => client.doc))}`,
  );

/** Waits until all show the same text. */
async function reads(clients, text) {
  for (const client of clients) {
    await until(
      () => client.text.toString() === text,
      () => `${client.user} should read ${text}, but has ${client.text}`,
    );
  }
}

roomTest('providers edit one document, and a newcomer gets all of it', async ({ peer }) => {
  const ada = await peer('ada');
  const bob = await peer('bob');
  ada.text.insert(0, 'hello');
  await reads([bob], 'hello');
  bob.text.insert(5, ' world');
  bob.doc.getMap('map').set('by', 'bob');
  await reads([ada], 'hello world');
  const cleo = await peer('cleo');
  await reads([cleo], 'hello world');
  await same([ada, bob, cleo]);
});

roomTest('a document that was edited before connecting is merged', async ({ peer }) => {
  const doc = new Y.Doc();
  doc.getText('text').insert(0, 'by ada');
  await peer('ada', { doc });
  const bob = await peer('bob');
  await reads([bob], 'by ada');
});

roomTest('pluv clients and the room itself edit the same document', async ({ peer, join }) => {
  const ada = await join('ada');
  const bob = await peer('bob');
  ada.text.insert(0, 'pluv');
  await reads([bob], 'pluv');
  bob.text.insert(4, ' and yjs');
  await reads([ada], 'pluv and yjs');
  ada.send('add', { text: '!' });
  await reads([ada, bob], 'pluv and yjs!');
  ada.send('read', {});
  await until(() => ada.said.includes('pluv and yjs!'), 'the room reads it');
  const cleo = await join('cleo');
  const dan = await peer('dan');
  await same([ada, bob, cleo, dan]);
});

roomTest('on_storage_updated gets the author of a change, of either protocol', async ({ peer, join }) => {
  const ada = await join('ada');
  const bob = await peer('bob');
  bob.text.insert(0, 'x');
  await until(
    () => ada.said.includes('change 1 by bob'),
    () => `${ada.said}`,
  );
});

roomTest('concurrent edits by both protocols converge', async ({ peer, join }) => {
  const clients = [];
  for (const user of ['ada', 'bob', 'cleo']) {
    clients.push(await join(user), await peer(`${user} by yjs`));
  }
  for (let round = 0; round < 60; round += 1) {
    clients.forEach(({ text }, index) => text.insert((round * 7 + index) % (text.length + 1), String(index)));
    if (round % 10 === 0) {
      clients[round % 6].text.delete(0, 3);
      await pace(5);
    }
  }
  await same(clients);
  const later = await peer('later');
  await same([later, clients[0]]);
});

roomTest('an edit is not sent back to its author', async ({ peer }) => {
  const ada = await peer('ada');
  const bob = await peer('bob');
  // All frames of the join have arrived.
  bob.setState({ ready: true });
  await until(() => ada.others.bob?.ready, 'ada knows bob');
  const before = ada.received.length;
  ada.text.insert(0, 'mine');
  await reads([bob], 'mine');
  bob.text.insert(0, 'b');
  await reads([ada], 'bmine');
  const updates = ada.received.slice(before).filter(([type, kind]) => type === 0 && kind === 2);
  assert.equal(updates.length, 1);
});

roomTest('a reconnect transfers only missing changes, in both directions', async ({ peer, join }) => {
  const ada = await peer('ada');
  const bob = await peer('bob');
  // Random, so that it cannot be compressed.
  const words = Array.from({ length: 4_000 }, () => Math.random().toString(36).padEnd(25, 'x'));
  ada.text.insert(0, words.join(' '));
  await reads([bob], ada.text.toString());
  bob.leave();
  bob.text.insert(0, 'offline ');
  ada.text.insert(ada.text.length, ' meanwhile');
  const cleo = await join('cleo');
  cleo.text.insert(cleo.text.length, ' and more');
  await reads([ada], cleo.text.toString());
  await bob.connect();
  await same([ada, bob, cleo]);
  assert.ok(bob.text.toString().startsWith('offline '));
  assert.ok(bob.text.toString().endsWith(' meanwhile and more'));
  assert.ok(size(bob.received) < 500, `${size(bob.received)} bytes came`);
  assert.ok(size(bob.sent) < 500, `${size(bob.sent)} bytes went`);
  // A newcomer gets everything, once.
  const dan = await peer('dan');
  assert.ok(size(dan.received) > 100_000 && size(dan.received) < 105_000, `${size(dan.received)} bytes came`);
});

roomTest('a connection that drops reconnects by itself', async ({ peer }) => {
  const ada = await peer('ada');
  const bob = await peer('bob');
  bob.socket.terminate();
  await until(() => !bob.provider.synced, 'bob is offline');
  ada.text.insert(0, 'meanwhile');
  bob.text.insert(0, 'offline ');
  await until(() => bob.provider.synced, 'bob is back');
  await same([ada, bob]);
  assert.equal(bob.text.length, 'offline meanwhile'.length);
});

roomTest(
  'a room uses its initial storage once, however many clients join',
  async ({ peer, join }) => {
    const made = await Promise.all([peer('ada'), join('bob'), peer('cleo'), join('dan')]);
    await reads(made, 'initial');
    made[0].text.insert(7, ' text');
    await reads(made, 'initial text');
  },
  'initial',
);

roomTest(
  'an edit made while the initial storage loads is kept',
  async ({ peer }) => {
    const ada = await peer('ada', { connects: false });
    const connecting = ada.connect();
    await until(() => ada.provider.wsconnected, 'the socket is open');
    ada.text.insert(0, 'early ');
    await connecting;
    const bob = await peer('bob');
    await same([ada, bob]);
    assert.equal(bob.text.length, 'early initial'.length);
  },
  'initial',
);

roomTest('a change with missing dependencies is pending until they arrive', async ({ peer, raw }) => {
  const doc = new Y.Doc();
  const updates = [];
  doc.on('update', (update) => updates.push(update));
  doc.getText('text').insert(0, 'one');
  doc.getText('text').insert(3, ' two');
  const eve = await raw('eve');
  await eve.frame(0, 0);
  eve.send(frame(0, 2, updates[1]));
  const ada = await peer('ada');
  assert.equal(ada.text.toString(), '');
  eve.send(frame(0, 2, updates[0]));
  await reads([ada], 'one two');
  const bob = await peer('bob');
  await same([ada, bob]);
});

roomTest('a room without users needs no token, and deletes its document with its last connection', async ({ peer }) => {
  const ada = await peer('ada', { path: '/brief' });
  ada.text.insert(0, 'brief');
  const bob = await peer('bob', { path: '/brief' });
  await reads([bob], 'brief');
  ada.end();
  bob.end();
  await until(async () => {
    const cleo = await peer('cleo', { path: '/brief' });
    cleo.end();
    return cleo.text.length === 0;
  }, 'the document is deleted');
});

roomTest('handlers can tell providers from pluv clients, to which providers are not shown', async ({ peer, join }) => {
  const ada = await join('ada');
  await ada.settled();
  const before = ada.frames.length;
  const bob = await peer('bob');
  ada.send('sessions', {});
  await until(
    () => ada.said.includes('ada Pluv, bob Yjs'),
    () => `${ada.said}`,
  );
  bob.leave();
  const left = () => {
    ada.send('sessions', {});
    return ada.said.at(-1) === 'ada Pluv';
  };
  await until(left, () => `bob has left: ${ada.said.at(-1)}`);
  assert.deepEqual([...new Set(ada.frames.slice(before).map(({ type }) => type))], ['said']);
  const cleo = await join('cleo');
  await peer('dan');
  await cleo.settled();
  const { others } = cleo.of('$othersReceived').at(-1).data;
  assert.deepEqual(
    Object.values(others).map(({ user }) => user.id),
    ['ada'],
  );
});

roomTest('a read-only provider receives edits, and makes none', async ({ peer }) => {
  const ada = await peer('ada');
  const reader = await peer('reader');
  ada.text.insert(0, 'by ada');
  await reads([reader], 'by ada');
  assert.deepEqual(reader.denials, []);
  reader.text.insert(0, 'graffiti ');
  await until(() => reader.denials.length === 1, 'the edit is rejected');
  assert.equal(reader.denials[0], 'read-only connection: change rejected');
  ada.text.insert(6, '!');
  await until(() => reader.text.toString() === 'graffiti by ada!', 'the reader receives the next edit');
  // Edits that it sends after a reconnect are rejected too.
  reader.leave();
  await reader.connect();
  await until(() => reader.denials.length === 2, 'the sync step is rejected');
  assert.match(reader.denials[1], /read-only connection: change rejected/);
  const bob = await peer('bob');
  await reads([ada, bob], 'by ada!');
  assert.equal(reader.closed, null);
  const clean = await peer('reader');
  await reads([clean], 'by ada!');
  clean.leave();
  await clean.connect();
  assert.deepEqual(clean.denials, []);
});

roomTest('an update over the limit is rejected, and the connection stays', async ({ peer, raw }) => {
  const ada = await peer('ada');
  const eve = await raw('eve');
  const big = new Y.Doc();
  big.getText('text').insert(0, 'x'.repeat(2_100_000));
  eve.send(frame(0, 2, Y.encodeStateAsUpdate(big)));
  const denied = await eve.frame(2, 0);
  assert.match(Buffer.from(denied).toString(), /the document would take \d+ bytes: the limit is 2000000/);
  // A subdocument is well formed, and is rejected too.
  const parent = new Y.Doc();
  parent.getMap('map').set('doc', new Y.Doc());
  eve.send(frame(0, 1, Y.encodeStateAsUpdate(parent)));
  await until(() => eve.frames.filter(([type]) => type === 2).length === 2, 'it is rejected');
  const small = new Y.Doc();
  small.getText('text').insert(0, 'small');
  eve.send(frame(0, 2, Y.encodeStateAsUpdate(small)));
  await reads([ada], 'small');
  assert.equal(eve.closed, null);
});

roomTest('a malformed frame closes only its connection, with 1003', async ({ peer, raw, join }) => {
  const ada = await peer('ada');
  const bob = await join('bob');
  const malformed = [
    [],
    [0],
    [0, 0],
    [0, 3, 0],
    [0, 2, 5, 1],
    [0, 2, 0, 0],
    [1],
    [1, 1],
    [1, 1, 5],
    [2, 0, 0],
    [3, 0],
    [4],
    [128],
    [128, 0],
    new Array(20).fill(255),
    [0, 2, 255, 255, 255, 255, 255, 255, 255, 15],
    [0, 2, 255, 255, 255, 255, 15, 1],
    frame(0, 0, new Uint8Array([5])),
    frame(0, 0, new Uint8Array([255, 255, 255, 255, 15])),
    frame(0, 2, new Uint8Array()),
    frame(0, 2, new Uint8Array([1])),
    frame(0, 1, new Uint8Array(64).fill(255)),
    // A truncated text, and bytes after an update.
    frame(0, 2, new Uint8Array([1, 1, 1, 0, 4, 1, 1, 97, 9, 120])),
    frame(0, 2, new Uint8Array([0, 0, 0])),
    'text',
    '{"type":"$ping","data":{}}x',
  ];
  for (const bytes of malformed) {
    const eve = await raw('eve');
    eve.send(bytes);
    assert.equal((await eve.ended()).code, 1003, `${bytes}`);
  }
  ada.text.insert(0, 'unharmed');
  await reads([bob], 'unharmed');
  assert.deepEqual([ada.closed, bob.closed, bob.errors], [null, null, []]);
});

test('an invalid token closes the connection, with the reason', async () => {
  const room = 'provider-denied';
  for (const token of ['', 'nonsense', 'a.b.c']) {
    const raw = await Raw.connect({ room, token });
    const [type, kind, ...reason] = await raw.frame(2);
    assert.deepEqual([type, kind], [2, 0]);
    const closed = await raw.ended();
    assert.equal(closed.code, 4401);
    assert.equal(Buffer.from(reason).subarray(1).toString(), closed.reason);
    assert.equal(raw.frames.length, 1);
  }
  const peer = new Peer({ room, params: { token: 'nonsense' } });
  const closed = new Promise((resolve) => peer.provider.once('closed', resolve));
  peer.provider.connect();
  const { code, reason } = await closed;
  assert.equal(code, 4401);
  assert.deepEqual(peer.denials, [reason]);
  await still(1_000);
  assert.equal(peer.denials.length, 1, 'it does not reconnect');
  peer.end();
});

test('a room without a document rejects a provider', async () => {
  const raw = await Raw.connect({ room: 'a', path: '/lab', token: '' });
  assert.deepEqual(await raw.ended(), { code: 4404, reason: 'this room has no document' });
  const answer = await fetch(`${fixture()}/lab/yjs/a`);
  assert.deepEqual([answer.status, await answer.text()], [404, 'this room has no document']);
  const plain = await fetch(`${fixture()}/notes/yjs/a`);
  assert.equal(plain.status, 426);
  const nameless = await Raw.connect({ room: '', token: '' });
  assert.equal((await nameless.ended()).code, 4400);
});
