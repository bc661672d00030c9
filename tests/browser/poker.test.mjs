// The page of examples/poker in real browsers, against the worker at PLUV_POKER_URL.
//
// PLUV_CHROMIUM is the browser, PLUV_SCREENSHOTS a directory for pictures of the page.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { test } from 'node:test';
import { TIMEOUT, until } from '../wait.mjs';
import { idOf } from './crowd.mjs';
import { DESKTOP, PHONE, Stage } from './stage.mjs';

const BASE = process.env.PLUV_POKER_URL;
const SCREENSHOTS = process.env.PLUV_SCREENSHOTS;

assert.ok(BASE, 'PLUV_POKER_URL is missing: the address of a worker that runs examples/poker');

/** A test with a table of its own. */
function tableTest(name, run) {
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
  table = `test-${randomBytes(6).toString('hex')}`;

  constructor() {
    super(BASE);
  }

  /** Opens the table as a user in a browser profile of its own. */
  async user(name, { base = BASE, table = this.table, status = 'online', ...options } = {}) {
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
    await user.page.goto(`${base}/?table=${table}`);
    await user.status(status);
    return user;
  }

  async users(...names) {
    const users = await Promise.all(names.map((name) => this.user(name)));
    await Promise.all(users.map((user) => user.present(names.length)));
    return users;
  }
}

class User {
  /** The frames that its page has received. */
  frames = [];

  constructor(context, page) {
    this.context = context;
    this.page = page;
    this.notice = page.getByTestId('notice');
    this.entries = page.getByTestId('entry');
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => this.frames.push(String(payload))));
  }

  /** Waits for a state of the connection. */
  status(status) {
    return this.page.locator(`body[data-status="${status}"]`).waitFor();
  }

  /** Waits for a phase of the round: `none`, `voting` or `revealed`. */
  phase(phase) {
    return this.page.locator(`body[data-phase="${phase}"]`).waitFor();
  }

  /** Waits until so many are at the table. */
  present(count) {
    return this.page.waitForFunction((count) => document.querySelectorAll('.seat').length === count, count, {
      timeout: TIMEOUT,
    });
  }

  async open(topic, seconds = '600') {
    await this.page.getByTestId('next').fill(topic);
    await this.page.getByTestId('seconds').selectOption(seconds);
    await this.page.getByTestId('open').click();
    await this.page.getByTestId('topic').filter({ hasText: topic }).waitFor();
  }

  async vote(estimate) {
    await this.phase('voting');
    await this.choice(estimate).click();
  }

  choice(estimate) {
    return this.page.getByTestId(`vote-${estimate === '?' ? 'unsure' : estimate}`);
  }

  /** Waits until the user's own vote is this one. */
  chosen(estimate) {
    return this.page.locator(`.choice[value="${estimate}"][aria-pressed="true"]`).waitFor();
  }

  /** The table as screen readers have it: what each user has done, by name. */
  seats() {
    return this.page
      .getByTestId('seat')
      .evaluateAll((nodes) =>
        Object.fromEntries(
          nodes.map((node) => [node.querySelector('.who').textContent, node.querySelector('.does').textContent]),
        ),
      );
  }

  /** Waits until the table is as expected. */
  async shows(expected) {
    let seats;
    const sorted = (seats) => JSON.stringify(Object.entries(seats).sort());
    await until(
      async () => {
        seats = await this.seats();
        return sorted(seats) === sorted(expected);
      },
      () => `the table is ${JSON.stringify(expected)}: ${JSON.stringify(seats)}`,
    );
  }

  async result() {
    await this.phase('revealed');
    return [
      await this.page.getByTestId('average').textContent(),
      await this.page.getByTestId('caption').textContent(),
      (await this.page.getByTestId('tally').allTextContents()).join(', '),
    ];
  }

  async assertFits() {
    const wider = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wider <= 0, `the page is ${wider} pixels wider than the screen`);
  }

  /** Takes a screenshot of the page once its animations have ended. */
  async shot(name) {
    await this.assertFits();
    if (SCREENSHOTS) {
      await this.page.waitForTimeout(700);
      await this.page.screenshot({ path: path.join(SCREENSHOTS, `poker-${name}.png`), fullPage: true });
    }
  }
}

