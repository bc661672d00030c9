// The page of examples/editor in real browsers, against the worker at PLUV_EDITOR_URL, which logs to PLUV_EDITOR_LOG.
//
// PLUV_CHROMIUM is the browser, PLUV_SCREENSHOTS a directory for pictures of the page.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { test } from 'node:test';
import WebSocket from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { still, TIMEOUT, until } from '../wait.mjs';
import { DESKTOP, PHONE, Stage, wakeByUser } from './stage.mjs';

const BASE = process.env.PLUV_EDITOR_URL;
const LOG = process.env.PLUV_EDITOR_LOG;
const SCREENSHOTS = process.env.PLUV_SCREENSHOTS;
// The limit of connections of a document.
const SEATS = 50;

assert.ok(BASE, 'PLUV_EDITOR_URL is missing: the address of a worker that runs examples/editor');
assert.ok(LOG, 'PLUV_EDITOR_LOG is missing: the file that the worker logs to');

/** A test with a document of its own. */
function editorTest(name, run) {
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
  name = `test-${randomBytes(6).toString('hex')}`;
  #guests = [];

  constructor() {
    super(BASE);
  }

  /** Opens the document as a user in a browser profile of its own, so that two users are connected by the room only. */
  async user(name, { base = BASE, address = `/${this.name}`, ...options } = {}) {
    const context = await this.context({ viewport: DESKTOP, ...options });
    if (name) {
      await context.addInitScript((chosen) => {
        if (location.protocol.startsWith('http')) {
          sessionStorage['pluv-editor-me'] ??= JSON.stringify({ name: chosen });
        }
      }, name);
    }
    const user = new User(context, await context.newPage());
    await user.page.goto(`${base}${address}`);
    return user;
  }

  /** Opens the document as several users, and waits until they are connected. */
  async users(...names) {
    const users = await Promise.all(names.map((name) => this.user(name)));
    await Promise.all(users.map((user) => user.status('live')));
    return users;
  }

  /** Connects a user without a browser, who sends an awareness state once, and nothing else. */
  async guest(name) {
    const query = new URLSearchParams({ room: this.name, user_id: name, name });
    const token = await (await fetch(`${BASE}/api/pluv/authorize?${query}`)).text();
    const settings = { params: { token }, disableBc: true, WebSocketPolyfill: WebSocket };
    const address = `${BASE.replace('http', 'ws')}/api/pluv/yjs`;
    const guest = new WebsocketProvider(address, this.name, new Y.Doc(), settings);
    this.#guests.push(guest);
    clearInterval(guest.awareness._checkInterval);
    guest.awareness.setLocalStateField('user', { id: name, name, color: '#0f766e' });
    await new Promise((resolve) => guest.once('sync', resolve));
    return guest;
  }

  async end() {
    this.#guests.forEach((guest) => guest.destroy());
    await super.end();
  }
}

class User {
  constructor(context, page) {
    this.context = context;
    this.page = page;
    this.text = page.getByTestId('text');
    this.carets = page.getByTestId('caret');
    this.banner = page.getByTestId('banner-text');
  }

  /** Waits until `condition(argument)` is true in the page. */
  until(condition, argument) {
    return this.page.waitForFunction(condition, argument, { timeout: TIMEOUT });
  }

  /** Waits for a state of the connection: `live` means that all edits are saved. */
  status(status) {
    return this.page.locator(`[data-test="status"][data-status="${status}"]`).waitFor();
  }

  /** Puts the caret at the start or the end of the document, once it is editable. */
  async go(to) {
    await this.page.locator('[data-test="text"][contenteditable="true"]').waitFor();
    await this.text.focus();
    const caret = () =>
      this.text.evaluate(({ editor }) => {
        const { doc, selection } = editor.state;
        const depth = (child) => {
          let [node, depth] = [doc, 0];
          for (; !node.isTextblock; depth++) {
            node = node[child];
          }
          return depth;
        };
        return { at: selection.head, start: depth('firstChild'), end: doc.content.size - depth('lastChild') };
      });
    const press = async () => {
      await this.move(to === 'start' ? 'Control+Home' : 'Control+End');
      return caret();
    };
    let place = await press();
    if (place.at !== place[to]) {
      // ProseMirror reverts the first move to the start that comes within 200 ms after the focus, as if by the browser.
      place = await press();
    }
    assert.equal(place.at, place[to], JSON.stringify(place));
  }

