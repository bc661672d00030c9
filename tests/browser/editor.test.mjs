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
import { TIMEOUT, still, until } from '../wait.mjs';
import { DESKTOP, PHONE, Stage, whileAsleep } from './stage.mjs';

const BASE = process.env.PLUV_EDITOR_URL;
const LOG = process.env.PLUV_EDITOR_LOG;
const SCREENSHOTS = process.env.PLUV_SCREENSHOTS;
// How many a document has room for.
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

  /** Somebody with a browser of their own, so that nothing but the room lies between two of them. */
  async person(name, { base = BASE, address = `/${this.name}`, ...options } = {}) {
    const context = await this.context({ viewport: DESKTOP, ...options });
    if (name) {
      await context.addInitScript((chosen) => {
        if (location.protocol.startsWith('http')) {
          sessionStorage['pluv-editor-me'] ??= JSON.stringify({ name: chosen });
        }
      }, name);
    }
    const person = new Person(context, await context.newPage());
    await person.page.goto(`${base}${address}`);
    return person;
  }

  /** Some people who have the document open, and what they read is saved. */
  async people(...names) {
    const people = await Promise.all(names.map((name) => this.person(name)));
    await Promise.all(people.map((person) => person.status('live')));
    return people;
  }

  /** Somebody without a browser, who says once who they are, and never speaks again. */
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

class Person {
  constructor(context, page) {
    this.context = context;
    this.page = page;
    this.text = page.getByTestId('text');
    this.carets = page.getByTestId('caret');
    this.banner = page.getByTestId('banner-text');
  }

  /** Waits until `condition` is true of `argument` in the page. */
  until(condition, argument) {
    return this.page.waitForFunction(condition, argument, { timeout: TIMEOUT });
  }

  /** Waits for a state of the connection: `live` means that all is saved. */
  status(status) {
    return this.page.locator(`[data-test="status"][data-status="${status}"]`).waitFor();
  }

  /** Puts the caret at the start or the end of the document, and waits until it may be written in. */
  async go(to) {
    await this.page.locator('[data-test="text"][contenteditable="true"]').waitFor();
    await this.text.focus();
    await this.move(to === 'start' ? 'Control+Home' : 'Control+End');
    const caret = () => this.text.evaluate(({ editor }) => {
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
    const place = await caret();
    assert.equal(place.at, place[to], JSON.stringify(place));
  }

  /** Moves the caret by these keys, and waits until the editor knows of it: the browser tells it by an event. */
  async move(...keys) {
    for (const key of keys) {
      await this.page.keyboard.press(key);
    }
    await this.until((node) => {
      const { view } = node.editor;
      return view.domObserver.currentSelection.eq(view.domSelectionRange());
    }, await this.text.elementHandle());
  }

  /** Writes as by the keys. */
  async write(text, to = 'end') {
    await this.go(to);
    await this.type(text);
  }

  /** Writes on, where the caret is. */
  async type(text) {
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) {
        await this.page.keyboard.press('Enter');
      }
      await this.page.keyboard.type(line, { delay: 15 });
    }
  }

  /** What the page shows, block by block: `p Text`. */
  shown() {
    return this.text.evaluate(({ children }) => [...children].map((block) => `${block.localName} ${block.textContent}`.trimEnd()));
  }

  /** Waits until the page shows exactly this. */
  reads(...expected) {
    return this.#shows(() => this.shown(), expected);
  }

  /** Waits until exactly these others are shown to be here, whoever comes first. */
  sees(...names) {
    const listed = () => this.page.getByTestId('person').evaluateAll((nodes) => nodes.map(({ title }) => title).sort());
    return this.#shows(listed, names.toSorted());
  }

  /** Waits until the carets of exactly these are in the text. */
  seesCarets(...names) {
    const listed = () => this.carets.evaluateAll((nodes) => nodes.map(({ dataset }) => dataset.name).sort());
    return this.#shows(listed, names.toSorted());
  }

