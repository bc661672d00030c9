// The page of examples/whiteboard in real browsers, against the worker at PLUV_WHITEBOARD_URL, which logs to
// PLUV_WHITEBOARD_LOG.
//
// PLUV_CHROMIUM is the browser, PLUV_SCREENSHOTS a directory for pictures of the page.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { test } from 'node:test';
import { pace, still, TIMEOUT, until } from '../wait.mjs';
import { Extra, idOf } from './crowd.mjs';
import { DESKTOP, PHONE, Stage, wakeByUser } from './stage.mjs';

const BASE = process.env.PLUV_WHITEBOARD_URL;
const LOG = process.env.PLUV_WHITEBOARD_LOG;
const SCREENSHOTS = process.env.PLUV_SCREENSHOTS;

assert.ok(BASE, 'PLUV_WHITEBOARD_URL is missing: the address of a worker that runs examples/whiteboard');
assert.ok(LOG, 'PLUV_WHITEBOARD_LOG is missing: the file that the worker logs to');

/** A test with a board of its own. */
function boardTest(name, run) {
  test(name, async () => {
    const scene = new Scene();
    try {
      await run(scene);
      scene.assertQuiet();
    } finally {
      await scene.end();
    }
  });
}

class Scene extends Stage {
  board = `test-${randomBytes(6).toString('hex')}`;
  #extras = [];

  constructor() {
    super(BASE);
  }

  /** Opens the board as a user in a browser profile of its own, so that two users are connected by the room only. */
  async user(name, { base = BASE, board = this.board, status = 'online', prepare = () => {}, ...options } = {}) {
    const context = await this.context({ viewport: DESKTOP, ...options });
    await context.addInitScript(
      (me) => {
        if (location.protocol.startsWith('http') && history.state === null) {
          history.replaceState(me, '');
        }
      },
      { id: idOf(name), name },
    );
    const user = new User(context, await context.newPage());
    await prepare(user.page);
    await user.page.goto(`${base}/?board=${board}`);
    await user.status(status);
    return user;
  }

  users(...names) {
    return Promise.all(names.map((name) => this.user(name)));
  }

  /** Connects a user without a browser. */
  async extra(name) {
    const extra = await Extra.join(BASE, this.board, name);
    this.#extras.push(extra);
    return extra;
  }

  async end() {
    this.#extras.forEach((extra) => extra.socket.close());
    await super.end();
  }
}

class User {
  constructor(context, page) {
    this.context = context;
    this.page = page;
    this.notes = page.getByTestId('note');
    this.hands = page.getByTestId('hand');
    this.notice = page.getByTestId('notice');
  }

  /** Waits for a state of the connection. */
  status(status) {
    return this.page.locator(`body[data-status="${status}"]`).waitFor();
  }

  /** Waits until `condition(argument)` is true in the page. */
  until(condition, argument) {
    return this.page.waitForFunction(condition, argument, { timeout: TIMEOUT });
  }

  note(id) {
    return this.page.locator(`[data-test="note"][data-id="${id}"]`);
  }

  /** Adds a note with a text. */
  async add(color, text) {
    await this.page.getByTestId(`add-${color}`).click();
    const id = await this.page.evaluate(() => document.activeElement.closest('.note').dataset.id);
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Escape');
    return id;
  }

  /** Returns the centre of a note on the screen. */
  async middle(id) {
    const { x, y, width, height } = await this.note(id).boundingBox();
    return { x: x + width / 2, y: y + height / 2 };
  }

  /** Drags a note by this distance, without dropping it. */
  async carry(id, x, y) {
    const from = await this.middle(id);
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    await this.page.mouse.move(from.x + x, from.y + y, { steps: 12 });
  }

  async drop() {
    await this.page.mouse.up();
  }

  /** Returns the positions and texts of the notes, once no animation runs. */
  shown() {
    return this.notes.evaluateAll((nodes) =>
      Object.fromEntries(
        nodes.map((node) => {
          const { m41: x, m42: y } = new DOMMatrix(getComputedStyle(node).transform);
          return [node.dataset.id, `${Math.round(x)} ${Math.round(y)} ${node.querySelector('textarea').value}`];
        }),
      ),
    );
  }