  /** Moves the caret by these keys, and waits until the editor has handled the event for it. */
  async move(...keys) {
    for (const key of keys) {
      await this.page.keyboard.press(key);
    }
    await this.until(
      (node) => {
        const { view } = node.editor;
        return view.domObserver.currentSelection.eq(view.domSelectionRange());
      },
      await this.text.elementHandle(),
    );
  }

  /** Types a text. */
  async write(text, to = 'end') {
    await this.go(to);
    await this.type(text);
  }

  /** Types a text with several lines at the caret. */
  async type(text) {
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) {
        await this.page.keyboard.press('Enter');
      }
      await this.page.keyboard.type(line, { delay: 15 });
    }
  }

  /** Returns the shown text block by block: `p Text`. */
  shown() {
    return this.text.evaluate(({ children }) =>
      [...children].map((block) => `${block.localName} ${block.textContent}`.trimEnd()),
    );
  }

  /** Waits until the page shows exactly this. */
  reads(...expected) {
    return this.#shows(() => this.shown(), expected);
  }

  /** Waits until exactly these other users are shown, in any order. */
  sees(...names) {
    const listed = () => this.page.getByTestId('person').evaluateAll((nodes) => nodes.map(({ title }) => title).sort());
    return this.#shows(listed, names.toSorted());
  }

  /** Waits until the text has the carets of exactly these users. */
  seesCarets(...names) {
    const listed = () => this.carets.evaluateAll((nodes) => nodes.map(({ dataset }) => dataset.name).sort());
    return this.#shows(listed, names.toSorted());
  }

  async #shows(read, expected) {
    let shown;
    await until(
      async () => {
        shown = await read();
        return JSON.stringify(shown) === JSON.stringify(expected);
      },
      () => `${JSON.stringify(expected)} shows, and not ${JSON.stringify(shown)}`,
    );
  }

  /** Takes a screenshot of the page once its animations have ended. */
  async shot(name) {
    if (SCREENSHOTS) {
      await this.page.waitForTimeout(300);
      await this.page.screenshot({ path: path.join(SCREENSHOTS, `editor-${name}.png`) });
    }
  }
}

/** Waits until all show the same text, and returns it. */
async function same(...users) {
  let shown;
  await until(
    async () => {
      shown = await Promise.all(users.map((user) => user.shown()));
      return new Set(shown.map((text) => text.join('\n'))).size === 1;
    },
    () => `all read the same: ${JSON.stringify(shown)}`,
  );
  return shown[0];
}

/** Asserts that a text consists of the letters of these parts, each in order. */
function assertHas(text, ...parts) {
  assert.equal(text.length, parts.join('').length, text);
  for (const part of parts) {
    let at = 0;
    for (const letter of part) {
      at = text.indexOf(letter, at) + 1;
      assert.ok(at > 0, `${part} in ${text}`);
    }
  }
}

editorTest('two users that type in one line at once converge', async (scene) => {
  const [ada, bob] = await scene.users('Ada', 'Bob');
  await ada.write('begin end');
  await bob.reads('p begin end');
  const texts = ['abcdefghijklmnopqrstuvwxyz', '0123456789'];
  for (const user of [ada, bob]) {
    await user.go('start');
    await user.move('Control+ArrowRight', 'ArrowRight');
  }
  await Promise.all([ada.type(texts[0]), bob.type(texts[1])]);
  await Promise.all([ada, bob].map((user) => user.status('live')));
  const [line] = await same(ada, bob);
  assertHas(line.replace(/^p begin /, '').replace(/end$/, ''), ...texts);
});