tableTest('three users vote in secret, and all votes are revealed by the last', async (scene) => {
  const [ada, bob, cleo] = await scene.users('Ada', 'Bob', 'Cleo');
  await ada.page.getByText('3 at the table').waitFor();
  await ada.open('Sign in with a passkey');
  await ada.vote('13');
  await ada.chosen('13');
  await bob.shows({ Ada: 'has voted', 'Bob (you)': 'has not voted yet', Cleo: 'has not voted yet' });
  await ada.shows({ 'Ada (you)': 'voted 13', Bob: 'has not voted yet', Cleo: 'has not voted yet' });
  await bob.vote('5');
  await bob.shows({ Ada: 'has voted', 'Bob (you)': 'voted 5', Cleo: 'has not voted yet' });
  assert.equal(await cleo.page.getByTestId('topic').textContent(), 'Sign in with a passkey');
  assert.equal(await cleo.page.getByTestId('progress').textContent(), '1 vote missing');
  await ada.vote('8');
  await ada.chosen('8');
  await bob.shot('voting');
  const told = cleo.frames.join('\n');
  assert.ok(told.includes('Sign in with a passkey'));
  assert.doesNotMatch(told, /"(13|5|8)"/, 'no vote is in any frame of who has not voted');
  await cleo.vote('8');
  for (const user of [ada, bob, cleo]) {
    assert.deepEqual(await user.result(), ['7', 'Average of 3 votes', '5× 1, 8× 2']);
    await user.entries.first().waitFor();
  }
  await cleo.shows({ Ada: 'voted 8', Bob: 'voted 5', 'Cleo (you)': 'voted 8' });
  assert.equal(await cleo.page.getByTestId('timer').textContent(), '');
  await cleo.shot('revealed');
});

tableTest('a reload keeps the vote, and who leaves keeps it too', async (scene) => {
  const [ada, bob] = await scene.users('Ada', 'Bob');
  await ada.open('Export as PDF');
  await bob.vote('3');
  await bob.chosen('3');
  await bob.page.reload();
  await bob.chosen('3');
  await bob.shows({ 'Bob (you)': 'voted 3', Ada: 'has not voted yet' });
  await bob.vote('2');
  await bob.chosen('2');
  await bob.context.close();
  await ada.shows({ 'Ada (you)': 'has not voted yet', Bob: 'has voted, and left' });
  await ada.vote('2');
  assert.deepEqual(await ada.result(), ['2', 'All 2 votes agree.', '2× 2']);
  await ada.shows({ 'Ada (you)': 'voted 2', Bob: 'voted 2, and left' });
});

tableTest('the countdown reveals the votes, and the button does before', async (scene) => {
  const [ada, bob] = await scene.users('Ada', 'Bob');
  await ada.page.getByTestId('reveal').waitFor({ state: 'hidden' });
  // Nobody votes, as the time may be over before anyone could on a slow machine.
  await ada.open('Dark colors', '5');
  for (const user of [ada, bob]) {
    assert.deepEqual(await user.result(), ['–', 'Nobody has voted.', '']);
  }
  await bob.shows({ Ada: 'has not voted', 'Bob (you)': 'has not voted' });
  await bob.open('Search in the archive', '600');
  await ada.phase('voting');
  assert.match(await ada.page.getByTestId('timer').textContent(), /^(10|9|8|7):\d\d$/);
  assert.equal(await ada.page.getByTestId('reveal').isDisabled(), true, 'nobody has voted');
  await ada.vote('?');
  await bob.shows({ Ada: 'has voted', 'Bob (you)': 'has not voted yet' });
  await bob.page.getByTestId('reveal').click();
  assert.deepEqual(await ada.result(), ['?', '1 vote, and nobody has an idea.', '?× 1']);
});

tableTest('the history lists past rounds from the newest, and older ones on request', async (scene) => {
  const ada = await scene.user('Ada');
  await ada.present(1);
  await ada.page.getByText('Results are listed here').waitFor();
  await ada.shot('empty');
  for (let number = 1; number <= 12; number++) {
    await ada.open(`Story ${number}`);
    await ada.vote(['1', '2', '3', '5', '8', '13', '?'][number % 7]);
    await ada.entries.nth(number - 1).waitFor();
  }
  const bob = await scene.user('Bob');
  await bob.entries.nth(9).waitFor();
  const topics = () => bob.page.getByTestId('entry-topic').allTextContents();
  const expected = Array.from({ length: 12 }, (_, index) => `Story ${12 - index}`);
  assert.deepEqual(await topics(), expected.slice(0, 10));
  const averages = ['13', '8', '5', '3', '2', '1', '–', '13', '8', '5'];
  assert.deepEqual(await bob.page.getByTestId('entry-average').allTextContents(), averages);
  await bob.page.getByTestId('older').click();
  await bob.entries.nth(11).waitFor();
  assert.deepEqual(await topics(), expected);
  await bob.page.getByTestId('older').waitFor({ state: 'hidden' });
  // A round that ends is added to them.
  await ada.open('Story 13');
  await ada.vote('3');
  await bob.vote('3');
  await bob.entries.nth(12).waitFor();
  assert.deepEqual(await topics(), ['Story 13', ...expected]);
});