  /** Waits until a note is at this position. */
  at(id, x, y) {
    return this.until(
      ([id, x, y]) => {
        const node = document.querySelector(`[data-test="note"][data-id="${id}"]`);
        const { m41, m42 } = new DOMMatrix(getComputedStyle(node).transform);
        return Math.hypot(m41 - x, m42 - y) < 1;
      },
      [id, x, y],
    );
  }

  async place(id) {
    const [x, y] = (await this.shown())[id].split(' ').map(Number);
    return { x, y };
  }

  /** Takes a screenshot of the page once its animations have ended. */
  async shot(name) {
    if (SCREENSHOTS) {
      await this.page.waitForTimeout(500);
      await this.page.screenshot({ path: path.join(SCREENSHOTS, `whiteboard-${name}.png`) });
    }
  }
}

/** Waits until all show the same notes, and returns them. */
async function same(...users) {
  let shown;
  await until(
    async () => {
      shown = await Promise.all(users.map((user) => user.shown()));
      return new Set(shown.map((notes) => JSON.stringify(Object.entries(notes).sort()))).size === 1;
    },
    () => `all see the same: ${JSON.stringify(shown)}`,
  );
  return shown[0];
}

boardTest('adding, editing, moving, colouring and deleting a note is shown to all', async (scene) => {
  const [ada, bob] = await scene.users('Ada', 'Bob');
  await ada.page.getByText('An empty board').waitFor();
  const milk = await ada.add('yellow', 'Buy milk');
  // The next note needs the space.
  await ada.carry(milk, 320, -90);
  await ada.drop();
  const bread = await bob.add('blue', 'Bake bread');
  await ada.note(bread).waitFor();
  await ada.until((id) => document.querySelector(`[data-id="${id}"] textarea`)?.value === 'Bake bread', bread);
  const shown = await same(ada, bob);
  assert.match(shown[milk], /Buy milk$/);
  assert.match(await bob.note(milk).getAttribute('class'), /yellow/);
  await bob.note(milk).hover();
  await bob.note(milk).getByTestId('remove').click();
  await ada.note(milk).waitFor({ state: 'detached' });
  await bob.page.getByTestId('undo').click();
  await ada.note(milk).waitFor();
  assert.deepEqual(await same(ada, bob), shown, 'undo restores the deleted note');
});

boardTest(
  'a note that is dragged moves for all before it is dropped, with the name beside the pointer',
  async (scene) => {
    const [ada, bob, cleo] = await scene.users('Ada', 'Bob', 'Cleo');
    const id = await ada.add('rose', 'Move me');
    await Promise.all([bob, cleo].map((user) => user.note(id).waitFor()));
    const start = await ada.place(id);
    await ada.carry(id, 300, 120);
    for (const user of [bob, cleo]) {
      await user.at(id, start.x + 300, start.y + 120);
      assert.match(await user.note(id).getAttribute('class'), /taken/);
      await user.hands.filter({ hasText: 'Ada' }).waitFor();
    }
    // Another user can't drag it meanwhile.
    await bob.carry(id, -200, 0);
    await bob.drop();
    await bob.note(id).getByTestId('text').focus();
    await bob.page.keyboard.type('mine');
    await bob.page.keyboard.press('Alt+ArrowLeft');
    assert.equal(await bob.note(id).getByTestId('text').inputValue(), 'Move me');
    await bob.hands.filter({ hasText: 'Ada' }).waitFor();
    await cleo.hands.filter({ hasText: 'Bob' }).waitFor();
    await cleo.shot('carried');
    await cleo.at(id, start.x + 300, start.y + 120);
    await ada.drop();
    await same(ada, bob, cleo);
    assert.deepEqual(await cleo.place(id), { x: start.x + 300, y: start.y + 120 });
    await ada.context.close();
    await bob.until(() => ![...document.querySelectorAll('.hand')].some((node) => node.textContent.includes('Ada')));
    await bob.page.getByText('2 here').waitFor();
  },
);

