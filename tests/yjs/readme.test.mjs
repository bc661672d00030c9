// The example of a provider in README.md, run as it is written there.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { still, until } from '../wait.mjs';
import { fixture, fresh } from './client.mjs';
import { token } from './provider.mjs';

// The secret of tests/fixture.
const SECRET = 'the secret of the tests';
// Longer than the pause of the example.
const A_WHILE = 2_500;

const AsyncFunction = (async () => {}).constructor;

/** Returns the example as a function of the globals of a page. */
async function example() {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const section = readme.split('\n## ').find((text) => text.startsWith('Any Yjs editor\n'));
  const code = section?.match(/```js\n(.*?)```/s)?.[1];
  assert.ok(code, 'README.md has a section on editors, with an example');
  return new AsyncFunction('WebsocketProvider', 'doc', 'fetch', `${code}\nreturn provider;`);
}

/** Returns an expired token. */
function expired(room) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { room, sub: 'ada', user: { id: 'ada' }, iat: now - 120, exp: now - 60, access: 'write' };
  const unsigned = [{ alg: 'HS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${unsigned}.${createHmac('sha256', SECRET).update(unsigned).digest('base64url')}`;
}

/** Runs `run` with the example's provider in a room of its own; `first` makes its first token, by default a valid one. */
function readmeTest(name, first, run) {
  test(name, async () => {
    const room = fresh('readme');
    const given = { room, doc: new Y.Doc(), asked: 0, codes: [] };
    class Provider extends WebsocketProvider {
      constructor(url, name, doc, options) {
        assert.deepEqual([url, name], ['wss://rooms.example/api/pluv/yjs', 'NAME']);
        const here = `${fixture().replace('http', 'ws')}/notes/yjs`;
        super(here, room, doc, { ...options, WebSocketPolyfill: WebSocket, disableBc: true });
        this.on('connection-close', (event) => event && given.codes.push(event.code));
      }
    }
    const fetch = async (path) => {
      assert.equal(path, '/api/pluv/authorize?room=NAME');
      given.asked += 1;
      return new Response(given.asked === 1 && first ? first(room) : await token({ room, user: 'ada' }));
    };
    const provider = await (await example())(Provider, given.doc, fetch);
    try {
      await run(Object.assign(given, { provider }));
    } finally {
      provider.destroy();
      // Destroying the document stops the timer of its awareness.
      given.doc.destroy();
    }
  });
}

/** Calls a route of the worker that controls the room. */
async function control({ room }, what, body = '') {
  const answer = await fetch(`${fixture()}/control/${room}/notes/${what}`, { method: 'POST', body });
  return answer.text();
}

const inStep = (given) =>
  until(
    () => given.provider.synced,
    () => `it is in step; it was closed with ${given.codes}`,
  );

readmeTest('an expired token is replaced after a pause', expired, async (given) => {
  await inStep(given);
  assert.deepEqual([given.asked, given.codes], [2, [4401]]);
  assert.equal(await control(given, 'sessions'), 'ada Yjs: ');
});

readmeTest('a token that is never valid is requested at most once per pause', expired, async (given) => {
  given.provider.on('closed', () => {
    given.asked = 0;
  });
  const since = Date.now();
  await until(() => given.codes.length === 3, 'it was rejected three times');
  assert.ok(Date.now() - since > 1_500, `within ${Date.now() - since} ms`);
});

readmeTest('a provider that the server disconnected does not reconnect', null, async (given) => {
  await inStep(given);
  assert.equal(await control(given, 'evict-user', 'ada'), '1');
  await until(() => given.codes.length > 0, 'it is closed');
  await still(A_WHILE);
  assert.deepEqual([given.asked, given.codes, await control(given, 'size')], [1, [4403], '0']);
});

readmeTest('a provider that is allowed to reconnect does, with its valid token', null, async (given) => {
  await inStep(given);
  assert.equal(await control(given, 'evict-all'), '1');
  await until(() => given.codes.length > 0, 'it is closed');
  await inStep(given);
  assert.deepEqual([given.asked, given.codes], [1, [1012]]);
});
