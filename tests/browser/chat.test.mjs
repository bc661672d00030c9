// The page of examples/chat in a real browser, against the worker at PLUV_CHAT_URL.
//
// PLUV_CHROMIUM is the browser, PLUV_SCREENSHOTS a directory for pictures of the page.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { test } from 'node:test';
import { TIMEOUT, until } from '../wait.mjs';
import { DESKTOP, PHONE, Stage } from './stage.mjs';

const BASE = process.env.PLUV_CHAT_URL;
const SCREENSHOTS = process.env.PLUV_SCREENSHOTS;
// For a page that shows messages of another day.
const LATER = new Date(2100, 0, 1, 12);

assert.ok(BASE, 'PLUV_CHAT_URL is missing: the address of a worker that runs examples/chat');

/** A test with a room and a browser profile of its own. */
function chatTest(name, run) {
  test(name, async () => {
    const chat = new Chat();
    try {
      await chat.open();
      await run(chat);
      chat.assertQuiet();
    } finally {
      await chat.end();
    }
  });
}

class Chat extends Stage {
  room = `test-${randomBytes(6).toString('hex')}`;

  constructor() {
    super(BASE);
  }

  async open() {
    this.profile = await this.context({ viewport: DESKTOP });
  }

  /** A new user: another tab with a new identity. */
  async user(name, base = BASE) {
    const page = await this.profile.newPage();
    const tab = new Tab(page);
    await page.goto(`${base}/?as=new#${this.room}`);
    await tab.online();
    if (name) {
      await tab.rename(name);
    }
    return tab;
  }

  /** Has users say something, one after the other, who leave again: `messages` are pairs of a name and a text. */
  async fill(messages) {
    const page = await this.profile.newPage();
    await page.goto(`${BASE}/#${this.room}-other`);
    await page.evaluate(
      async ([room, messages]) => {
        const { connect } = await import('/vendor/chat.js');
        const users = new Map();
        for (const [name, message] of messages) {
          if (!users.has(name)) {
            const user = connect(room, { query: { user_id: name, name } });
            users.set(name, user);
            await new Promise((online) => user.on('$status', ({ status }) => status === 'online' && online()));
          }
          const user = users.get(name);
          const confirmed = new Promise((confirm) => {
            user.on('messageReceived', (_, { mine }) => mine && confirm());
          });
          user.send('sendMessage', { message });
          await confirmed;
        }
        users.forEach((user) => user.close());
      },
      [this.room, messages],
    );
    await page.close();
  }
}

/** The texts `message 1` and so on. */
function numbered(first, last) {
  return Array.from({ length: last - first + 1 }, (_, index) => `message ${first + index}`);
}

class Tab {
  constructor(page) {
    this.page = page;
    this.text = page.getByTestId('text');
    this.messages = page.getByTestId('message-text');
    this.lines = page.getByTestId('line');
    this.users = page.getByTestId('person');
    this.typing = page.getByTestId('typing');
    this.note = page.getByTestId('note');
    this.noteStatus = page.getByTestId('note-status');
    this.older = page.getByTestId('older');
    this.scroll = page.getByTestId('messages');
  }

  /** Waits until `condition(argument)` is true in the page. */
  until(condition, argument) {
    return this.page.waitForFunction(condition, argument, { timeout: TIMEOUT });
  }

  online() {
    return this.status('online');
  }

  status(status) {
    return this.page.locator(`[data-test="status"][data-status="${status}"]`).waitFor();
  }

  name() {
    return this.page.locator('[data-test="rename"] .person-name').innerText();
  }

  async rename(name) {
    await this.page.getByTestId('rename').click();
    await this.page.getByTestId('name-input').fill(name);
    await this.page.getByTestId('name-input').press('Enter');
    await this.line(`You are now ${name}`);
    await this.online();
  }

  async say(text) {
    await this.text.fill(text);
    await this.text.press('Enter');
  }

  /** Waits until exactly these users are shown, in any order. */
  async sees(...names) {
    await this.until((expected) => {
      const shown = [...document.querySelectorAll('[data-test="person"]:not(.leaving) .person-name')];
      const count = Number(document.querySelector('[data-test="count"]').textContent);
      return (
        count === shown.length &&
        shown
          .map((node) => node.textContent)
          .sort()
          .join('\n') === expected
      );
    }, names.toSorted().join('\n'));
  }

  /** Waits until exactly these messages are shown, each of them confirmed by the room. */
  async reads(...texts) {
    await this.until((expected) => {
      const shown = [...document.querySelectorAll('[data-test="message"]:not(.pending) [data-test="message-text"]')];
      return JSON.stringify(shown.map((node) => node.textContent)) === expected;
    }, JSON.stringify(texts));
  }

  /** Waits until the log is scrolled to its end. */
  atEnd() {
    return this.until(() => {
      const { scrollTop, scrollHeight, clientHeight } = document.querySelector('[data-test="messages"]');
      return scrollHeight - scrollTop - clientHeight < 2;
    });
  }