boardTest('a user that was offline gets the missed changes, and keeps their own', async (scene) => {
  const proxy = await scene.useProxy();
  const [ada, bob] = await Promise.all([scene.user('Ada', { base: proxy.url }), scene.user('Bob')]);
  const first = await ada.add('green', 'First');
  await bob.note(first).waitFor();
  proxy.cut();
  await ada.status('reconnecting');
  await ada.carry(first, 320, 150);
  await ada.drop();
  const place = await ada.place(first);
  const offline = await ada.add('yellow', 'Offline');
  const missed = await bob.add('violet', 'Missed');
  await ada.page.getByText('No connection').waitFor();
  await ada.shot('offline');
  await ada.page.setViewportSize(PHONE);
  await ada.shot('offline-phone');
  await ada.page.setViewportSize(DESKTOP);
  assert.equal(await bob.note(offline).count(), 0);
  proxy.restore();
  await ada.status('online');
  await Promise.all([ada.note(missed).waitFor(), bob.note(offline).waitFor()]);
  await bob.at(first, place.x, place.y);
  const shown = await same(ada, bob);
  assert.equal(Object.keys(shown).length, 3);
  assert.match(shown[offline], /Offline$/);
});

boardTest('the board survives reloads and the hibernation of its room', async (scene) => {
  const [ada, bob] = await scene.users('Ada', 'Bob');
  const id = await ada.add('blue', 'Keep me');
  await bob.note(id).waitFor();
  await bob.carry(id, 140, 60);
  await bob.drop();
  const before = await same(ada, bob);
  await ada.page.reload();
  await ada.status('online');
  await ada.note(id).waitFor();
  assert.deepEqual(await same(ada, bob), before);
  // Nothing is sent, and the room hibernates.
  const cleo = await wakeByUser(LOG, scene.board, { connections: 2, come: () => scene.user('Cleo') });
  await cleo.note(id).waitFor();
  assert.deepEqual(await same(ada, bob, cleo), before);
  await bob.carry(id, -100, 0);
  await bob.drop();
  await cleo.until(
    (x) => {
      const { m41 } = new DOMMatrix(getComputedStyle(document.querySelector('.note')).transform);
      return Math.abs(m41 - x) < 1;
    },
    (await bob.place(id)).x,
  );
});

boardTest('notes are moved, edited and deleted by keyboard, and on a phone', async (scene) => {
  const ada = await scene.user('Ada', { viewport: PHONE, colorScheme: 'dark' });
  const id = await ada.add('violet', 'On the phone');
  await ada.shot('phone');
  const start = await ada.place(id);
  await ada.page.getByTestId('name').focus();
  await ada.page.keyboard.press('Shift+Tab');
  await ada.page.keyboard.press('Shift+Tab');
  assert.equal(await ada.page.evaluate(() => document.activeElement.ariaLabel), 'violet note');
  await ada.page.keyboard.press('End');
  await ada.page.keyboard.type('!');
  await ada.page.keyboard.press('Alt+ArrowRight');
  await ada.page.keyboard.press('Alt+ArrowDown');
  await ada.at(id, start.x + 8, start.y + 8);
  assert.equal(await ada.note(id).getByTestId('text').inputValue(), 'On the phone!');
  await ada.page.keyboard.press('Tab');
  await ada.page.keyboard.press('Enter');
  await ada.note(id).waitFor({ state: 'detached' });
  // A phone zooms in on text fields with smaller letters.
  assert.ok(await ada.page.getByTestId('name').evaluate((node) => parseFloat(getComputedStyle(node).fontSize) >= 16));
});