editorTest('three users that type and format in different places at once converge', async (scene) => {
  const users = await scene.users('Ada', 'Bob', 'Cleo');
  const [ada, bob, cleo] = users;
  await ada.write('# Title\nThe middle.\nThe end.');
  const initial = ['h1 Title', 'p The middle.', 'p The end.'];
  await Promise.all([bob, cleo].map((user) => user.reads(...initial)));
  await ada.go('start');
  await bob.go('start');
  await bob.move('ArrowDown', 'End');
  await cleo.go('end');
  await Promise.all([
    ada.type('A long '),
    bob.type(' And more.\n- of a list\nof two'),
    cleo.type('\n> Quoted\nand again'),
  ]);
  await same(...users);
  await ada.reads(
    'h1 A long Title',
    'p The middle. And more.',
    'ul of a listof two',
    'p The end.',
    'blockquote Quotedand again',
  );
  await Promise.all(users.map((user) => user.status('live')));

  // A newcomer reads it too, and so do users after a reload.
  const dan = await scene.user('Dan');
  await dan.status('live');
  await Promise.all(users.map((user) => user.page.reload()));
  await Promise.all([...users, dan].map((user) => user.status('live')));
  await same(...users, dan);
  await dan.sees('Ada', 'Bob', 'Cleo');
});

editorTest('names, carets and selections of the others are shown, and removed when they leave', async (scene) => {
  const [ada, bob, cleo] = await scene.users('Ada', 'Bob', 'Cleo');
  await ada.sees('Bob', 'Cleo');
  await bob.sees('Ada', 'Cleo');
  await ada.write('Hello, Bob');
  await bob.seesCarets('Ada');
  await ada.seesCarets();
  await bob.write('Hello, Ada. ', 'start');
  await ada.seesCarets('Bob');
  await cleo.seesCarets('Ada', 'Bob');
  await ada.page.keyboard.press('Shift+Control+ArrowLeft');
  await bob.page.locator('.selection').filter({ hasText: 'Bob' }).waitFor();
  assert.equal(await bob.page.locator('.selection').count(), 1);

  // The carets are not part of the text.
  assert.deepEqual(await bob.shown(), ['p Hello, Ada. Hello, Bob']);

  // Each has the colour that they see themselves; two may have chosen the same.
  const colors = await bob.page
    .locator('[data-test="people"] .avatar')
    .evaluateAll((nodes) => nodes.map((node) => node.style.getPropertyValue('--person')));
  const own = await Promise.all(
    [ada, bob, cleo].map(({ page }) => page.evaluate(() => JSON.parse(sessionStorage['pluv-editor-me']).color)),
  );
  assert.deepEqual(colors.toSorted(), own.toSorted());

  await cleo.page.close();
  await ada.sees('Bob');
  await bob.page.close();
  await ada.sees();
  await ada.seesCarets();
});

editorTest('another name and colour are applied at once, and kept', async (scene) => {
  const [ada, bob] = await scene.users('Ada', 'Bob');
  await ada.write('Hello');
  await bob.seesCarets('Ada');
  await ada.page.getByTestId('me').click();
  await ada.page.getByTestId('profile-name').fill('  Ada   Lovelace ');
  await ada.page.getByTestId('profile-colors').locator('[title="Pink"]').check();
  await ada.shot('profile');
  await ada.page.getByTestId('profile-name').press('Enter');
  await bob.sees('Ada Lovelace');
  await ada.text.focus();
  await bob.seesCarets('Ada Lovelace');
  const color = (locator) => locator.evaluate((node) => node.style.getPropertyValue('--person'));
  assert.deepEqual([await color(bob.carets), await color(bob.page.getByTestId('person'))], ['#be185d', '#be185d']);
  await ada.page.reload();
  await ada.status('live');
  assert.equal(await ada.page.getByTestId('me-name').textContent(), 'Ada Lovelace');
  await bob.sees('Ada Lovelace');

  // Cancel changes nothing.
  await ada.page.getByTestId('me').click();
  await ada.page.getByTestId('profile-name').fill('Eve');
  await ada.page.keyboard.press('Escape');
  assert.equal(await ada.page.getByTestId('me-name').textContent(), 'Ada Lovelace');
});

editorTest('a name is shown as text', async (scene) => {
  const [ada, bob] = await scene.users('<b onclick=1>Ada</b>', 'Bob');
  await ada.write('<img src=x onerror="document.title=1">');
  await bob.reads('p <img src=x onerror="document.title=1">');
  await bob.sees('<b onclick=1>Ada</b>');
  await bob.seesCarets('<b onclick=1>Ada</b>');
  assert.equal(await bob.page.locator('b, [data-test="text"] img[src]').count(), 0);
});