  /** Scrolls the log to a place, and returns where the message with this text is then, as `top` does. */
  scrollTo(place, text) {
    return this.scroll.evaluate(
      (scroll, [place, text]) => {
        scroll.scrollTop = place;
        const messages = [...scroll.querySelectorAll('[data-test="message-text"]')];
        return messages.find(({ textContent }) => textContent === text).getBoundingClientRect().top;
      },
      [place, text],
    );
  }

  /** Returns the distance of a message from the top of the window. */
  async top(text) {
    return (await this.messages.filter({ hasText: text }).first().boundingBox()).y;
  }

  /** Waits until the note is exactly this. */
  async notes(text) {
    await this.until((expected) => document.querySelector('[data-test="note"]').value === expected, text);
  }

  /** Types into the note at the caret. */
  async write(text) {
    await this.note.focus();
    await this.page.keyboard.type(text);
  }

  /** Selects a part of the note. */
  select(start, end = start) {
    return this.note.evaluate(
      (field, range) => {
        field.focus();
        field.setSelectionRange(...range);
      },
      [start, end],
    );
  }

  /** Returns the selected text of the note. */
  selection() {
    return this.note.evaluate(({ selectionStart, selectionEnd }) => [selectionStart, selectionEnd]);
  }

  line(text) {
    return this.lines.filter({ hasText: text }).first().waitFor();
  }

  /** Takes a screenshot of the page once its animations have ended. */
  async shot(name) {
    if (SCREENSHOTS) {
      await this.until(() =>
        document
          .getAnimations()
          .every(
            (animation) => animation.playState === 'finished' || animation.effect.getTiming().iterations === Infinity,
          ),
      );
      await this.page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });
    }
  }
}

/** Types in these fields until `shows` has ended: the typing indicator is hidden soon after a pause. */
async function whileTyping(fields, shows) {
  let done = false;
  const type = async (field) => {
    while (!done) {
      await field.pressSequentially('x', { delay: 50 });
    }
  };
  const typists = fields.map(type);
  try {
    await shows();
  } finally {
    done = true;
    await Promise.all(typists);
  }
}

chatTest('two tabs are two users that see each other', async (chat) => {
  const ada = await chat.user();
  await ada.page.getByTestId('empty').waitFor();
  await ada.shot('empty');
  const opened = chat.profile.waitForEvent('page');
  await ada.page.getByTestId('second-user').click();
  const bob = new Tab(await opened);
  await bob.online();
  const names = [await ada.name(), await bob.name()];
  await ada.sees(...names);
  await bob.sees(...names);
  await ada.line(`${names[1]} joined`);
  await ada.shot('joined');
  const ids = await ada.users.evaluateAll((nodes) => nodes.map((node) => node.dataset.userId));
  assert.equal(new Set(ids).size, 2);
  assert.equal(await ada.page.locator('.person.you .person-name').innerText(), names[0]);
  assert.equal(await bob.page.locator('.person.you .person-name').innerText(), names[1]);

  // A reload keeps the user, and adds no other.
  await bob.page.reload();
  await bob.online();
  assert.equal(await bob.name(), names[1]);
  await bob.sees(...names);
  await ada.sees(...names);
});

chatTest('a message is shown once in both tabs', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await ada.sees('Ada', 'Bob');
  await bob.sees('Ada', 'Bob');
  await ada.say('Hello, Bob');
  await bob.reads('Hello, Bob');
  await bob.say('Hello, Ada');
  await bob.say('How are you?');
  const texts = ['Hello, Bob', 'Hello, Ada', 'How are you?'];
  await ada.reads(...texts);
  await bob.reads(...texts);
  assert.equal(await ada.text.inputValue(), '');
  assert.deepEqual(await ada.page.locator('.message.mine [data-test="message-text"]').allTextContents(), [texts[0]]);
  assert.deepEqual(
    await bob.page.locator('.message.mine [data-test="message-text"]').allTextContents(),
    texts.slice(1),
  );
  const heads = await ada.page.locator('.message.first [data-test="message-text"]').allTextContents();
  assert.deepEqual(heads, texts.slice(0, 2), 'messages in a row of one author are one group');
  await ada.page.getByTestId('empty').waitFor({ state: 'hidden' });
});

chatTest('messages that cross are in one order for all', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await ada.sees('Ada', 'Bob');
  await bob.sees('Ada', 'Bob');
  const texts = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
  const sayAll = async (tab, name) => {
    for (const text of texts) {
      await tab.say(`${name} ${text}`);
    }
  };
  await Promise.all([sayAll(ada, 'Ada'), sayAll(bob, 'Bob')]);
  const shown = async (tab) => {
    await tab.until((count) => document.querySelectorAll('.message:not(.pending)').length === count, 2 * texts.length);
    return tab.messages.allTextContents();
  };
  assert.deepEqual(await shown(ada), await shown(bob));
  const ofAda = (await shown(ada)).filter((text) => text.startsWith('Ada'));
  assert.deepEqual(
    ofAda,
    texts.map((text) => `Ada ${text}`),
  );
});