boardTest('a note shows its longest text, in smaller letters', async (scene) => {
  const [ada, bob] = await scene.users('Ada', 'Bob');
  const text =
    'Two hundred letters are what a note takes, and whoever comes by reads each of them without taking it: ' +
    'from the first to the last, which is here, at the very end of the note, in the last of its lines!!';
  assert.equal(text.length, 200);
  const long = await ada.add('yellow', `${text} and no more`);
  const short = await ada.add('rose', 'Short');
  const lines = await ada.add('green', '');
  await ada.note(lines).getByTestId('text').fill('One\nTwo\nThree\nFour\nFive\nSix\nSeven\nEight');
  await ada.page.keyboard.press('Escape');
  await bob.note(lines).waitFor();
  const spread = async (id, x, y) => {
    await ada.carry(id, x, y);
    await ada.drop();
    await ada.page.keyboard.press('Escape');
  };
  await spread(lines, 240, 0);
  await spread(short, -240, 0);
  const [shown] = await Promise.all([same(ada, bob), ada.page.mouse.move(600, 150)]);
  assert.ok(shown[long].endsWith(text), 'no more than 200');
  const fields = bob.page.getByTestId('text');
  const hidden = await fields.evaluateAll((nodes) => nodes.map((node) => node.scrollHeight - node.clientHeight));
  assert.deepEqual(hidden, [0, 0, 0]);
  const size = (id) =>
    bob
      .note(id)
      .getByTestId('text')
      .evaluate((node) => parseFloat(getComputedStyle(node).fontSize));
  assert.equal(await size(short), 18);
  assert.ok((await size(long)) >= 11, 'it can be read');
  await ada.shot('long');
});

boardTest('a name can be chosen, and HTML is shown as text on notes and beside pointers', async (scene) => {
  const [ada, bob] = await scene.users('Ada', 'Bob');
  const markup = '<img src=x onerror="document.title=1">';
  const id = await ada.add('blue', markup);
  await bob.until(([id, text]) => document.querySelector(`[data-id="${id}"] textarea`)?.value === text, [id, markup]);
  await ada.page.mouse.move(500, 300);
  await bob.hands.filter({ hasText: 'Ada' }).waitFor();
  await ada.page.getByTestId('name').fill(' <b>Ada</b> ');
  await ada.page.keyboard.press('Enter');
  await bob.hands.filter({ hasText: '<b>Ada</b>' }).waitFor();
  assert.equal(await bob.page.locator('b b, img[src="x"]').count(), 0);
  await ada.page.reload();
  await ada.status('online');
  assert.equal(await ada.page.getByTestId('name').inputValue(), '<b>Ada</b>');
  // An empty name is not accepted.
  await ada.page.getByTestId('name').fill('');
  await ada.page.keyboard.press('Enter');
  assert.equal(await ada.page.getByTestId('name').inputValue(), '<b>Ada</b>');
});

boardTest('a rejected change is shown, and undone', async (scene) => {
  const filler = await scene.extra('Filler');
  for (let number = 0; number < 300; number++) {
    const [x, y] = [(number % 20) * 110, Math.floor(number / 20) * 95];
    const color = ['yellow', 'rose', 'green'][number % 3];
    filler.send('addNote', { id: `note-${number}`, x, y, text: `Number ${number}`, color });
  }
  const ada = await scene.user('Ada');
  await ada.until(() => document.querySelectorAll('.note').length === 300);
  await ada.page.getByTestId('add-violet').click();
  await ada.notice.filter({ hasText: 'the board is full: it takes 300 notes' }).waitFor();
  assert.equal(await ada.page.getByTestId('undo').isVisible(), false);
  await ada.page.locator('.note.violet').waitFor({ state: 'detached' });
  assert.equal(await ada.notes.count(), 300);
  await ada.shot('full');
  // A note can be added after another was deleted.
  await ada.note('note-299').hover();
  await ada.note('note-299').getByTestId('remove').click({ force: true });
  await ada.note('note-299').waitFor({ state: 'detached' });
  await ada.page.getByTestId('undo').click();
  await ada.note('note-299').waitFor();
  assert.equal(await ada.notice.isVisible(), false);
});