editorTest('edits made offline are shown as unsaved, and merged with those of the others', async (scene) => {
  const wire = await scene.useProxy();
  const ada = await scene.user('Ada');
  const bob = await scene.user('Bob', { base: wire.url });
  await scene.guest('Cleo');
  await ada.write('Milk. Bread.');
  await bob.reads('p Milk. Bread.');
  await bob.status('live');
  await bob.sees('Ada', 'Cleo');

  wire.cut();
  await bob.status('offline');
  await bob.banner.filter({ hasText: 'You’re offline. Keep writing' }).waitFor();
  await ada.sees('Cleo');
  await bob.sees();
  await bob.write('Two of each. ', 'start');
  await ada.write(' Butter.');
  await ada.status('live');
  await bob.reads('p Two of each. Milk. Bread.');
  await bob.shot('offline');
  await bob.page.setViewportSize(PHONE);
  await bob.shot('offline-phone');
  await bob.page.setViewportSize(DESKTOP);

  wire.restore();
  await bob.page.getByTestId('retry').click();
  await bob.status('live');
  await bob.banner.waitFor({ state: 'hidden' });
  const [line] = await same(ada, bob);
  assert.equal(line, 'p Two of each. Milk. Bread. Butter.');
  // Also a user that sent nothing meanwhile, and sends nothing after.
  await bob.sees('Ada', 'Cleo');
  await bob.seesCarets('Ada');
  await ada.sees('Bob', 'Cleo');
  await bob.text.focus();
  await ada.seesCarets('Bob');
});

editorTest('a browser that reports to be offline disconnects, and reconnects by itself', async (scene) => {
  scene.expectLosses();
  const [ada, bob] = await scene.users('Ada', 'Bob');
  await ada.write('Written ');
  await bob.reads('p Written');
  await bob.context.setOffline(true);
  await bob.status('offline');
  await Promise.all([ada.write('by ada '), bob.write('by bob ')]);
  await bob.context.setOffline(false);
  await bob.status('live');
  await ada.until(() => document.querySelector('[data-test="text"]').textContent.includes('bob'));
  const [line] = await same(ada, bob);
  assert.ok(['p Written by ada by bob', 'p Written by bob by ada'].includes(line), line);
});

editorTest('a silent connection is closed, and nothing is lost', async (scene) => {
  const wire = await scene.useProxy();
  const ada = await scene.user('Ada');
  const bob = await scene.user('Bob', { base: wire.url });
  await ada.write('One.');
  await bob.reads('p One.');
  wire.freeze();
  await ada.write(' Two.');
  await bob.write('Zero. ', 'start');
  await bob.status('saving');
  // Otherwise the provider detects it by itself, in half a minute.
  await bob.context.setOffline(true);
  await bob.context.setOffline(false);
  await bob.status('live');
  assert.deepEqual(await same(ada, bob), ['p Zero. One. Two.']);
});

editorTest('edits made offline survive a reload, and are sent once connected', async (scene) => {
  scene.expectLosses();
  const [ada, bob] = await scene.users('Ada', 'Bob');
  await ada.write('Initial.');
  await bob.reads('p Initial.');
  // The page can be loaded, but the room cannot be reached.
  await bob.context.route('**/api/**', (route) => route.abort());
  await bob.page.reload();
  await bob.status('offline');
  await bob.reads('p Initial.');
  await bob.write(' Offline.');
  await bob.page.reload();
  await bob.reads('p Initial. Offline.');
  await bob.status('offline');
  await bob.write(' Again.');
  await ada.reads('p Initial.');
  await bob.context.unroute('**/api/**');
  await bob.page.getByTestId('retry').click();
  await bob.status('live');
  await ada.reads('p Initial. Offline. Again.');
});