chatTest('a reload, and a newcomer after everyone left, show the history', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await ada.sees('Ada', 'Bob');
  await ada.say('one');
  await bob.reads('one');
  await bob.say('two');
  await ada.reads('one', 'two');
  await ada.say('three');
  await bob.reads('one', 'two', 'three');

  await bob.page.reload();
  await bob.reads('one', 'two', 'three');
  await bob.older.filter({ hasText: 'The conversation begins here. Messages are kept for 30 days.' }).waitFor();
  assert.deepEqual(await bob.page.locator('.message.mine [data-test="message-text"]').allTextContents(), ['two']);
  await ada.page.close();
  await bob.page.close();

  const eve = await chat.user();
  await eve.reads('one', 'two', 'three');
  const authors = await eve.page.getByTestId('message').evaluateAll((rows) => rows.map((row) => row.dataset.author));
  assert.deepEqual(authors, ['Ada', 'Bob', 'Ada']);
  assert.equal(await eve.page.locator('.message.mine').count(), 0);
  assert.equal(await eve.page.getByTestId('empty').isVisible(), false);
  await eve.say('four');
  await eve.reads('one', 'two', 'three', 'four');
});

chatTest('older messages are loaded while scrolling, and what is read stays where it is', async (chat) => {
  await chat.fill(numbered(1, 120).map((text, index) => [index % 7 < 3 ? 'Ada' : 'Bob', text]));
  const eve = await chat.user();
  await eve.reads(...numbered(71, 120));
  await eve.atEnd();
  assert.equal(await eve.page.getByTestId('jump').isVisible(), false);

  const before = await eve.scrollTo(150, 'message 75');
  await eve.reads(...numbered(21, 120));
  assert.ok(Math.abs((await eve.top('message 75')) - before) < 2, 'the message has moved');
  const atTop = await eve.scrollTo(0, 'message 21');
  await eve.reads(...numbered(1, 120));
  assert.ok(Math.abs((await eve.top('message 21')) - atTop) < 2, 'the message has moved');
  await eve.scrollTo(0, 'message 1');
  await eve.older.filter({ hasText: 'The conversation begins here.' }).waitFor();

  // A new message does not move what is read either.
  const reading = await eve.scrollTo(700, 'message 21');
  await chat.fill([['Ada', 'new']]);
  await eve.page.getByTestId('jump').waitFor();
  assert.ok(Math.abs((await eve.top('message 21')) - reading) < 2, 'the message has moved');
  await eve.reads(...numbered(1, 120), 'new');
  await eve.page.getByTestId('jump').click();
  await eve.atEnd();
});

chatTest('messages that could not be loaded can be loaded again', async (chat) => {
  await chat.fill(numbered(1, 60).map((text) => ['Ada', text]));
  const page = await chat.profile.newPage();
  let failures = 1;
  await page.routeWebSocket(/\/room\//, (client) => {
    const server = client.connectToServer();
    client.onMessage((frame) => {
      const { type, id } = JSON.parse(frame);
      if (type === 'history' && failures > 0) {
        failures -= 1;
        client.send(JSON.stringify({ type: '$error', data: { message: 'internal error' }, id }));
      } else {
        server.send(frame);
      }
    });
  });
  const eve = new Tab(page);
  const retry = page.getByTestId('older-retry');
  await page.goto(`${BASE}/#${chat.room}`);
  await eve.older.filter({ hasText: 'Some messages could not be loaded.' }).waitFor();
  // A message that comes meanwhile is followed by those that it hides.
  await chat.fill([['Bob', 'new']]);
  await eve.reads('new');
  await retry.click();
  await eve.reads(...numbered(12, 60), 'new');
  failures = 1;
  await eve.scrollTo(0, 'message 12');
  await retry.click();
  await eve.reads(...numbered(1, 60), 'new');
  assert.equal(await retry.isVisible(), false);
});

chatTest('a message of another day shows the day', async (chat) => {
  await chat.fill([['Ada', 'of another day']]);
  const eve = await chat.user();
  await eve.reads('of another day');
  const message = eve.page.getByTestId('message');
  const time = await message.locator('time').getAttribute('datetime');
  await eve.page.clock.setFixedTime(time);
  await eve.page.reload();
  await eve.reads('of another day');
  assert.equal(await eve.page.locator('.new-day').count(), 0);
  const day = (date) => new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' }).format(date);
  await eve.page.clock.setFixedTime(LATER);
  await eve.page.reload();
  await eve.reads('of another day');
  const label = await message.evaluate((row) => getComputedStyle(row, '::before').content);
  assert.equal(label, `"${day(new Date(time))}"`);
  await eve.say('/double 21');
  await eve.line('doubled {value: 42}');
  const line = eve.page.locator('.line.new-day');
  assert.equal(await line.getAttribute('data-day'), day(LATER));
});

chatTest('shift and enter starts a new line', async (chat) => {
  const ada = await chat.user('Ada');
  await ada.text.fill('one');
  await ada.text.press('Shift+Enter');
  await ada.text.pressSequentially('two');
  await ada.text.press('Enter');
  await ada.reads('one\ntwo');
});

