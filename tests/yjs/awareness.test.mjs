// The awareness of stock providers: names and cursors.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';
import { until, untilHibernated } from '../wait.mjs';
import { withRoom } from './client.mjs';
import { read, states, withPeers } from './provider.mjs';

function roomTest(name, run) {
  test(name, () => withRoom('awareness', withPeers(run)));
}

/**
 * Waits until `watcher` has received everything that these peers have sent up to now. A busy room sends the edits of several
 * in one frame.
 */
async function passed(watcher, peers) {
  peers.forEach(({ text }) => text.insert(0, '.'));
  const isUpdate = ([type, kind]) => type === 0 && kind === 2;
  const updates = () =>
    watcher.frames.filter(isUpdate).map((bytes) => decoding.readVarUint8Array(decoding.createDecoder(bytes.slice(2))));
  const has = (doc) =>
    updates().some((update) => Y.parseUpdateMeta(update).to.get(doc.clientID) === Y.getState(doc.store, doc.clientID));
  await until(() => peers.every(({ doc }) => has(doc)), 'an edit of each comes');
}

const knows = (peer, names) =>
  until(
    () => Object.keys(peer.others).sort().join() === names.join(),
    () => `${peer.user} should know ${names}, and knows ${Object.keys(peer.others)}`,
  );

roomTest('awareness states reach all providers, and newcomers', async ({ peer }) => {
  const ada = await peer('ada');
  const bob = await peer('bob');
  ada.setState({ cursor: 1 });
  bob.setState();
  await knows(ada, ['bob']);
  await until(() => bob.others.ada?.cursor === 1, 'bob sees where ada is');
  ada.setState({ cursor: 2 });
  await until(() => bob.others.ada?.cursor === 2, 'bob sees her move');
  const cleo = await peer('cleo');
  cleo.setState();
  await knows(cleo, ['ada', 'bob']);
  assert.equal(cleo.others.ada.cursor, 2);
  await knows(ada, ['bob', 'cleo']);
});

roomTest('the state of a provider that leaves or drops is withdrawn at once', async ({ peer }) => {
  const [ada, bob, cleo] = [await peer('ada'), await peer('bob'), await peer('cleo')];
  [ada, bob, cleo].forEach((it) => it.setState());
  await knows(ada, ['bob', 'cleo']);
  bob.leave();
  await knows(ada, ['cleo']);
  cleo.drop();
  await knows(ada, []);
  const dan = await peer('dan');
  await knows(dan, ['ada']);
});

roomTest('the state of a provider that reconnects is shown again at once', async ({ peer }) => {
  const [ada, bob] = [await peer('ada'), await peer('bob')];
  [ada, bob].forEach((it) => it.setState({ here: true }));
  await knows(ada, ['bob']);
  // It does not repeat its state, so that only the reconnect restores it.
  clearInterval(bob.awareness._checkInterval);
  bob.socket.terminate();
  await knows(ada, []);
  await knows(ada, ['bob']);
  assert.deepEqual(bob.awareness.getLocalState(), { user: 'bob', here: true });
});

roomTest('states that receivers send back are not broadcast again', async ({ peer, raw }) => {
  const [ada, bob, cleo] = [await peer('ada'), await peer('bob'), await peer('cleo')];
  const eve = await raw('eve');
  [ada, bob, cleo].forEach((it) => it.setState());
  await knows(cleo, ['ada', 'bob']);
  await passed(eve, [ada, bob, cleo]);
  eve.frames.length = 0;
  // Copies of earlier states may still be in transit.
  const isMove = ([client, , state]) => client === ada.doc.clientID && 'cursor' in state;
  const copies = (peer) =>
    peer.sent
      .filter(([type]) => type === 1)
      .flatMap(read)
      .filter(isMove).length;
  for (let cursor = 0; cursor < 20; cursor += 1) {
    ada.setState({ cursor });
  }
  await until(
    () => copies(bob) === 20 && copies(cleo) === 20,
    () => `${copies(bob)} and ${copies(cleo)} copies of 20 moves`,
  );
  await passed(eve, [ada, bob, cleo]);
  const moves = eve.frames
    .filter(([type]) => type === 1)
    .map(read)
    .filter(([[client]]) => client === ada.doc.clientID);
  assert.equal(moves.length, 20);
  assert.deepEqual(moves.at(-1)[0][2], { user: 'ada', cursor: 19 });
});

roomTest('an awareness query is answered with all states', async ({ peer, raw }) => {
  const eve = await raw('eve');
  eve.send([3]);
  const ada = await peer('ada');
  ada.setState({ cursor: 3 });
  await eve.frame(1);
  await until(() => eve.frames.some((bytes) => bytes[0] === 1 && read(bytes)[0][2].cursor === 3), 'eve gets the state');
  eve.frames.length = 0;
  eve.send([3]);
  const [client, , state] = read(await eve.frame(1))[0];
  assert.deepEqual([client, state], [ada.doc.clientID, { user: 'ada', cursor: 3 }]);
});