tableTest('what is refused is said, and names are text', async (scene) => {
  const markup = '<img src=x onerror="document.title=1">';
  const [ada, bob] = await scene.users('Ada', 'Bob');
  await ada.page.getByTestId('next').fill('   ');
  await ada.page.getByTestId('open').click();
  await ada.notice.filter({ hasText: 'a topic has 1 to 120 letters' }).waitFor();
  await ada.open(markup);
  await bob.phase('voting');
  assert.equal(await bob.page.getByTestId('topic').textContent(), markup);
  await bob.page.getByTestId('name').fill(' <b>Bob</b> ');
  await bob.page.keyboard.press('Enter');
  await ada.shows({ 'Ada (you)': 'has not voted yet', '<b>Bob</b>': 'has not voted yet' });
  assert.equal(await ada.page.locator('.who b, img[src="x"]').count(), 0);
  await bob.page.reload();
  await bob.status('online');
  assert.equal(await bob.page.getByTestId('name').inputValue(), '<b>Bob</b>');

  scene.expected = /status of 400/;
  const eve = await scene.user('Eve', { table: 't'.repeat(300), status: 'refused' });
  assert.equal(await eve.page.getByTestId('reason').textContent(), "the room's name has 300 bytes: the limit is 256");
  assert.equal(await eve.page.getByTestId('next').isVisible(), false);
  await eve.shot('refused');
});

tableTest('without a connection nothing is lost, and what is sent is said not to be', async (scene) => {
  const proxy = await scene.useProxy();
  const [ada, bob] = await Promise.all([scene.user('Ada', { base: proxy.url }), scene.user('Bob')]);
  await bob.present(2);
  await bob.open('Offline');
  await ada.vote('5');
  await ada.chosen('5');
  proxy.cut();
  await ada.status('reconnecting');
  await ada.vote('8');
  await ada.notice.filter({ hasText: 'There is no connection' }).waitFor();
  await ada.page.getByText('Your vote is kept').waitFor();
  await bob.page.getByTestId('reveal').click();
  await bob.phase('revealed');
  proxy.restore();
  await ada.status('online');
  assert.equal((await ada.result())[0], '5');
  await ada.entries.first().waitFor();
});

tableTest('a round is played by keyboard, on a phone and in dark colors', async (scene) => {
  const [ada, bob] = await Promise.all([
    scene.user('Ada', { viewport: PHONE, colorScheme: 'dark' }),
    scene.user('Bob with a name of thirty-two', { colorScheme: 'dark' }),
  ]);
  await ada.present(2);
  await ada.page.getByTestId('next').focus();
  await ada.page.keyboard.type('A topic with aVeryLongWordThatHasNoPlaceToBreakAndIsWiderThanAnyPhone in it');
  await ada.shot('phone-empty');
  await ada.page.keyboard.press('Enter');
  await ada.phase('voting');
  await bob.vote('13');
  await ada.page.getByTestId('vote-8').focus();
  await ada.page.keyboard.press('Shift+Tab');
  assert.equal(await ada.page.evaluate(() => document.activeElement.value), '5');
  await ada.shot('phone-voting');
  await bob.shot('dark-voting');
  await ada.page.keyboard.press('Enter');
  assert.deepEqual(await ada.result(), ['9', 'Average of 2 votes', '5× 1, 13× 1']);
  await ada.shot('phone-revealed');
  await bob.shot('dark-revealed');
  await ada.page.emulateMedia({ colorScheme: 'light' });
  await ada.page.setViewportSize({ width: 320, height: 600 });
  await ada.shot('phone-narrow');
  // A phone zooms in on text fields with smaller letters.
  for (const field of ['name', 'next', 'seconds']) {
    assert.ok(await ada.page.getByTestId(field).evaluate((node) => parseFloat(getComputedStyle(node).fontSize) >= 16));
  }
});