chatTest('typing is shown to the others, and ends', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  const eve = await chat.user('Eve');
  await bob.sees('Ada', 'Bob', 'Eve');
  const ends = () => bob.typing.waitFor({ state: 'hidden' });
  const shows = (text) => bob.typing.filter({ hasText: text }).waitFor();
  await ends();

  await whileTyping([ada.text], () => shows('Ada is typing…'));
  assert.equal(await ada.typing.isVisible(), false, 'a user is not shown their own typing');
  await ends();

  await whileTyping([ada.text], () => shows('Ada is typing…'));
  const text = await ada.text.inputValue();
  await ada.text.press('Enter');
  await bob.reads(text);
  await ends();

  await whileTyping([ada.text], () => shows('Ada is typing…'));
  await ada.text.blur();
  await ends();

  // Both type at the same time.
  await whileTyping([ada.text, eve.text], () => shows('Ada and Eve are typing…'));
  await ends();
});

chatTest('a pointer is shown to the others', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await ada.sees('Ada', 'Bob');
  const { x, y, width, height } = await ada.page.locator('#conversation').boundingBox();
  await ada.page.mouse.move(x + width / 4, y + height / 2);
  await bob.until(() => {
    const cursor = document.querySelector('.cursor.shown');
    return cursor !== null && Math.abs(cursor.style.getPropertyValue('--x') - 0.25) < 0.01;
  });
  await ada.page.mouse.move(2, 2);
  await bob.until(() => document.querySelector('.cursor.shown') === null);
});

chatTest('HTML in a message and in a name is shown as text', async (chat) => {
  const html = '<img src=x onerror="document.title=1"><b>bold</b>';
  const ada = await chat.user('<i>Ada</i>');
  const bob = await chat.user('Bob');
  await bob.sees('<i>Ada</i>', 'Bob');
  await ada.say(html);
  await bob.reads(html);
  await ada.reads(html);
  for (const tab of [ada, bob]) {
    assert.equal(await tab.page.locator('#log :is(img, b, script), #people i').count(), 0);
    assert.match(await tab.page.title(), /Chat$/);
  }
});

chatTest('/double answers its sender alone', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await bob.sees('Ada', 'Bob');
  await ada.say('/double 21');
  await ada.line('doubled {value: 42}');
  // A later message: everything sent before it has arrived.
  await ada.say('done');
  await bob.reads('done');
  assert.equal(await bob.lines.filter({ hasText: 'doubled' }).count(), 0);
  await ada.reads('done');
});

chatTest('a command that does not exist stays in the composer, with a hint', async (chat) => {
  const ada = await chat.user('Ada');
  const notice = ada.page.getByTestId('notice');
  await ada.say('/dance now');
  await notice.filter({ hasText: 'There is no command /dance' }).waitFor();
  assert.equal(await ada.text.inputValue(), '/dance now');
  await ada.say('/double me');
  await notice.filter({ hasText: 'Give it a number' }).waitFor();
  assert.equal(await ada.messages.count(), 0);
});

chatTest('a user that leaves is removed for the other', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await ada.sees('Ada', 'Bob');
  await bob.page.close();
  await ada.line('Bob left');
  await ada.sees('Ada');
});

chatTest('a new name is shown to the others', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await ada.sees('Ada', 'Bob');
  await bob.rename('Robert');
  await ada.line('Bob is now Robert');
  await ada.sees('Ada', 'Robert');
  await bob.say('It is me');
  await ada.reads('It is me');
  assert.equal(await ada.page.getByTestId('message').getAttribute('data-author'), 'Robert');
  assert.equal(await ada.lines.filter({ hasText: /left|Robert joined/ }).count(), 0);

  // The name survives a reload and an Escape.
  await bob.page.reload();
  await bob.online();
  assert.equal(await bob.name(), 'Robert');
  await bob.page.getByTestId('rename').click();
  await bob.page.getByTestId('name-input').fill('Nobody');
  await bob.page.getByTestId('name-input').press('Escape');
  assert.equal(await bob.name(), 'Robert');
});

chatTest('two tabs of one user are shown once', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await ada.sees('Ada', 'Bob');
  // A page that another page opens starts with a copy of its session storage, as a duplicated tab does.
  const opened = chat.profile.waitForEvent('page');
  await bob.page.evaluate(() => {
    window.open(location.href);
  });
  const again = new Tab(await opened);
  await again.online();
  await again.sees('Ada', 'Bob');
  await again.say('from the second tab');
  for (const tab of [ada, bob, again]) {
    await tab.reads('from the second tab');
    await tab.sees('Ada', 'Bob');
  }
  assert.equal(await bob.page.locator('.message.mine').count(), 1, 'it is mine in the other tab too');
  await again.page.close();
  await bob.say('from the first tab');
  await ada.reads('from the second tab', 'from the first tab');
  await ada.sees('Ada', 'Bob');
  assert.equal(await ada.lines.filter({ hasText: 'left' }).count(), 0);
});