editorTest('a caret that was just moved stays in place while others write and move', async (scene) => {
  const ada = await scene.user('Ada', { address: '/about:blank' });
  // Messages of the room can be delayed.
  await ada.page.addInitScript(() => {
    const held = [];
    globalThis.holds = false;
    globalThis.release = () => held.splice(0).forEach((pass) => pass());
    globalThis.heldFrames = held;
    const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
    Object.defineProperty(WebSocket.prototype, 'onmessage', {
      set(listen) {
        set.call(this, (event) => (holds ? held.push(() => listen.call(this, event)) : listen.call(this, event)));
      },
    });
  });
  await ada.page.goto(`${BASE}/${scene.name}`);
  await ada.status('live');
  const [bob] = await scene.users('Bob');
  await ada.write('# Heading\nEnd');
  await bob.reads('h1 Heading', 'p End');
  await bob.go('start');
  await bob.page.keyboard.type('The ');
  await ada.reads('h1 The Heading', 'p End');
  for (const act of [() => bob.page.keyboard.type('first '), () => bob.move('ArrowRight')]) {
    await ada.status('live');
    await ada.go('start');
    await ada.page.evaluate(() => {
      holds = true;
    });
    await act();
    await ada.until(() => heldFrames.length > 0);
    // As by a key: the event for it is dispatched after this function.
    await ada.page.evaluate(() => {
      getSelection().modify('move', 'forward', 'documentboundary');
      holds = false;
      release();
    });
    // The carets of the others are drawn by a timer.
    await ada.page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    await ada.type('.');
  }
  await Promise.all([ada, bob].map((user) => user.reads('h1 The first Heading', 'p End..')));
});

editorTest(
  'a document can be read and edited after hibernation, by connected users and by newcomers',
  async (scene) => {
    const [ada, bob] = await scene.users('Ada', 'Bob');
    await ada.write('# Before\nIt slept.');
    await bob.reads('h1 Before', 'p It slept.');
    await bob.write(' Twice.');
    await ada.reads('h1 Before', 'p It slept. Twice.');
    await Promise.all([ada.status('live'), bob.status('live')]);
    const comes = (name) => async () => {
      const user = await scene.user(name);
      await user.status('live');
      return user;
    };
    const cleo = await wakeByUser(LOG, scene.name, {
      connections: 2,
      // Both send their state now, and so not again for a while.
      speak: () => Promise.all([ada, bob].map((user) => user.move('ArrowLeft', 'ArrowRight'))),
      come: comes('Cleo'),
    });
    await cleo.reads('h1 Before', 'p It slept. Twice.');
    await cleo.sees('Ada', 'Bob');
    await cleo.seesCarets('Ada', 'Bob');
    await Promise.all([cleo.write('\nAfter, by Cleo. '), ada.write('Still ', 'start')]);
    assert.deepEqual(await same(ada, bob, cleo), ['h1 Still Before', 'p It slept. Twice.', 'p After, by Cleo.']);

    // Also without any connection left.
    await Promise.all([ada, bob, cleo].map(({ context }) => context.close()));
    const dan = await wakeByUser(LOG, scene.name, { connections: 0, come: comes('Dan') });
    await dan.reads('h1 Still Before', 'p It slept. Twice.', 'p After, by Cleo.');
    await dan.sees();
  },
);

editorTest('a tab with edits that are stored nowhere asks before it closes', async (scene) => {
  const [bob] = await scene.users('Bob');
  const ada = await scene.user('Ada', { address: '/about:blank' });
  // A browser without storage.
  await ada.context.addInitScript(() => {
    indexedDB.open = () => new EventTarget();
  });
  await ada.page.goto(`${BASE}/${scene.name}`);
  await ada.status('live');
  await ada.write('Sent.');
  await ada.status('live');
  scene.expectLosses();
  await ada.context.setOffline(true);
  await ada.banner.filter({ hasText: 'your changes stay in this tab' }).waitFor();
  await ada.write(' Not sent.');
  const [dialog] = await Promise.all([ada.page.waitForEvent('dialog'), ada.page.close({ runBeforeUnload: true })]);
  assert.equal(dialog.type(), 'beforeunload');
  await dialog.dismiss();
  await ada.context.setOffline(false);
  await ada.status('live');
  await bob.reads('p Sent. Not sent.');
  await Promise.all([ada.page.waitForEvent('close'), ada.page.close({ runBeforeUnload: true })]);
});

