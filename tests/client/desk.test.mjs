// Calls by the worker and by other rooms, requests over HTTP, and the state that all clients see: on a real worker.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../wait.mjs';
import { BASE, withRoom } from './rooms.mjs';

/** Calls a procedure of a desk by the worker's route. Returns its status and text. */
async function control(room, what, body = '') {
  const response = await fetch(`${BASE}/control/${room}/desk/${what}`, { method: 'POST', body });
  return [response.status, await response.text()];
}

const desk = (join, user, options) => join(user, { kind: 'Desk', ...options });

/** The headers by which the worker speaks to a room, as someone else would send them. */
const FORGED = {
  'x-pluv-room': '"elsewhere"',
  'x-pluv-admin': '"delete"',
  'x-pluv-call': '{"name":"count","session":"s","user":null}',
  'x-pluv-http': '{"id":"admin"}',
};

test('the worker calls procedures, as nobody and as a user', () =>
  withRoom(async ({ room, join }) => {
    const ada = await desk(join, 'ada');
    assert.deepEqual(await control(room, 'count'), [200, '0']);
    assert.deepEqual(await control(room, 'zoe', 'hello'), [200, '1']);
    await until(() => ada.shared?.letters.length === 1, 'she sees the letter');
    assert.deepEqual(ada.shared, { letters: ['hello'], by: 'zoe' });
    assert.deepEqual(await control(room, 'zoe'), [400, 'the letter is empty']);
    assert.deepEqual(await control(room, 'count'), [200, '1']);
    await assert.rejects(ada.call.count({}), /this room has no event `count`/, 'it is for the worker');
    assert.deepEqual(await control(room, 'size'), [200, '1']);
  }));

test('two rooms call each other', () =>
  withRoom(async ({ room }) => {
    await control(room, 'zoe', 'one');
    // It asks the other, which asks it while it waits.
    assert.deepEqual(await control(room, 'ask', `${room}-other`), [200, '1']);
    assert.deepEqual(await control(room, 'ask', room), [200, '1'], 'and a room itself');
  }));

test('the hook that decides who may connect can wait', () =>
  withRoom(async ({ connect, join }) => {
    const mallory = connect('mallory', { kind: 'Desk' });
    await until(() => mallory.status.status === 'refused', 'she is refused');
    assert.match(mallory.status.message, /^you may not come to client-/);
    const all = await Promise.all(['ada', 'bob', 'cleo'].map((user) => desk(join, user)));
    await until(() => all.every(({ people }) => people.length === 3), 'they see each other');
  }));

test('a room that is not created yet says so', () =>
  withRoom(async ({ room, connect }) => {
    const ada = connect('ada', { kind: 'Desk', name: `unmade-${room}` });
    await until(() => ada.status.status === 'refused', 'it is refused');
    assert.equal(ada.status.message, 'this desk is not there yet');
  }));

test('requests over HTTP reach the room, without what only the worker says', () =>
  withRoom(async ({ room, join }) => {
    const ada = await desk(join, 'ada');
    const url = `${BASE}/desk/room/${room}`;
    const ask = async (path, init) => {
      const response = await fetch(url + path, init);
      return [response.status, await response.text()];
    };
    assert.deepEqual(await ask('/webhooks/mail?x=1'), [200, `nobody /desk/room/${room}/webhooks/mail 0 0`]);
    assert.deepEqual(await ask('/in', { method: 'POST', body: 'by post' }), [200, `nobody /desk/room/${room}/in 1 0`]);
    await until(() => ada.shared?.letters.includes('by post'), 'she sees it');
    const token = await (await fetch(`${BASE}/desk/authorize?room=${room}&user_id=zoe`)).text();
    assert.deepEqual(await ask(`/in?token=${token}`), [200, `zoe /desk/room/${room}/in 1 0`]);
    const [status, reason] = await ask('/in?token=nonsense');
    assert.equal(status, 403);
    assert.match(reason, /token/);
    assert.deepEqual(await ask('', { headers: FORGED }), [200, `nobody /desk/room/${room} 1 0`]);
    assert.deepEqual(await ask('/in', { method: 'POST', headers: FORGED, body: 'forged' }), [
      200,
      `nobody /desk/room/${room}/in 2 0`,
    ]);
    // What it stored in transactions of its own before it failed is stored.
    assert.deepEqual(await ask('/refused'), [400, 'not here']);
    await until(() => ada.shared?.letters.includes('lost'), 'she sees it');
    assert.equal(ada.status.status, 'online', 'nothing was deleted');
  }));

test('a future that outlives its handler changes the room', () =>
  withRoom(async ({ join }) => {
    const [ada, bob] = [await desk(join, 'ada'), await desk(join, 'bob')];
    const answered = new Promise((resolve) => bob.on('answered', ({ text }) => resolve(text)));
    ada.send('think', { text: 'later' });
    assert.equal(await answered, 'later');
    await until(() => ada.shared?.letters.includes('later'), 'it is shared');
  }));

test('everyone sees the same state, also who joins or comes back', () =>
  withRoom(async ({ join }) => {
    const [ada, bob] = [await desk(join, 'ada'), await desk(join, 'bob')];
    const seen = [];
    ada.on('$shared', ({ letters }) => seen.push(letters.length));
    assert.deepEqual(ada.shared, { letters: [], by: null });
    await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 ? ada : bob).call.put({ text: `${at}` })));
    await until(() => ada.shared.letters.length === 20, 'she sees all');
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a - b),
      'in order',
    );
    const cleo = await desk(join, 'cleo');
    await until(() => cleo.shared !== null, 'she has it');
    assert.deepEqual(cleo.shared, ada.shared);
    bob.reconnect();
    await until(() => bob.online, 'he is back');
    await until(() => bob.shared.letters.length === 20, 'he has it');
    assert.deepEqual(bob.shared, ada.shared);
  }));