chatTest('a lost connection reconnects by itself', async (chat) => {
  const wire = await chat.useProxy();
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob', wire.url);
  await ada.sees('Ada', 'Bob');
  await bob.sees('Ada', 'Bob');

  wire.cut();
  await bob.status('reconnecting');
  await bob.page
    .getByTestId('countdown')
    .filter({ hasText: /Trying again in \d+ s/ })
    .waitFor();
  await ada.line('Bob left');
  assert.equal(await bob.page.getByTestId('send').isDisabled(), true);
  await bob.say('written meanwhile');
  assert.equal(await bob.text.inputValue(), 'written meanwhile');
  await bob.shot('reconnecting');

  wire.restore();
  await bob.online();
  await bob.sees('Ada', 'Bob');
  await ada.sees('Ada', 'Bob');
  await bob.page.getByTestId('banner').waitFor({ state: 'hidden' });
  await bob.text.press('Enter');
  await ada.reads('written meanwhile');
  await bob.reads('written meanwhile');
});

chatTest('a dead connection is detected, and unconfirmed messages can be sent again', async (chat) => {
  const wire = await chat.useProxy();
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob', wire.url);
  await ada.sees('Ada', 'Bob');

  const statuses = await bob.page.evaluateHandle(() => {
    const [node, statuses] = [document.querySelector('[data-test="status"]'), []];
    new MutationObserver(() => statuses.push(node.dataset.status)).observe(node, { attributes: true });
    return statuses;
  });
  wire.freeze();
  await bob.say('Are you there?');
  await bob.page.locator('[data-test="message"].pending').waitFor();
  await bob.page.getByTestId('unsent').waitFor();
  await bob.shot('unsent');
  assert.equal(await ada.messages.count(), 0);
  // It reconnects soon.
  await until(() => statuses.evaluate((all) => all.some((status) => status !== 'online')), 'the loss is noticed');
  await bob.online();
  await bob.page.getByTestId('send-again').click();
  await ada.reads('Are you there?');
  await bob.reads('Are you there?');
});

chatTest('a reconnect shows what was missed, once and in order', async (chat) => {
  const wire = await chat.useProxy();
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob', wire.url);
  await ada.sees('Ada', 'Bob');
  await ada.say('before');
  await bob.reads('before');
  wire.cut();
  await bob.status('reconnecting');
  // More than a page of the history.
  await chat.fill(numbered(1, 70).map((text) => ['Eve', text]));
  await ada.say('meanwhile');
  await ada.reads('before', ...numbered(1, 70), 'meanwhile');
  wire.restore();
  await bob.online();
  await ada.say('after');
  const all = ['before', ...numbered(1, 70), 'meanwhile', 'after'];
  await bob.reads(...all);
  await bob.atEnd();
  await bob.page.reload();
  await bob.reads(...all.slice(-50));
});

chatTest('a message that the room has, though its confirmation was lost, is shown once', async (chat) => {
  const wire = await chat.useProxy();
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob', wire.url);
  await bob.say('again');
  await ada.reads('again');
  await bob.reads('again');
  wire.deafen();
  await bob.say('again');
  await ada.reads('again', 'again');
  await ada.say('other');
  assert.equal(await bob.page.locator('[data-test="message"].pending').count(), 1);
  wire.cut();
  await bob.page.getByTestId('unsent').waitFor();
  wire.restore();
  await bob.online();
  await bob.reads('again', 'again', 'other');
  await bob.page.getByTestId('unsent').waitFor({ state: 'detached' });
});

chatTest('a browser that is offline shows it', async (chat) => {
  const wire = await chat.useProxy();
  const bob = await chat.user('Bob', wire.url);
  wire.cut();
  await bob.status('reconnecting');
  await chat.profile.setOffline(true);
  await bob.status('offline');
  wire.restore();
  await chat.profile.setOffline(false);
  await bob.online();
  await bob.sees('Bob');
});

chatTest('a rejected token request is shown, and not retried automatically', async (chat) => {
  chat.expected = /status of 403/;
  const page = await chat.profile.newPage();
  const tab = new Tab(page);
  let asked = 0;
  await page.route('**/api/pluv/authorize?*', (route) => {
    asked += 1;
    return asked === 1 ? route.fulfill({ status: 403, body: 'you may not enter this room' }) : route.continue();
  });
  await page.goto(`${BASE}/#${chat.room}`);
  await tab.status('refused');
  await page.getByTestId('banner-text').filter({ hasText: 'you may not enter this room' }).waitFor();
  assert.equal(await page.getByTestId('countdown').innerText(), '');
  assert.equal(asked, 1);
  await tab.shot('refused');
  await page.getByTestId('retry').click();
  await tab.online();
});

chatTest('a connection that the room rejects shows the reason', async (chat) => {
  const page = await chat.profile.newPage();
  const tab = new Tab(page);
  await page.route('**/api/pluv/authorize?*', (route) => route.fulfill({ body: 'not-a-token' }));
  await page.goto(`${BASE}/#${chat.room}`);
  await tab.status('refused');
  assert.match(await page.getByTestId('banner-text').innerText(), /^The room did not let you in: .+/);
});