editorTest("undo reverts the user's own edits only", async (scene) => {
  const [ada, bob] = await scene.users('Ada', 'Bob');
  const button = (name) => ada.page.locator(`[data-command="${name}"]`);
  await ada.page.locator('[data-command="undo"][aria-disabled="true"]').waitFor();
  await ada.write('mine');
  await bob.reads('p mine');
  await bob.write('theirs ', 'start');
  await ada.reads('p theirs mine');
  await button('undo').click();
  await bob.reads('p theirs');
  await ada.reads('p theirs');
  await button('redo').click();
  await bob.reads('p theirs mine');
  await ada.page.keyboard.press('Control+z');
  await bob.reads('p theirs');
  await ada.page.keyboard.press('Control+y');
  await bob.reads('p theirs mine');
  await bob.page.keyboard.press('Control+z');
  await ada.reads('p mine');
});

editorTest('the buttons format the selection, show its format, and are reachable by keyboard', async (scene) => {
  const [ada, bob] = await scene.users('Ada', 'Bob');
  await ada.write('word');
  await ada.page.keyboard.press('Control+a');
  const formats = [
    'bold',
    'italic',
    'strike',
    'heading1',
    'heading2',
    'bulletList',
    'orderedList',
    'blockquote',
    'codeBlock',
    'code',
  ];
  const elements = ['strong', 'em', 's', 'h1', 'h2', 'ul', 'ol', 'blockquote', 'pre', 'code'];
  for (const [index, format] of formats.entries()) {
    const button = ada.page.locator(`[data-command="${format}"]`);
    await ada.until((name) => document.querySelector(`[data-command="${name}"]`).ariaPressed === 'false', format);
    await button.click();
    await ada.page.locator(`[data-command="${format}"][aria-pressed="true"]`).waitFor();
    await bob.page.locator(`[data-test="text"] ${elements[index]}`).waitFor();
    await button.click();
    await bob.page.locator(`[data-test="text"] ${elements[index]}`).waitFor({ state: 'detached' });
    assert.ok(await ada.text.evaluate((node) => node === document.activeElement), 'the text keeps the focus');
  }
  await bob.reads('p word');

  // The toolbar is one tab stop, with arrow keys between the buttons.
  await ada.page.locator('[data-command="undo"]').focus();
  await ada.page.keyboard.press('ArrowLeft');
  const focused = () => ada.page.evaluate(() => document.activeElement.dataset.command);
  assert.equal(await focused(), 'codeBlock');
  await ada.page.keyboard.press('Home');
  await ada.page.keyboard.press('ArrowRight');
  assert.equal(await focused(), 'redo');
  assert.equal(await ada.page.locator('[data-command][tabindex="0"]').count(), 1);
  const nameless = await ada.page
    .locator('button')
    .evaluateAll((nodes) =>
      nodes.filter((node) => !node.ariaLabel && !node.textContent.trim()).map((node) => node.outerHTML),
    );
  assert.deepEqual(nameless, []);
});

editorTest('a user with the read-only link sees edits, and makes none', async (scene) => {
  const [ada] = await scene.users('Ada');
  await ada.write('by Ada');
  await ada.status('live');
  const reader = await scene.user('Reader', { address: `/${scene.name}?view` });
  await reader.status('live');
  await reader.reads('p by Ada');
  assert.equal(await reader.page.getByTestId('status').textContent(), 'Up to date');
  await reader.page.getByTestId('reader').waitFor();
  assert.equal(await reader.page.getByRole('toolbar').count(), 0);
  assert.equal(await reader.text.getAttribute('contenteditable'), 'false');
  await ada.sees('Reader');
  await reader.seesCarets('Ada');
  await reader.text.click();
  await reader.page.keyboard.type('graffiti');
  await ada.write(' too');
  await reader.reads('p by Ada too');
  await reader.shot('reader');
  await reader.page.getByTestId('share').click();
  assert.equal(await reader.page.getByTestId('copy-link').isVisible(), false);
  assert.equal(await reader.page.getByTestId('copy-view').isVisible(), true);
  scene.expectLosses();
  await reader.context.setOffline(true);
  await reader.banner.filter({ hasText: 'What the others write shows when you’re back.' }).waitFor();
  assert.equal(await reader.text.getAttribute('contenteditable'), 'false');
  await reader.context.setOffline(false);
  await reader.page.reload();
  await reader.status('live');
  await reader.reads('p by Ada too');
});