  async #shows(read, expected) {
    let shown;
    await until(async () => {
      shown = await read();
      return JSON.stringify(shown) === JSON.stringify(expected);
    }, () => `${JSON.stringify(expected)} shows, and not ${JSON.stringify(shown)}`);
  }

  /** A picture of the page, once what moves has come to rest. */
  async shot(name) {
    if (SCREENSHOTS) {
      await this.page.waitForTimeout(300);
      await this.page.screenshot({ path: path.join(SCREENSHOTS, `editor-${name}.png`) });
    }
  }
}

/** Waits until all show the same, and returns it. */
async function same(...people) {
  let shown;
  await until(async () => {
    shown = await Promise.all(people.map((person) => person.shown()));
    return new Set(shown.map((text) => text.join('\n'))).size === 1;
  }, () => `all read the same: ${JSON.stringify(shown)}`);
  return shown[0];
}

/** Holds that the letters of each text are there, in their order, and nothing else. */
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

editorTest('two who type at once in one line read the same', async (scene) => {
  const [ada, bob] = await scene.people('Ada', 'Bob');
  await ada.write('begin end');
  await bob.reads('p begin end');
  const texts = ['abcdefghijklmnopqrstuvwxyz', '0123456789'];
  for (const person of [ada, bob]) {
    await person.go('start');
    await person.move('Control+ArrowRight', 'ArrowRight');
  }
  await Promise.all([ada.type(texts[0]), bob.type(texts[1])]);
  await Promise.all([ada, bob].map((person) => person.status('live')));
  const [line] = await same(ada, bob);
  assertHas(line.replace(/^p begin /, '').replace(/end$/, ''), ...texts);
});

editorTest('three who type at once in different places read the same, with whatever format', async (scene) => {
  const people = await scene.people('Ada', 'Bob', 'Cleo');
  const [ada, bob, cleo] = people;
  await ada.write('# Title\nThe middle.\nThe end.');
  const begun = ['h1 Title', 'p The middle.', 'p The end.'];
  await Promise.all([bob, cleo].map((person) => person.reads(...begun)));
  await ada.go('start');
  await bob.go('start');
  await bob.move('ArrowDown', 'End');
  await cleo.go('end');
  await Promise.all([
    ada.type('A long '),
    bob.type(' And more.\n- of a list\nof two'),
    cleo.type('\n> Quoted\nand again'),
  ]);
  await same(...people);
  await ada.reads('h1 A long Title', 'p The middle. And more.', 'ul of a listof two', 'p The end.', 'blockquote Quotedand again');
  await Promise.all(people.map((person) => person.status('live')));

  // Who comes later reads it too, and so do those who load the page again.
  const dan = await scene.person('Dan');
  await dan.status('live');
  await Promise.all(people.map((person) => person.page.reload()));
  await Promise.all([...people, dan].map((person) => person.status('live')));
  await same(...people, dan);
  await dan.sees('Ada', 'Bob', 'Cleo');
});

editorTest('names, carets and selections of the others show, and go with them', async (scene) => {
  const [ada, bob, cleo] = await scene.people('Ada', 'Bob', 'Cleo');
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

  // What everyone reads is the text alone.
  assert.deepEqual(await bob.shown(), ['p Hello, Ada. Hello, Bob']);

  // Each has the colour that they have for themselves; two may have chosen the same.
  const colors = await bob.page.locator('[data-test="people"] .avatar').evaluateAll((nodes) =>
    nodes.map((node) => node.style.getPropertyValue('--person')));
  const own = await Promise.all([ada, bob, cleo].map(({ page }) =>
    page.evaluate(() => JSON.parse(sessionStorage['pluv-editor-me']).color)));
  assert.deepEqual(colors.toSorted(), own.toSorted());

  await cleo.page.close();
  await ada.sees('Bob');
  await bob.page.close();
  await ada.sees();
  await ada.seesCarets();
});

editorTest('who chooses another name and colour has them at once, and next time', async (scene) => {
  const [ada, bob] = await scene.people('Ada', 'Bob');
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

  // Nothing is changed by who cancels.
  await ada.page.getByTestId('me').click();
  await ada.page.getByTestId('profile-name').fill('Eve');
  await ada.page.keyboard.press('Escape');
  assert.equal(await ada.page.getByTestId('me-name').textContent(), 'Ada Lovelace');
});