chatTest('the address names the room', async (chat) => {
  await chat.profile.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await chat.profile.newPage();
  const tab = new Tab(page);
  await page.goto(BASE);
  await tab.online();
  assert.equal(await page.getByTestId('room-name').innerText(), 'lobby');
  const name = `${chat.room} ä`;
  await page.goto(`${BASE}/?room=${encodeURIComponent(name)}`);
  await tab.online();
  assert.equal(await page.getByTestId('room-name').innerText(), name);
  await page.getByTestId('copy-link').click();
  await page.getByTestId('copy-link').filter({ hasText: 'Copied' }).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, `${new URL(BASE).origin}/#${encodeURIComponent(name)}`);

  const other = new Tab(await chat.profile.newPage());
  await other.page.goto(link);
  await other.online();
  await tab.sees(await tab.name(), await other.name());

  // Another room in the same tab: the first one sees them go.
  await other.page.evaluate((room) => {
    location.hash = room;
  }, `${chat.room}-2`);
  await other.page
    .getByTestId('room-name')
    .filter({ hasText: `${chat.room}-2` })
    .waitFor();
  await other.online();
  await tab.sees(await tab.name());
  await other.sees(await other.name());
});

chatTest('concurrent edits of the note converge', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await ada.write('begin end');
  await bob.notes('begin end');
  await ada.select(6);
  await bob.select(6);
  const texts = ['by the one ', 'by the other '];
  await Promise.all([ada.note.pressSequentially(texts[0]), bob.note.pressSequentially(texts[1])]);
  const length = 'begin end'.length + texts.join('').length;
  for (const tab of [ada, bob]) {
    await tab.until((expected) => document.querySelector('[data-test="note"]').value.length === expected, length);
  }
  const text = await ada.note.inputValue();
  await bob.notes(text);
  assert.ok(text.startsWith('begin ') && text.endsWith(' end'), text);
  for (const written of texts) {
    // The letters of each are in the text, in order.
    let at = 0;
    for (const letter of written) {
      at = text.indexOf(letter, at) + 1;
      assert.ok(at > 0, `${written} in ${text}`);
    }
  }
});

chatTest('a newcomer, and a user that returns after everyone left, gets the note', async (chat) => {
  const ada = await chat.user('Ada');
  await ada.write('Buy milk\nand 🥛');
  const bob = await chat.user('Bob');
  await bob.notes('Buy milk\nand 🥛');
  await bob.write('!');
  await ada.notes('!Buy milk\nand 🥛');
  await ada.page.close();
  await bob.page.close();
  const eve = await chat.user('Eve');
  await eve.notes('!Buy milk\nand 🥛');
});

chatTest('the note is not editable before it is loaded', async (chat) => {
  const page = await chat.profile.newPage();
  await page.route('**/api/pluv/authorize?*', async () => {});
  await page.goto(`${BASE}/#${chat.room}`);
  const tab = new Tab(page);
  await tab.status('connecting');
  assert.equal(await tab.note.isEditable(), false);
  assert.equal(await tab.noteStatus.innerText(), '');
  await page.unroute('**/api/pluv/authorize?*');
  await page.reload();
  await tab.online();
  assert.equal(await tab.note.isEditable(), true);
  assert.equal(await tab.noteStatus.innerText(), 'Everyone here can write in it');
});

chatTest('the caret and the selection stay with their text while another writes', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await ada.write('one two three');
  await bob.notes('one two three');
  await ada.select(4, 7);

  await bob.select(0);
  await bob.write('zero ');
  await ada.notes('zero one two three');
  assert.deepEqual(await ada.selection(), [9, 12]);
  await bob.select(18);
  await bob.write(' four');
  await ada.notes('zero one two three four');
  assert.deepEqual(await ada.selection(), [9, 12]);
  await bob.select(0, 5);
  await bob.page.keyboard.press('Delete');
  await ada.notes('one two three four');
  assert.deepEqual(await ada.selection(), [4, 7]);

  // The caret before the second of two equal letters, and another user replaces the selection.
  await ada.select(1);
  await bob.select(0);
  await bob.write('o');
  await ada.notes('oone two three four');
  assert.deepEqual(await ada.selection(), [2, 2]);
  await ada.select(5, 8);
  await bob.select(0, 19);
  await bob.write('new');
  await ada.notes('new');
  await ada.write('!');
  await bob.until(() => document.querySelector('[data-test="note"]').value.includes('!'));
  await ada.notes(await bob.note.inputValue());
});

chatTest('the page shows who edits the note', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await ada.sees('Ada', 'Bob');
  await whileTyping([bob.note], () => ada.noteStatus.filter({ hasText: 'Bob is writing…' }).waitFor());
  assert.equal(await bob.noteStatus.innerText(), 'Everyone here can write in it');
  await ada.noteStatus.filter({ hasText: 'Everyone here can write in it' }).waitFor();
});