boardTest('a rejected user sees the reason, adds nothing, and can try again', async (scene) => {
  scene.expected = /status of 400/;
  const eve = await scene.user('Eve', { board: 'b'.repeat(300), status: 'refused' });
  assert.equal(await eve.page.getByTestId('reason').textContent(), "the room's name has 300 bytes: the limit is 256");
  assert.equal(await eve.page.getByTestId('add-yellow').isVisible(), false);
  await eve.shot('refused');
  await eve.page.setViewportSize(PHONE);
  await eve.shot('rejected-phone');

  const sockets = [];
  const prepare = (page) =>
    page.routeWebSocket(/room/, (socket) => {
      socket.connectToServer();
      sockets.push(socket);
    });
  const [ada, bob] = await Promise.all([scene.user('Ada', { prepare }), scene.user('Bob')]);
  const id = await bob.add('green', 'Stays');
  await ada.note(id).waitFor();
  const start = await ada.place(id);
  // As the room disconnects a user.
  await sockets.at(-1).close({ code: 4000, reason: 'disconnected by the server' });
  await ada.status('refused');
  assert.equal(await ada.page.getByTestId('reason').textContent(), 'disconnected by the server');
  await ada.carry(id, 100, 0);
  await ada.drop();
  await ada.notice.filter({ hasText: 'disconnected by the server' }).waitFor();
  await ada.at(id, start.x, start.y);
  await still(1_000);
  assert.equal(sockets.length, 1, 'it does not reconnect by itself');
  await ada.page.getByTestId('retry').click();
  await ada.status('online');
  await ada.carry(id, 100, 0);
  await ada.drop();
  await bob.at(id, start.x + 100, start.y);
});