editorTest('the address names the document: a new one can be made, and links copied', async (scene) => {
  const ada = await scene.user('Ada', { address: '/', permissions: ['clipboard-read', 'clipboard-write'] });
  await ada.status('live');
  const { pathname } = new URL(ada.page.url());
  assert.match(pathname, /^\/[a-z]+-[0-9a-f]{12}$/);
  assert.equal(await ada.page.getByTestId('name').textContent(), pathname.slice(1));
  await ada.write('Shared');
  const copied = async (button) => {
    await ada.page.getByTestId('share').click();
    await ada.page.getByTestId(button).click();
    await ada.page.getByTestId(button).filter({ hasText: 'Link copied' }).waitFor();
    await ada.shot('share');
    await ada.page.keyboard.press('Escape');
    return ada.page.evaluate(() => navigator.clipboard.readText());
  };
  assert.equal(await copied('copy-link'), `${new URL(BASE).origin}${pathname}`);
  assert.equal(await copied('copy-view'), `${new URL(BASE).origin}${pathname}?view`);
  const bob = await scene.user('Bob', { address: pathname });
  await bob.reads('p Shared');
  await ada.sees('Bob');

  const [page] = await Promise.all([ada.context.waitForEvent('page'), ada.page.getByTestId('new').click()]);
  await page.waitForURL((url) => /^\/[a-z]+-[0-9a-f]{12}$/.test(url.pathname) && url.pathname !== pathname);

  const name = `${scene.name} ä & ö`;
  const cleo = await scene.user('Cleo', { address: `/${encodeURIComponent(name)}` });
  await cleo.status('live');
  assert.equal(await cleo.page.getByTestId('name').textContent(), name);
  await cleo.reads('p');
});

editorTest('each document has a text of its own', async (scene) => {
  const ada = await scene.user('Ada');
  await ada.write('of the first');
  await ada.status('live');
  await ada.page.goto(`${BASE}/${scene.name}-2`);
  await ada.status('live');
  await ada.reads('p');
  await ada.write('of the second');
  await ada.status('live');
  await ada.page.goto(`${BASE}/${scene.name}`);
  await ada.status('live');
  await ada.reads('p of the first');
});

editorTest('a document is not editable before it is loaded', async (scene) => {
  const ada = await scene.user('Ada', { address: `/${scene.name}` });
  await ada.status('live');
  const bob = await scene.user('Bob', { address: '/about:blank' });
  await bob.context.route('**/api/pluv/authorize?*', () => {});
  await bob.page.goto(`${BASE}/${scene.name}`);
  await bob.status('connecting');
  assert.equal(await bob.text.getAttribute('contenteditable'), 'false');
  await bob.context.unroute('**/api/pluv/authorize?*');
  await bob.page.reload();
  await bob.status('live');
  await bob.write('there');
  await ada.reads('p there');
});

editorTest('a rejected user sees the reason, and can try again', async (scene) => {
  scene.expected = /status of 40[03]/;
  const ada = await scene.user('Ada');
  await ada.status('live');
  await ada.write('Before');
  await ada.status('live');
  await ada.context.route('**/api/pluv/authorize?*', (route) =>
    route.fulfill({ status: 403, body: 'you were banned' }),
  );
  await ada.page.reload();
  await ada.status('refused');
  assert.equal(await ada.banner.textContent(), 'This document is closed to you: you were banned.');
  assert.equal(await ada.text.getAttribute('contenteditable'), 'false');
  await ada.shot('refused');
  await ada.context.unroute('**/api/pluv/authorize?*');
  await ada.page.getByTestId('retry').click();
  await ada.status('live');
  await ada.reads('p Before');
  await ada.write('!');

  // By the room's own close.
  await ada.page.goto(`${BASE}/${'long-'.repeat(60)}`);
  await ada.status('refused');
  await ada.banner.filter({ hasText: "the room's name has 300 bytes: the limit is 256" }).waitFor();
});