chatTest('edits of the note made offline are merged with those of the others', async (chat) => {
  const wire = await chat.useProxy();
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob', wire.url);
  await ada.write('Milk. Bread.');
  await bob.notes('Milk. Bread.');

  wire.cut();
  await bob.status('reconnecting');
  await bob.noteStatus.filter({ hasText: 'Not shared until you’re back' }).waitFor();
  await bob.select(5);
  await bob.write(' Two of it.');
  await ada.select(12);
  await ada.write(' Butter.');
  await ada.select(0, 1);
  await ada.write('Oat m');
  await bob.notes('Milk. Two of it. Bread.');

  wire.restore();
  await bob.online();
  await bob.notes('Oat milk. Two of it. Bread. Butter.');
  await ada.notes('Oat milk. Two of it. Bread. Butter.');
});

chatTest("undo reverts the user's own edits of the note only", async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await ada.write('mine');
  await bob.notes('mine');
  await bob.select(0);
  await bob.write('theirs ');
  await ada.notes('theirs mine');
  await ada.note.press('Control+z');
  await ada.notes('theirs ');
  await bob.notes('theirs ');
  await ada.note.press('Control+Shift+z');
  await ada.notes('theirs mine');
  assert.deepEqual(await ada.selection(), [11, 11]);
  await ada.note.press('Control+z');
  await ada.note.press('Control+y');
  await ada.write('!');
  await bob.notes('theirs mine!');
});

chatTest('edits of others do not disturb an input method in the note', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  await ada.write('>');
  await bob.notes('>');
  const keyboard = await chat.profile.newCDPSession(ada.page);
  const compose = (text) => keyboard.send('Input.imeSetComposition', { text, selectionStart: 1, selectionEnd: 1 });
  await compose('に');
  await bob.notes('>に');
  await bob.select(0);
  await bob.write('before ');
  // A later message: everything sent before it has arrived.
  await bob.say('done');
  await ada.reads('done');
  await ada.notes('>に');
  await compose('にほ');
  await bob.notes('before >にほ');
  await keyboard.send('Input.insertText', { text: '日本' });
  await ada.notes('before >日本');
  await bob.notes('before >日本');
  assert.deepEqual(await ada.selection(), [10, 10]);
});

chatTest('an emoji that replaces another stays intact', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  // Each shares one surrogate with another of them.
  let text = '';
  for (const next of ['😀', '😁', '😁😀', '😀😀', '😀', '🐀', '🐀🐁', 'x😀y', 'x🨀y', 'x😀y']) {
    text = next;
    await ada.note.fill(text);
    await bob.notes(text);
  }
  const eve = await chat.user('Eve');
  await eve.notes(text);
});

chatTest('each room has a note of its own', async (chat) => {
  const ada = await chat.user('Ada');
  await ada.write('of the first');
  const address = ada.page.url();
  await ada.page.evaluate((room) => {
    location.hash = room;
  }, `${chat.room}-2`);
  await ada.page
    .getByTestId('room-name')
    .filter({ hasText: `${chat.room}-2` })
    .waitFor();
  await ada.online();
  await ada.notes('');
  await ada.write('of the second');
  await ada.page.goto(address);
  await ada.online();
  await ada.notes('of the first');
});

chatTest('a rejected edit of the note is shown as such, and not as a rejected message', async (chat) => {
  const ada = await chat.user('Ada');
  // More than the document may contain.
  await ada.note.evaluate((field) => {
    field.value = 'x'.repeat(5_100_000);
    field.dispatchEvent(new Event('input'));
  });
  await ada.say('Hello');
  await ada.line('The room says: `$updateStorage`: the document would take');
  await ada.reads('Hello');
  assert.equal(await ada.page.getByTestId('unsent').count(), 0);
});

chatTest('on a phone tabs switch between messages and note, and a dot marks news in the hidden one', async (chat) => {
  const ada = await chat.user('Ada');
  const bob = await chat.user('Bob');
  const view = ada.page.getByTestId('view');
  assert.equal(await view.isVisible(), false, 'on a desktop there is room for both');
  assert.deepEqual([await ada.text.isVisible(), await ada.note.isVisible()], [true, true]);
  await ada.page.setViewportSize(PHONE);
  await view.waitFor();
  assert.deepEqual([await ada.text.isVisible(), await ada.note.isVisible()], [true, false]);
  assert.equal(await view.textContent().then((text) => text.trim()), 'Note');

  await bob.write('Hello');
  await view.filter({ hasText: 'Note (new)' }).waitFor();
  await view.click();
  await view.filter({ hasText: 'Chat' }).waitFor();
  assert.deepEqual([await ada.text.isVisible(), await ada.note.isVisible()], [false, true]);
  await ada.notes('Hello');

  await bob.say('Hello');
  await view.filter({ hasText: 'Chat (new)' }).waitFor();
  await view.click();
  await ada.reads('Hello');
  assert.deepEqual([await ada.text.isVisible(), await ada.note.isVisible()], [true, false]);
  assert.equal(await view.textContent().then((text) => text.trim()), 'Note');
});