boardTest('thirty users that move at once are shown to each', async (scene) => {
  const prepare = (page) =>
    page.addInitScript(() => {
      // Counts how often the page draws in a frame at most, and records the animated elements.
      const original = requestAnimationFrame;
      let drawn = 0;
      globalThis.mostDrawn = 0;
      globalThis.gliding = new Set();
      const frame = () => {
        drawn = 0;
        original(frame);
      };
      original(frame);
      globalThis.requestAnimationFrame = (draw) =>
        original((now) => {
          drawn += 1;
          mostDrawn = Math.max(mostDrawn, drawn);
          draw(now);
        });
      addEventListener(
        'transitionrun',
        ({ target, propertyName }) => propertyName === 'transform' && gliding.add(target),
      );
    });
  const [ada, bob] = await Promise.all([scene.user('Ada'), scene.user('Bob', { prepare })]);
  const notes = [];
  for (const color of ['yellow', 'rose', 'green', 'blue', 'violet']) {
    notes.push(await ada.add(color, `A ${color} note`));
  }
  const extras = [];
  for (let number = 0; number < 28; number++) {
    extras.push(await scene.extra(`Guest ${number}`));
  }
  await Promise.all([ada, bob].map(({ page }) => page.getByText('30 here').waitFor()));
  const nameOf = (number) => `Guest ${number}`;
  // The positions of each pointer, as each of the others receives them.
  const heard = extras.map(() => new Map(extras.map((_, number) => [nameOf(number), []])));
  extras.forEach((extra, number) => {
    extra.heard = (type, data, user) => {
      const places = heard[number].get(user?.name);
      if (type === '$presenceUpdated' && data.presence.at) {
        places?.push(`${data.presence.at.x} ${data.presence.at.y}`);
      }
    };
  });

  // Each moves on a circle of its own, as often as the page sends with this many users; five of them drag a note.
  await bob.page.evaluate(() => {
    mostDrawn = 0;
  });
  const said = extras.map(() => []);
  for (let step = 0; step < 60; step++) {
    extras.forEach((extra, number) => {
      const angle = step / 12 + number;
      const x = Math.round(1200 + ((number % 6) - 2.5) * 180 + 60 * Math.cos(angle));
      const y = Math.round(800 + (Math.floor(number / 6) - 2) * 130 + 50 * Math.sin(angle));
      const note = notes[number / 6];
      extra.point(x, y, note && { id: note, at: { x: x - 90, y: y - 40 } });
      said[number].push(`${x} ${y}`);
    });
    await pace(60);
  }
  // No position is lost or repeated, and those of each pointer arrive in order.
  for (const [listener, places] of heard.entries()) {
    for (const [speaker, all] of said.entries()) {
      if (speaker !== listener) {
        const received = places.get(nameOf(speaker));
        await until(
          () => received.length >= all.length,
          () => `${received.length} of ${all.length} moves come`,
        );
        assert.deepEqual(received, all);
      }
    }
  }
  // In the end each page shows everyone once, at their position.
  await ada.page.mouse.move(100, 100);
  const expected = said.map((places, number) => [nameOf(number), places.at(-1)]).sort();
  const carried = notes.map((id, index) => [id, said[6 * index].at(-1)]).sort();
  for (const user of [ada, bob]) {
    let shown;
    await until(
      async () => {
        shown = await user.page.evaluate(() => {
          const target = ({ style }) => style.transform.match(/-?\d+/g).map(Number);
          const hands = [...document.querySelectorAll('.hand')].map((hand) => [
            hand.textContent.trim(),
            target(hand).join(' '),
          ]);
          const notes = [...document.querySelectorAll('.note.taken.held')].map((note) => {
            const [x, y] = target(note);
            return [note.dataset.id, `${x + 90} ${y + 40}`];
          });
          return { hands: hands.filter(([name]) => name.startsWith('Guest')).sort(), notes: notes.sort() };
        });
        return JSON.stringify([shown.hands, shown.notes]) === JSON.stringify([expected, carried]);
      },
      () => `all are where they went last: ${JSON.stringify(shown)}`,
    );
  }
  // Before a wait in the page, which checks in each frame and so counts as drawing.
  const most = await bob.page.evaluate(() => mostDrawn);
  await bob.until(() => document.querySelectorAll('.hand').length === 29);
  const glided = await bob.page.evaluate(
    () => [...document.querySelectorAll('.hand, .note.taken')].filter((node) => gliding.has(node)).length,
  );
  assert.equal(most, 1, 'the page is drawn once in a frame, however many messages arrive');
  assert.ok(glided >= 28 + 5, `${glided} pointers and notes move in each frame, and not only with a message`);

  // Ada's moves are shown to all others, and she sends fewer than the page handles: here one move in each frame.
  const isOfAda = (type, user) => type === '$presenceUpdated' && user.name === 'Ada';
  const spoken = extras.map(() => []);
  extras.forEach((extra, number) => {
    extra.heard = (type, { presence }, user) => isOfAda(type, user) && spoken[number].push(presence.at.x);
  });
  // Wait until her earlier moves have arrived.
  await ada.page.mouse.move(120, 100);
  const left = await ada.page.evaluate(
    () => document.querySelector('[data-test="surface"]').getBoundingClientRect().left,
  );
  await until(() => spoken.every((places) => places.at(-1) === Math.round(120 - left)), 'all receive her position');
  spoken.forEach((places) => places.splice(0));
  const { at, took } = await ada.page.evaluate(
    () =>
      new Promise((resolve) => {
        const start = performance.now();
        let frame = 0;
        const move = () => {
          frame += 1;
          const place = { clientX: 300 + 4 * frame, clientY: 300 + 2 * frame };
          document.body.dispatchEvent(new PointerEvent('pointermove', { ...place, isPrimary: true, bubbles: true }));
          frame < 100 ? requestAnimationFrame(move) : resolve({ at: place.clientX, took: performance.now() - start });
        };
        requestAnimationFrame(move);
      }),
  );
  const last = Math.round(at - left);
  await until(
    () => spoken.every((places) => places.at(-1) === last),
    () => `all hear of her last place: ${spoken.map((places) => places.at(-1))}`,
  );
  await bob.until(
    (x) =>
      [...document.querySelectorAll('.hand')].some(
        (hand) =>
          hand.textContent.trim() === 'Ada' && Math.abs(new DOMMatrix(getComputedStyle(hand).transform).m41 - x) < 2,
      ),
    last,
  );
  const allowed = took / (2 * 29) + 2;
  assert.ok(
    spoken[0].length <= allowed,
    `she sent ${spoken[0].length} messages, and may send ${allowed.toFixed()} times`,
  );
  await bob.shot('thirty');
  await bob.page.emulateMedia({ colorScheme: 'dark' });
  await bob.shot('thirty-dark');
  await bob.page.setViewportSize(PHONE);
  await bob.shot('thirty-phone');
});