editorTest('a user is told that the room is full, and joins when another leaves', async (scene) => {
  // Each provider listens for the exit of the process.
  process.setMaxListeners(SEATS + 10);
  const guests = await Promise.all(Array.from({ length: SEATS }, (_, seat) => scene.guest(`Guest ${seat}`)));
  const ada = await scene.user('Ada');
  await ada.banner.filter({ hasText: 'can’t be opened just now: ' }).waitFor();
  assert.match(await ada.banner.textContent(), /full/);
  await ada.shot('full');
  guests[0].destroy();
  await ada.status('live');
  await ada.banner.waitFor({ state: 'hidden' });
  await ada.page.getByText(`+${SEATS - 5}`).waitFor();
  await ada.shot('crowd');
});

editorTest('a disconnected user reconnects only on request, and a rejected change is shown', async (scene) => {
  const sockets = [];
  const ada = await scene.user('Ada', { address: '/about:blank' });
  await ada.page.routeWebSocket(/yjs/, (socket) => {
    socket.connectToServer();
    sockets.push(socket);
  });
  await ada.page.goto(`${BASE}/${scene.name}`);
  await ada.status('live');
  const denied = (reason) => Buffer.from([2, 0, reason.length, ...Buffer.from(reason)]);

  sockets.at(-1).send(denied('it is too long'));
  await ada.status('unsaved');
  assert.equal(
    await ada.banner.textContent(),
    'The room did not take your last change: it is too long. Undo it, and try again.',
  );
  await ada.shot('unsaved');
  await ada.page.getByTestId('retry').click();
  await ada.status('live');
  await ada.banner.waitFor({ state: 'hidden' });
  assert.equal(sockets.length, 2);

  // As the room disconnects a provider.
  sockets.at(-1).send(denied('disconnected by the server'));
  await sockets.at(-1).close({ code: 4403, reason: 'disconnected by the server' });
  await ada.status('refused');
  assert.equal(await ada.banner.textContent(), 'This document is closed to you: disconnected by the server.');
  await still(2_000);
  assert.equal(sockets.length, 2, 'it does not reconnect by itself');
  await ada.page.getByTestId('retry').click();
  await ada.status('live');
});

for (const scheme of ['light', 'dark']) {
  editorTest(`a document fits the page, wide and narrow, ${scheme}`, async (scene) => {
    const ada = await scene.user('Ada Lovelace', { colorScheme: scheme });
    const bob = await scene.user('Charles');
    const cleo = await scene.user('Grace Hopper');
    await Promise.all([ada, bob, cleo].map((user) => user.status('live')));
    await ada.write(
      '# A plan for Thursday\nWe move the rooms over, one by one, while everyone is still in them. Nobody should notice.',
    );
    await ada.type(
      `\n## What is left\n- Write down **who** does what\nBake a cake\nTell the others, in \`#rooms\`\n\n> It slept for most of the night, in fact.\nA long word: ${'wrap'.repeat(40)}`,
    );
    await ada.type('\n\n```\ncargo xtask dev --example editor');
    await bob.page.locator('[data-test="text"] pre').waitFor();
    await bob.go('start');
    await bob.move('ArrowDown', 'End');
    await bob.type('Or so ');
    await cleo.page.locator('[data-test="text"] li').nth(1).click();
    await cleo.move('Home', 'Shift+End');
    await ada.seesCarets('Charles', 'Grace Hopper');
    await bob.type('we hope. ');
    await ada.sees('Charles', 'Grace Hopper');
    await ada.status('live');
    await ada.page.evaluate(() => scrollTo(0, 0));
    await ada.shot(`desktop-${scheme}`);

    for (const size of [DESKTOP, PHONE, { width: 320, height: 568 }]) {
      await ada.page.setViewportSize(size);
      await ada.until((width) => innerWidth === width, size.width);
      const wide = await ada.page.evaluate(() =>
        [document.documentElement, ...document.querySelectorAll('.bar, .paper, .prose')]
          .filter((part) => part.scrollWidth > part.clientWidth + 1)
          .map((part) => part.className || part.localName),
      );
      assert.deepEqual(wide, [], `at ${size.width} px`);
      await ada.page.evaluate(() => scrollTo(0, 0));
      await ada.shot(`${size.width}-${scheme}`);
    }
  });
}