roomTest('a provider that is alone gets its own state back, so that its connection stays', async ({ peer, raw }) => {
  const ada = await peer('ada');
  const { socket } = ada;
  // The provider closes a connection without a message for 30 seconds.
  await until(() => ada.received.some(([type]) => type === 1), 'it receives a message');
  assert.equal(ada.socket, socket, 'on the same connection');
  const eve = await raw('eve');
  eve.send(states([1, 1, {}]));
  await until(() => eve.frames.some((bytes) => bytes[0] === 1 && read(bytes)[0][0] === 1), 'it receives its own state');
});

roomTest('an invalid state closes its connection with 1003, and reaches nobody', async ({ peer, raw }) => {
  const ada = await peer('ada');
  const deep = `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`;
  const malformed = ['', 'x', '{', '{"a":}', '5', '"text"', '[]', 'nul', deep, '{"a":"\u0001"}'];
  for (const state of malformed) {
    const eve = await raw('eve');
    eve.send(states([77, 1, state]));
    assert.equal((await eve.ended()).code, 1003, state.slice(0, 20));
  }
  // The first state is valid, but a malformed frame is rejected as a whole.
  const eve = await raw('eve');
  eve.send(states([78, 1, {}], [79, 1, '{']));
  assert.equal((await eve.ended()).code, 1003);
  const bob = await peer('bob');
  bob.setState();
  await knows(ada, ['bob']);
  assert.deepEqual(
    [...ada.awareness.getStates().keys()].filter((client) => client < 100),
    [],
  );
  assert.equal(ada.closed, null);
});

roomTest('states over the limit are dropped, and the connection stays', async ({ peer, raw }) => {
  const ada = await peer('ada');
  const eve = await raw('eve');
  eve.send(states([500, 1, { long: 'x'.repeat(70_000) }]));
  assert.match(Buffer.from(await eve.frame(2, 0)).toString(), /exceeds the per-connection limit/);
  eve.send(states(...Array.from({ length: 40 }, (_, n) => [600 + n, 1, { n }])));
  await until(() => eve.frames.filter(([type]) => type === 2).length === 2, 'it is rejected');
  await until(() => ada.awareness.getStates().has(631), 'states below the limit are shown');
  const shown = [...ada.awareness.getStates().keys()].filter((client) => client >= 500 && client < 700);
  assert.equal(shown.length, 32);
  eve.end();
  await until(() => !ada.awareness.getStates().has(631), 'all states are withdrawn');
  assert.deepEqual(
    [...ada.awareness.getStates().keys()].filter((client) => client >= 500 && client < 700),
    [],
  );
});

test('awareness survives hibernation, and connections that dropped meanwhile are withdrawn', () =>
  untilHibernated(async (waitForHibernation) => {
    let hasSlept = false;
    await withRoom(
      'awareness',
      withPeers(async ({ peer, join }) => {
        const watcher = await join('watcher');
        const changes = () => watcher.said.filter((text) => text.startsWith('change '));
        const [ada, bob, cleo] = [await peer('ada'), await peer('bob'), await peer('cleo')];
        ada.text.insert(0, 'a');
        await until(() => changes().length === 1, 'the hook runs for the first change');
        // Longer than a socket's attachment.
        const long = 'x'.repeat(20_000);
        [ada, bob].forEach((it) => it.setState({ cursor: 1 }));
        cleo.setState({ long });
        await knows(ada, ['bob', 'cleo']);
        await waitForHibernation();
        const dan = await peer('dan');
        await knows(dan, ['ada', 'bob', 'cleo']);
        assert.deepEqual([dan.others.ada.cursor, dan.others.cleo.long === long], [1, true]);
        dan.text.insert(0, 'd');
        await until(() => changes().length === 2, 'the hook runs for the second change');
        dan.end();
        [ada, bob, cleo].forEach((it) => it.setState({ cursor: 2 }));
        await until(() => bob.others.ada?.cursor === 2, 'bob sees where ada is');
        await waitForHibernation();
        bob.drop();
        await knows(ada, ['cleo']);
        ada.text.insert(0, 'b');
        await until(() => changes().length === 3, 'the hook runs for the last change');
        await until(() => cleo.text.toString() === 'bda', 'the document can be edited');
        // The count starts at the wake.
        hasSlept = [/^change 1 by dan/, /^change 1 by ada/].every((change, index) => change.test(changes()[index + 1]));
      }),
    );
    return hasSlept;
  }));