for (const scheme of ['light', 'dark']) {
  chatTest(`a conversation fits the page, wide and narrow, ${scheme}`, async (chat) => {
    const ada = await chat.user('Ada Lovelace');
    const bob = await chat.user('Charles');
    const eve = await chat.user('Grace Hopper');
    await ada.page.emulateMedia({ colorScheme: scheme });
    await ada.sees('Ada Lovelace', 'Charles', 'Grace Hopper');
    const texts = [];
    for (const [tab, text] of [
      [bob, 'Good morning! Did the new room server make it through the night?'],
      [ada, 'It did. It slept for most of it, in fact.'],
      [ada, 'Everyone was still here when it woke up.'],
      [eve, 'That is the whole idea, isn’t it'],
      [eve, `Look, a long word: ${'wrap'.repeat(60)}`],
      [bob, 'Noted 🙂'],
    ]) {
      await tab.say(text);
      texts.push(text);
      await ada.reads(...texts);
    }
    await ada.say('/double 21');
    await ada.line('doubled {value: 42}');
    await ada.text.fill('Shall we write it down?');
    const note = `Plan for Thursday\n\n- Move the rooms over, one by one\n- Cake\n\n${'wrap'.repeat(30)}`;
    await eve.note.fill(note);
    await ada.notes(note);
    const { x, y, width, height } = await bob.page.locator('#conversation').boundingBox();
    await bob.page.mouse.move(x + width * 0.6, y + height / 2);
    await bob.text.pressSequentially('Let');
    await ada.typing.filter({ hasText: 'Charles is typing…' }).waitFor();
    await ada.shot(`desktop-${scheme}`);

    const hasNoOverflow = () => {
      const { scrollWidth, scrollHeight } = document.documentElement;
      const parts = [...document.querySelectorAll('#scroll, .foot, .bar, .side, #note')];
      return (
        scrollWidth <= innerWidth &&
        scrollHeight <= innerHeight &&
        parts.every((part) => part.scrollWidth <= part.clientWidth)
      );
    };
    for (const size of [DESKTOP, PHONE, { width: 320, height: 568 }]) {
      await ada.page.setViewportSize(size);
      await ada.until((width) => innerWidth === width, size.width);
      assert.equal(await ada.page.evaluate(hasNoOverflow), true, `at ${size.width} px`);
      assert.equal(await ada.text.isVisible(), true);
      if (size !== DESKTOP) {
        await ada.shot(`phone-${size.width}-${scheme}`);
        await ada.page.getByTestId('view').click();
        await ada.shot(`phone-${size.width}-note-${scheme}`);
        await ada.page.getByTestId('view').click();
      }
    }
  });

  chatTest(`a long history fits the page, wide and narrow, ${scheme}`, async (chat) => {
    const says = [
      ['Charles', 'Good morning! Did the new room server make it through the night?'],
      ['Grace Hopper', 'It did. It slept for most of it, in fact.'],
      ['Grace Hopper', 'Everyone was still here when it woke up 🙂'],
      ['Mary', 'And whoever comes later can read all of this, so I could sleep in.'],
      ['Charles', 'That is the whole idea, isn’t it'],
      ['Mary', `Look, a long word: ${'wrap'.repeat(40)}`],
      ['Ada', 'Noted.\nLet us write it down.'],
    ];
    await chat.fill(Array.from({ length: 63 }, (_, index) => says[index % says.length]));
    const page = await chat.profile.newPage();
    await page.emulateMedia({ colorScheme: scheme });
    await page.addInitScript(() => sessionStorage.setItem('pluv-chat-user', '{"id":"Ada","name":"Ada"}'));
    await page.clock.setFixedTime(LATER);
    await page.goto(`${BASE}/#${chat.room}`);
    const ada = new Tab(page);
    const shows = (count) => ada.until((count) => document.querySelectorAll('.message').length === count, count);
    await shows(50);
    await ada.say('It is another day.');
    await shows(51);
    await ada.shot(`history-desktop-${scheme}`);
    for (const size of [DESKTOP, PHONE, { width: 320, height: 568 }]) {
      await page.setViewportSize(size);
      await ada.until((width) => innerWidth === width, size.width);
      await ada.atEnd();
      await ada.shot(`history-${size.width}-end-${scheme}`);
      await ada.scroll.evaluate((scroll) => {
        scroll.scrollTop = 0;
      });
      await shows(64);
      await ada.scroll.evaluate((scroll) => {
        scroll.scrollTop = 0;
      });
      assert.equal(
        await ada.scroll.evaluate((scroll) => scroll.scrollWidth <= scroll.clientWidth),
        true,
        `at ${size.width} px`,
      );
      await ada.shot(`history-${size.width}-begin-${scheme}`);
      // Until the page has noticed it: the next size keeps the end in view.
      await ada.scroll.evaluate((scroll) => {
        const noticed = new Promise((notice) => scroll.addEventListener('scroll', notice, { once: true }));
        scroll.scrollTop = scroll.scrollHeight;
        return noticed.then(() => {});
      });
    }
  });
}