editorTest('a name is text, whatever it is', async (scene) => {
  const [ada, bob] = await scene.people('<b onclick=1>Ada</b>', 'Bob');
  await ada.write('<img src=x onerror="document.title=1">');
  await bob.reads('p <img src=x onerror="document.title=1">');
  await bob.sees('<b onclick=1>Ada</b>');
  await bob.seesCarets('<b onclick=1>Ada</b>');
  assert.equal(await bob.page.locator('b, [data-test="text"] img[src]').count(), 0);
});

editorTest('what is written without a connection is told so, and joins what the others wrote', async (scene) => {
  const wire = await scene.useProxy();
  const ada = await scene.person('Ada');
  const bob = await scene.person('Bob', { base: wire.url });
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
  // Also who said nothing meanwhile, and never speaks again.
  await bob.sees('Ada', 'Cleo');
  await bob.seesCarets('Ada');
  await ada.sees('Bob', 'Cleo');
  await bob.text.focus();
  await ada.seesCarets('Bob');
});

editorTest('a browser that says that it is offline is believed, and comes back by itself', async (scene) => {
  scene.expectLosses();
  const [ada, bob] = await scene.people('Ada', 'Bob');
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

editorTest('a connection on which nothing comes any more is given up, and nothing is lost', async (scene) => {
  const wire = await scene.useProxy();
  const ada = await scene.person('Ada');
  const bob = await scene.person('Bob', { base: wire.url });
  await ada.write('One.');
  await bob.reads('p One.');
  wire.freeze();
  await ada.write(' Two.');
  await bob.write('Zero. ', 'start');
  await bob.status('saving');
  // Or the provider finds out by itself, in half a minute.
  await bob.context.setOffline(true);
  await bob.context.setOffline(false);
  await bob.status('live');
  assert.deepEqual(await same(ada, bob), ['p Zero. One. Two.']);
});

editorTest('what was written offline is there after a reload, and is sent when there is a connection', async (scene) => {
  scene.expectLosses();
  const [ada, bob] = await scene.people('Ada', 'Bob');
  await ada.write('Begun.');
  await bob.reads('p Begun.');
  // The page can be loaded, but has no way to the room.
  await bob.context.route('**/api/**', (route) => route.abort());
  await bob.page.reload();
  await bob.status('offline');
  await bob.reads('p Begun.');
  await bob.write(' Offline.');
  await bob.page.reload();
  await bob.reads('p Begun. Offline.');
  await bob.status('offline');
  await bob.write(' Again.');
  await ada.reads('p Begun.');
  await bob.context.unroute('**/api/**');
  await bob.page.getByTestId('retry').click();
  await bob.status('live');
  await ada.reads('p Begun. Offline. Again.');
});

editorTest('a caret that was just moved stays there, whatever the others write and wherever they go', async (scene) => {
  const ada = await scene.person('Ada', { address: '/about:blank' });
  // What comes from the room can be held back.
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
  const [bob] = await scene.people('Bob');
  await ada.write('# Heading\nEnd');
  await bob.reads('h1 Heading', 'p End');
  await bob.go('start');
  await bob.page.keyboard.type('The ');
  await ada.reads('h1 The Heading', 'p End');
  for (const act of [() => bob.page.keyboard.type('first '), () => bob.move('ArrowRight')]) {
    await ada.status('live');
    await ada.go('start');
    await ada.page.evaluate(() => { holds = true; });
    await act();
    await ada.until(() => heldFrames.length > 0);
    // As by a key: the event that tells the editor of it comes when this has ended.
    await ada.page.evaluate(() => {
      getSelection().modify('move', 'forward', 'documentboundary');
      holds = false;
      release();
    });
    // What shows where the others are is drawn by a timer.
    await ada.page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    await ada.type('.');
  }
  await Promise.all([ada, bob].map((person) => person.reads('h1 The first Heading', 'p End..')));
});

editorTest('a document that slept is read and written on, by who stayed and who comes', async (scene) => {
  const [ada, bob] = await scene.people('Ada', 'Bob');
  await ada.write('# Before\nIt slept.');
  await bob.reads('h1 Before', 'p It slept.');
  await bob.write(' Twice.');
  await ada.reads('h1 Before', 'p It slept. Twice.');
  await Promise.all([ada.status('live'), bob.status('live')]);
  const comes = (name) => async () => {
    const person = await scene.person(name);
    await person.status('live');
    return person;
  };
  const cleo = await whileAsleep(LOG, scene.name, {
    connections: 2,
    // Both speak, and so not again for a while.
    speak: () => Promise.all([ada, bob].map((person) => person.move('ArrowLeft', 'ArrowRight'))),
    come: comes('Cleo'),
  });
  await cleo.reads('h1 Before', 'p It slept. Twice.');
  await cleo.sees('Ada', 'Bob');
  await cleo.seesCarets('Ada', 'Bob');
  await Promise.all([cleo.write('\nAfter, by Cleo. '), ada.write('Still ', 'start')]);
  assert.deepEqual(await same(ada, bob, cleo), ['h1 Still Before', 'p It slept. Twice.', 'p After, by Cleo.']);

  // And when nobody stayed.
  await Promise.all([ada, bob, cleo].map(({ context }) => context.close()));
  const dan = await whileAsleep(LOG, scene.name, { connections: 0, come: comes('Dan') });
  await dan.reads('h1 Still Before', 'p It slept. Twice.', 'p After, by Cleo.');
  await dan.sees();
});

editorTest('a tab that has what neither the room nor the browser has asks before it closes', async (scene) => {
  const [bob] = await scene.people('Bob');
  const ada = await scene.person('Ada', { address: '/about:blank' });
  // A browser that keeps nothing.
  await ada.context.addInitScript(() => { indexedDB.open = () => new EventTarget(); });
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

editorTest('undo takes back what I wrote, and nothing of another', async (scene) => {
  const [ada, bob] = await scene.people('Ada', 'Bob');
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

editorTest('the buttons format what is selected, show how it is, and are reached by keys', async (scene) => {
  const [ada, bob] = await scene.people('Ada', 'Bob');
  await ada.write('word');
  await ada.page.keyboard.press('Control+a');
  const formats = ['bold', 'italic', 'strike', 'heading1', 'heading2', 'bulletList', 'orderedList', 'blockquote', 'codeBlock', 'code'];
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

  // One stop of the Tab key, within which the arrows move.
  await ada.page.locator('[data-command="undo"]').focus();
  await ada.page.keyboard.press('ArrowLeft');
  const focused = () => ada.page.evaluate(() => document.activeElement.dataset.command);
  assert.equal(await focused(), 'codeBlock');
  await ada.page.keyboard.press('Home');
  await ada.page.keyboard.press('ArrowRight');
  assert.equal(await focused(), 'redo');
  assert.equal(await ada.page.locator('[data-command][tabindex="0"]').count(), 1);
  const nameless = await ada.page.locator('button').evaluateAll((nodes) =>
    nodes.filter((node) => !node.ariaLabel && !node.textContent.trim()).map((node) => node.outerHTML));
  assert.deepEqual(nameless, []);
});

editorTest('who has the link to read reads along, and writes nothing', async (scene) => {
  const [ada] = await scene.people('Ada');
  await ada.write('by Ada');
  await ada.status('live');
  const reader = await scene.person('Reader', { address: `/${scene.name}?view` });
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

editorTest('a document is its address: a new one is made, and links to it are copied', async (scene) => {
  const ada = await scene.person('Ada', { address: '/', permissions: ['clipboard-read', 'clipboard-write'] });
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
  const bob = await scene.person('Bob', { address: pathname });
  await bob.reads('p Shared');
  await ada.sees('Bob');

  const [page] = await Promise.all([ada.context.waitForEvent('page'), ada.page.getByTestId('new').click()]);
  await page.waitForURL((url) => /^\/[a-z]+-[0-9a-f]{12}$/.test(url.pathname) && url.pathname !== pathname);

  const name = `${scene.name} ä & ö`;
  const cleo = await scene.person('Cleo', { address: `/${encodeURIComponent(name)}` });
  await cleo.status('live');
  assert.equal(await cleo.page.getByTestId('name').textContent(), name);
  await cleo.reads('p');
});

editorTest('each document has a text of its own', async (scene) => {
  const ada = await scene.person('Ada');
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

editorTest('a document may not be written in before it is there', async (scene) => {
  const ada = await scene.person('Ada', { address: `/${scene.name}` });
  await ada.status('live');
  const bob = await scene.person('Bob', { address: '/about:blank' });
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

editorTest('who is refused is told why, and may try again', async (scene) => {
  scene.expected = /status of 40[03]/;
  const ada = await scene.person('Ada');
  await ada.status('live');
  await ada.write('Before');
  await ada.status('live');
  await ada.context.route('**/api/pluv/authorize?*', (route) => route.fulfill({ status: 403, body: 'you were banned' }));
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

  // By the room itself.
  await ada.page.goto(`${BASE}/${'long-'.repeat(60)}`);
  await ada.status('refused');
  await ada.banner.filter({ hasText: 'the room\'s name has 300 bytes: the limit is 256' }).waitFor();
});

editorTest('who comes to a full room is told, and gets in when somebody leaves', async (scene) => {
  // Each provider listens to the end of the process.
  process.setMaxListeners(SEATS + 10);
  const guests = await Promise.all(Array.from({ length: SEATS }, (_, seat) => scene.guest(`Guest ${seat}`)));
  const ada = await scene.person('Ada');
  await ada.banner.filter({ hasText: 'can’t be opened just now: ' }).waitFor();
  assert.match(await ada.banner.textContent(), /full/);
  await ada.shot('full');
  guests[0].destroy();
  await ada.status('live');
  await ada.banner.waitFor({ state: 'hidden' });
  await ada.page.getByText(`+${SEATS - 5}`).waitFor();
  await ada.shot('crowd');
});

editorTest('who is sent away stays away until they want to come back, and a change that is not taken is told', async (scene) => {
  const sockets = [];
  const ada = await scene.person('Ada', { address: '/about:blank' });
  await ada.page.routeWebSocket(/yjs/, (socket) => {
    socket.connectToServer();
    sockets.push(socket);
  });
  await ada.page.goto(`${BASE}/${scene.name}`);
  await ada.status('live');
  const denied = (reason) => Buffer.from([2, 0, reason.length, ...Buffer.from(reason)]);

  sockets.at(-1).send(denied('it is too long'));
  await ada.status('unsaved');
  assert.equal(await ada.banner.textContent(), 'The room did not take your last change: it is too long. Undo it, and try again.');
  await ada.shot('unsaved');
  await ada.page.getByTestId('retry').click();
  await ada.status('live');
  await ada.banner.waitFor({ state: 'hidden' });
  assert.equal(sockets.length, 2);

  // As the room sends away whoever has a provider.
  sockets.at(-1).send(denied('you were sent away'));
  await sockets.at(-1).close({ code: 4403, reason: 'you were sent away' });
  await ada.status('refused');
  assert.equal(await ada.banner.textContent(), 'This document is closed to you: you were sent away.');
  await still(2_000);
  assert.equal(sockets.length, 2, 'it does not come back by itself');
  await ada.page.getByTestId('retry').click();
  await ada.status('live');
});

for (const scheme of ['light', 'dark']) {
  editorTest(`a document fits the page, wide and narrow, ${scheme}`, async (scene) => {
    const ada = await scene.person('Ada Lovelace', { colorScheme: scheme });
    const bob = await scene.person('Charles');
    const cleo = await scene.person('Grace Hopper');
    await Promise.all([ada, bob, cleo].map((person) => person.status('live')));
    await ada.write('# A plan for Thursday\nWe move the rooms over, one by one, while everyone is still in them. Nobody should notice.');
    await ada.type(`\n## What is left\n- Write down **who** does what\nBake a cake\nTell the others, in \`#rooms\`\n\n> It slept for most of the night, in fact.\nA long word: ${'wrap'.repeat(40)}`);
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
      const wide = await ada.page.evaluate(() => [document.documentElement, ...document.querySelectorAll('.bar, .paper, .prose')]
        .filter((part) => part.scrollWidth > part.clientWidth + 1).map((part) => part.className || part.localName));
      assert.deepEqual(wide, [], `at ${size.width} px`);
      await ada.page.evaluate(() => scrollTo(0, 0));
      await ada.shot(`${size.width}-${scheme}`);
    }
  });
}
