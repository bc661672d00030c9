// The generated TypeScript client of a room, against a real workerd.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { TcpProxy } from '../browser/proxy.mjs';
import { still, until } from '../wait.mjs';
import { BASE, PluvError, reaches, withRoom, withServer } from './rooms.mjs';

const roomTest = (name, run) => test(name, (t) => withRoom((room) => run({ ...room, t })));

/** A test whose first client connects over a proxy that can be cut. */
function wireTest(name, run) {
  roomTest(name, async (room) => {
    const wire = await TcpProxy.start(BASE);
    try {
      await run({ ...room, wire, joinOverWire: (user, options) => room.join(user, { url: wire.url, ...options }) });
    } finally {
      await wire.stop();
    }
  });
}

const rejectsAs = (code, message) => (error) => {
  assert.ok(error instanceof PluvError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

roomTest('an event reaches everyone, with its sender', async ({ join }) => {
  const [ada, bob] = [await join('ada'), await join('bob')];
  assert.deepEqual(
    ada.statuses.map(({ status }) => status),
    ['connecting', 'online'],
  );
  assert.equal(ada.send('say', { text: 'hello' }), true);
  await until(() => ada.heard.length > 0 && bob.heard.length > 0, 'both hear it');
  const said = { text: 'hello', connectionId: ada.sessionId, user: { id: 'ada' } };
  assert.deepEqual(ada.heard, [{ ...said, mine: true }]);
  assert.deepEqual(bob.heard, [{ ...said, mine: false }]);
});

roomTest('a disconnected client gets the reason, and reconnects on request', async ({ join }) => {
  const [ada, bob] = [await join('ada'), await join('bob')];
  // An earlier error is not the reason.
  await assert.rejects(bob.call.sum({ numbers: [] }));
  bob.send('nonsense', {});
  await until(() => bob.errors.length > 0, 'the room says so');
  ada.send('evict', { text: 'bob' });
  await reaches(bob, 'refused');
  assert.equal(bob.status.message, 'disconnected by the server');
  await until(() => ada.others.length === 0, 'the other sees it');
  await still(300);
  assert.equal(bob.status.status, 'refused', 'it does not reconnect by itself');
  bob.reconnect();
  await reaches(bob, 'online');
  await until(() => ada.others.length === 1, 'the other sees it');
});

roomTest('a removed listener is not called', async ({ join }) => {
  const ada = await join('ada');
  const heard = [];
  const off = ada.on('said', ({ text }) => heard.push(text));
  ada.send('say', { text: 'one' });
  await until(() => heard.length === 1, 'it is heard');
  off();
  ada.send('say', { text: 'two' });
  await until(() => ada.heard.length === 2, 'the other listener is called');
  assert.deepEqual(heard, ['one']);
});

roomTest('nothing is sent without a connection', async ({ connect }) => {
  const ada = connect('ada');
  assert.equal(ada.send('say', { text: 'lost' }), false);
  await reaches(ada, 'online');
  assert.equal(ada.send('say', { text: 'there' }), true);
  await until(() => ada.heard.length > 0, 'it is heard');
  assert.deepEqual(
    ada.heard.map(({ text }) => text),
    ['there'],
  );
});

roomTest('each call of a procedure gets its own answer', async ({ join }) => {
  const [ada, bob] = [await join('ada'), await join('bob')];
  const lists = [[1], [2, 3], [4, 5, 6]];
  const sums = await Promise.all(lists.flatMap((numbers) => [ada, bob].map(({ call }) => call.sum({ numbers }))));
  assert.deepEqual(sums, [1, 1, 5, 5, 15, 15]);
  assert.equal(await ada.call.count(), 2, 'the answer has another name than the procedure');
});

roomTest('a procedure that is sent as an event answers with an event', async ({ join }) => {
  const ada = await join('ada');
  const answer = new Promise((resolve) => {
    ada.on('sumResult', resolve);
  });
  ada.send('sum', { numbers: [1, 2] });
  assert.equal(await answer, 3);
});

roomTest('an error rejects the call that it answers, and no other', async ({ join }) => {
  const ada = await join('ada');
  const calls = [ada.call.sum({ numbers: [] }), ada.call.sum({ numbers: [1] }), ada.call.nonsense()];
  await assert.rejects(calls[0], rejectsAs('error', /^there is nothing to add$/));
  assert.equal(await calls[1], 1);
  await assert.rejects(calls[2], rejectsAs('error', /^this room has no event `nonsense`/));
  assert.deepEqual(ada.errors, []);
});

roomTest('an error that answers no call is emitted', async ({ join }) => {
  const ada = await join('ada');
  ada.send('say', { txt: 'hello' });
  await until(() => ada.errors.length > 0, 'the error comes');
  assert.match(ada.errors[0], /`say`/);
});

roomTest('a call waits for the connection', async ({ connect }) => {
  assert.equal(await connect('ada').call.sum({ numbers: [1, 2] }), 3);
});

wireTest('a call that is not answered in time is rejected', async ({ wire, joinOverWire }) => {
  const ada = await joinOverWire('ada');
  wire.freeze();
  await assert.rejects(ada.call.sum({ numbers: [1] }, { timeout: 100 }), rejectsAs('timeout', /within 100 ms/));
});

wireTest('a call that was sent is rejected when the connection ends, one that was not is sent later', async (room) => {
  const { wire, joinOverWire } = room;
  const ada = await joinOverWire('ada');
  wire.freeze();
  const sent = assert.rejects(ada.call.sum({ numbers: [1] }), rejectsAs('closed', /lost/));
  wire.cut();
  await sent;
  await reaches(ada, 'reconnecting');
  const waiting = ada.call.sum({ numbers: [2] });
  wire.restore();
  assert.equal(await waiting, 2);
});

roomTest('a call is aborted by its signal', async ({ join }) => {
  const ada = await join('ada');
  const controller = new AbortController();
  const call = ada.call.sum({ numbers: [1] }, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(call, /enough/);
  await assert.rejects(ada.call.sum({ numbers: [1] }, { signal: controller.signal }), /enough/);
  assert.equal(await ada.call.sum({ numbers: [2] }), 2);
});

roomTest('a closed client does not reconnect', async ({ join }) => {
  const [ada, bob] = [await join('ada'), await join('bob')];
  const call = assert.rejects(ada.call.sum({ numbers: [1] }), rejectsAs('closed', /was/));
  ada.close();
  await call;
  assert.equal(ada.status.status, 'closed');
  await assert.rejects(ada.call.sum({ numbers: [1] }), rejectsAs('closed', /no connection/));
  assert.equal(ada.send('say', { text: 'hello' }), false);
  ada.reconnect();
  await until(() => bob.others.length === 0, 'the other client sees the exit');
  await still(300);
  assert.equal(ada.status.status, 'closed');
});

roomTest('a client that gets no token reports the reason, and does not retry by itself', async ({ connect }) => {
  const ada = connect('banned');
  await reaches(ada, 'refused');
  assert.equal(ada.status.message, 'you are banned');
  assert.equal(ada.status.retryAt, null);
  await assert.rejects(ada.call.count(), rejectsAs('refused', /you are banned/));
  await still(300);
  assert.deepEqual(
    ada.statuses.map(({ status }) => status),
    ['connecting', 'refused'],
  );
});

roomTest('a token request that fails is retried', async ({ connect }) => {
  let user = 'broken';
  const ada = connect('', { query: () => ({ user_id: user }) });
  await reaches(ada, 'reconnecting');
  user = 'ada';
  await until(() => ada.people.length > 0, 'it is there');
  assert.equal(ada.people[0].user.id, 'ada');
});

roomTest('a rejected token is reported, and another can be tried', async ({ connect }) => {
  let token = 'nonsense';
  const ada = connect('', { token: async (room) => token || fetchToken(room, 'ada') });
  await reaches(ada, 'refused');
  assert.ok(ada.status.message);
  token = '';
  ada.reconnect();
  await reaches(ada, 'online');
});

async function fetchToken(room, user) {
  const response = await fetch(`${BASE}/lab/authorize?room=${room}&user_id=${user}`);
  return response.text();
}

for (const [code, status] of [
  [1000, 'refused'],
  [3000, 'refused'],
  [4000, 'refused'],
  [1013, 'again'],
  [1012, 'again'],
  [1001, 'again'],
  [1011, 'again'],
]) {
  roomTest(`after a close with ${code} it is ${status}`, ({ connect }) => {
    let tries = 0;
    const accept = (socket) => {
      tries += 1;
      socket.send(JSON.stringify({ type: '$error', data: { message: 'the reason' }, connectionId: 'c', user: null }));
      socket.close(code);
    };
    return withServer(accept, async (url) => {
      const ada = connect('ada', { url });
      if (status === 'again') {
        await until(() => tries >= 3, 'it comes back');
      } else {
        await reaches(ada, 'refused');
        assert.equal(ada.status.message, 'the reason');
        await still(300);
        assert.equal(tries, 1);
      }
      ada.close();
    });
  });
}

wireTest(
  'a lost connection reconnects by itself, and updates the list of users',
  async ({ wire, join, joinOverWire }) => {
    const [ada, bob] = [await joinOverWire('ada', { presence: { note: 'kept' } }), await join('bob')];
    await until(() => ada.others.length === 1, 'the clients see each other');
    wire.cut();
    await reaches(ada, 'reconnecting');
    assert.deepEqual(
      ada.others.map(({ id }) => id),
      ['bob'],
      'the user stays shown',
    );
    bob.close();
    const eve = await join('eve');
    await until(() => eve.others.length === 0, 'the room saw both exits');
    wire.restore();
    await until(() => ada.online && ada.others[0]?.id === 'eve', 'it is back');
    await until(() => eve.others[0]?.presence.note === 'kept', 'its presence is restored too');
  },
);

wireTest('the delays between reconnects grow, with jitter', async ({ t, wire, joinOverWire }) => {
  const retry = { min: 10, max: 160 };
  const ada = await joinOverWire('ada', { retry });
  wire.cut();
  const waits = [];
  // The clock as the client last read it: it advances before the status is emitted.
  const clock = t.mock.method(Date, 'now');
  ada.on('$status', ({ retryAt }) => retryAt && waits.push(retryAt - clock.mock.calls.at(-1).result));
  await until(() => waits.length >= 10, 'ten attempts are made');
  for (const [failures, wait] of waits.entries()) {
    assert.ok(wait > retry.min - 0.01, `${wait}`);
    assert.ok(wait < Math.min(retry.max, 2 * retry.min * 2 ** failures) + 0.01, `wait ${failures} is ${wait}`);
  }
  assert.ok(Math.max(...waits) > 40, `${waits}`);
  assert.ok(new Set(waits.slice(5).map(Math.round)).size > 1, `${waits}`);
});

wireTest('a dead connection is detected by the heartbeat', async ({ wire, joinOverWire }) => {
  let answers = 0;
  class Socket extends WebSocket {
    constructor(url) {
      super(url);
      this.on('message', (text) => {
        answers += Number(text.includes('"$pong"'));
      });
    }
  }
  const ada = await joinOverWire('ada', { WebSocket: Socket, heartbeat: { interval: 50, timeout: 5_000 } });
  await until(() => answers > 5, 'it is answered');
  assert.deepEqual(
    ada.statuses.map(({ status }) => status),
    ['connecting', 'online'],
    'the connection stays while pings are answered',
  );
  wire.freeze();
  await reaches(ada, 'reconnecting');
  await reaches(ada, 'online');
  // A slow answer counts as missing.
  assert.equal(
    await until(() => ada.call.sum({ numbers: [1] }).catch(({ code }) => assert.equal(code, 'closed')), 'it answers'),
    1,
  );
});

roomTest('a ping does not wake the room, and has the exact bytes that the platform answers', ({ connect }) => {
  const frames = [];
  const accept = (socket) => {
    const user = { id: 'ada' };
    const send = (type, data) => socket.send(JSON.stringify({ type, data, connectionId: 'c', user }));
    send('$registered', { sessionId: 'c', presence: null, state: null, timers: {} });
    socket.on('message', (bytes) => {
      frames.push(bytes.toString());
      if (frames.length === 1) {
        send('$userJoined', { connectionId: 'c', user, presence: {}, timers: {} });
      }
    });
  };
  return withServer(accept, async (url) => {
    const ada = connect('ada', { url, heartbeat: { interval: 20 } });
    await until(() => frames.length >= 3, 'it pings');
    assert.deepEqual(frames.slice(0, 3), [
      '{"type":"$initializeSession","data":{"presence":{},"update":""}}',
      '{"type":"$getOthers","data":{}}',
      '{"type":"$ping","data":{}}',
    ]);
    ada.close();
  });
});

roomTest('a presence update is merged, and everyone gets the whole presence', async ({ join }) => {
  const ada = await join('ada', { presence: { note: 'first' } });
  const bob = await join('bob');
  const seen = () => bob.others.find(({ id }) => id === 'ada')?.presence;
  await until(() => seen()?.note === 'first', 'the one that it joined with');
  ada.updatePresence({ note: 'second' });
  assert.equal(ada.presence.note, 'second');
  assert.equal(ada.people.find(({ you }) => you).presence.note, 'second');
  await until(() => seen().note === 'second', 'the patch');
  bob.send('setNote', { text: 'by the room' });
  await until(() => ada.others[0].presence.note === 'by the room', 'one that the room set');
  await until(() => bob.presence.note === 'by the room', 'its own client gets it too');
  assert.equal(bob.people.find(({ you }) => you).presence.note, 'by the room');
});

roomTest('a presence that is changed while the client joins reaches the room', async ({ connect, join }) => {
  const bob = await join('bob');
  class Socket extends WebSocket {
    send(text) {
      super.send(text);
      if (text.includes('$initializeSession')) {
        ada.updatePresence({ note: 'second' });
      }
    }
  }
  const ada = connect('ada', { presence: { note: 'first' }, WebSocket: Socket });
  await until(() => bob.others[0]?.presence.note === 'second', 'the other sees it');
  assert.equal(ada.presence.note, 'second');
});

wireTest('a presence that is changed offline reaches a room that still knows the user', async (room) => {
  const { wire, join, joinOverWire } = room;
  const ada = await joinOverWire('ada', { presence: { note: 'before' } });
  const [tab, bob] = [await join('ada'), await join('bob')];
  wire.cut();
  await reaches(ada, 'reconnecting');
  ada.updatePresence({ note: 'offline' });
  assert.equal(ada.presence.note, 'offline');
  wire.restore();
  await until(() => bob.others[0].presence.note === 'offline' && tab.presence.note === 'offline', 'all see it');
  await until(() => ada.online, 'it is back');
  assert.equal(ada.presence.note, 'offline');
});

wireTest('a presence that was lost in transit is sent again', async ({ wire, join, joinOverWire }) => {
  const ada = await joinOverWire('ada', { presence: { note: 'before' } });
  const tab = await join('ada');
  wire.freeze();
  ada.updatePresence({ note: 'lost' });
  wire.cut();
  await reaches(ada, 'reconnecting');
  assert.equal(tab.presence.note, 'before');
  wire.restore();
  await until(() => tab.presence.note === 'lost', 'it is there');
  assert.equal(ada.presence.note, 'lost');
});

roomTest('a presence that the room rejects is reverted, and the error reported', async ({ join }) => {
  const ada = await join('ada', { kind: 'Notes', presence: { note: 'first' } });
  ada.updatePresence({ note: 'x'.repeat(10_000) });
  await until(() => ada.errors.length > 0, 'the error comes');
  assert.match(ada.errors[0], /`data.presence` would take \d+ bytes/);
  assert.equal(ada.presence.note, 'first');
  assert.equal(ada.people[0].presence.note, 'first');
});

roomTest('two tabs of a user are one user with one presence', async ({ join }) => {
  const first = await join('ada', { presence: { note: 'of the first' } });
  const bob = await join('bob');
  const second = await join('ada');
  assert.equal(second.presence.note, 'of the first', 'a new tab takes over the newest presence');
  const ada = () => bob.others.find(({ id }) => id === 'ada');
  await until(() => ada().connections.length === 2, 'both tabs are seen');
  assert.deepEqual(ada().connections, [first.sessionId, second.sessionId]);
  assert.equal(bob.others.length, 1);
  assert.deepEqual(
    first.others.map(({ id }) => id),
    ['bob'],
  );
  second.updatePresence({ note: 'of the second' });
  await until(() => first.presence.note === 'of the second', 'the first tab has it too');
  await until(() => ada().presence.note === 'of the second', 'and so has the other user');
  second.close();
  await until(() => ada().connections.length === 1, 'a tab is gone');
  assert.deepEqual(ada().connections, [first.sessionId], 'and the user is connected');
});

roomTest('a room without users needs no token', async ({ join }) => {
  const [one, two] = [await join('', { kind: 'Plain' }), await join('', { kind: 'Plain' })];
  await until(() => one.others.length === 1, 'the clients see each other');
  const { id, user, you } = one.others[0];
  assert.deepEqual({ id, user, you }, { id: two.sessionId, user: null, you: false });
  one.send('say', { text: 'hello' });
  await until(() => two.heard.length > 0, 'it is heard');
});

roomTest('the address can be a `ws:` URL', async ({ connect, join }) => {
  const ada = await join('ada', { url: BASE.replace('http:', 'ws:') });
  assert.equal(await ada.call.count(), 1);
  const urls = [];
  class Socket extends EventTarget {
    constructor(url) {
      super();
      urls.push(url);
    }
    close() {}
  }
  for (const url of ['wss://rooms.example', 'https://rooms.example', 'http://rooms.example']) {
    connect('', { kind: 'Plain', name: 'lobby', url, WebSocket: Socket });
  }
  await until(() => urls.length === 3, 'all are opened');
  const path = '://rooms.example/plain/room/lobby';
  assert.deepEqual(urls, [`wss${path}`, `wss${path}`, `ws${path}`]);
});

for (const [what, message, options] of [
  ['an address that is none', /^`not a url` is no address of a worker: write `url` as in/, { url: 'not a url' }],
  ['the address of a file', /^`file:\/\/\/room` is no address of a worker/, { url: 'file:///room' }],
  ['no WebSocket', /^there is no WebSocket here: give one as `WebSocket`/, { WebSocket: undefined }],
  [
    'a WebSocket that may not be opened',
    /^insecure$/,
    {
      WebSocket: class {
        constructor() {
          throw new Error('insecure');
        }
      },
    },
  ],
]) {
  roomTest(`with ${what} the connection is rejected with a reason`, async ({ connect }) => {
    const { WebSocket: given } = globalThis;
    delete globalThis.WebSocket;
    try {
      const ada = connect('ada', options);
      await reaches(ada, 'refused');
      assert.match(ada.status.message, message);
      await assert.rejects(ada.call.count(), rejectsAs('refused', message));
      await still(300);
      assert.deepEqual(
        ada.statuses.map(({ status }) => status),
        ['connecting', 'refused'],
      );
    } finally {
      globalThis.WebSocket = given;
    }
  });
}

/** Returns a copy of a document, as a page would have it. */
function copy() {
  const doc = new Y.Doc();
  const remote = Symbol('remote');
  return {
    doc,
    text: doc.getText('text'),
    storage: {
      encode: () => Y.encodeStateAsUpdate(doc),
      apply: (update) => Y.applyUpdate(doc, update, remote),
    },
    send(client) {
      doc.on('update', (update, origin) => origin !== remote && client.updateStorage(update));
    },
  };
}

wireTest('a document is shared, with edits made offline', async ({ wire, join, joinOverWire }) => {
  const [a, b] = [copy(), copy()];
  const ada = await joinOverWire('ada', { kind: 'Notes', storage: a.storage });
  const bob = await join('bob', { kind: 'Notes', storage: b.storage });
  const causes = [];
  bob.on('$storage', ({ user, mine }) => causes.push([user.id, mine]));
  a.send(ada);
  b.send(bob);
  a.text.insert(0, 'hello');
  await until(() => b.text.toString() === 'hello', 'the other has it');
  assert.deepEqual(causes, [['ada', false]]);
  wire.cut();
  await reaches(ada, 'reconnecting');
  a.text.insert(5, ' from offline');
  b.text.insert(0, 'oh ');
  wire.restore();
  const merged = 'oh hello from offline';
  await until(() => a.text.toString() === merged && b.text.toString() === merged, 'both have both');
});

roomTest('a client without a copy of the document joins', async ({ join }) => {
  const a = copy();
  const ada = await join('ada', { kind: 'Notes', storage: a.storage });
  a.send(ada);
  const bob = await join('bob', { kind: 'Notes' });
  const c = copy();
  await join('cleo', { kind: 'Notes', storage: c.storage });
  a.text.insert(0, 'hello');
  // Either of the two connections may be first.
  await until(() => c.text.toString() === 'hello', 'the client with a copy has the text');
  bob.send('read');
  await until(() => bob.heard.some(({ text }) => text === 'hello'), 'the room has it');
  await until(() => bob.others.length === 2, 'and the clients see each other');
});
