// What a board's page shows while everyone on it moves. Prints a line of JSON for each round of each number of people.
//
// node page.mjs URL CHROMIUM ROUNDS SECONDS PEOPLE..

import { Extra, idOf } from '../../../tests/browser/crowd.mjs';
import { chromium } from '../../../tests/node_modules/playwright-core/index.mjs';

const [url, executablePath, rounds, seconds, ...sizes] = process.argv.slice(2);
const COLORS = ['yellow', 'rose', 'green', 'blue', 'violet'];
// As often as a page speaks among thirty.
const PACE = 60;
const MOVES = 10;
// A bench fails where something takes this long.
const TIMEOUT = 120_000;

/** A board with two pages, one of which is looked at, and others who move. */
class Board {
  extras = [];
  notes = [];

  static async open(browser, people) {
    const board = new Board();
    board.people = people;
    board.name = `bench-${people}-${Date.now()}`;
    [board.ada, board.bob] = [await board.page(browser, 'Ada'), await board.page(browser, 'Bob')];
    for (const color of COLORS) {
      await board.ada.locator(`[data-test="add-${color}"]`).click();
      board.notes.push(await board.ada.evaluate(() => document.activeElement.closest('.note').dataset.id));
      await board.ada.keyboard.press('Escape');
    }
    while (board.extras.length < people - 2) {
      board.extras.push(await Extra.join(url, board.name, `Guest ${board.extras.length}`));
    }
    await board.bob.getByText(`${people} here`).waitFor();
    return board;
  }

  async page(browser, name) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 780 } });
    context.setDefaultTimeout(TIMEOUT);
    await context.addInitScript(
      (me) => {
        if (location.protocol.startsWith('http') && history.state === null) {
          history.replaceState(me, '');
        }
      },
      { id: idOf(name), name },
    );
    const page = await context.newPage();
    await page.goto(`${url}/?board=${this.name}`);
    await page.locator('body[data-status="online"]').waitFor();
    return page;
  }

  /** Each moves on a circle of their own; every sixth carries a note. */
  move() {
    this.extras.forEach((extra, number) => {
      const angle = Date.now() / 700 + number;
      const x = Math.round(1200 + ((number % 6) - 2.5) * 180 + 60 * Math.cos(angle));
      const y = Math.round(800 + (Math.floor(number / 6) - 2) * 130 + 50 * Math.sin(angle));
      const note = this.notes[number / 6];
      extra.point(x, y, note && { id: note, at: { x: x - 90, y: y - 40 } });
    });
  }

  async measure() {
    const timer = setInterval(() => this.move(), PACE);
    try {
      await this.ada.mouse.move(100, 100);
      await this.bob.waitForFunction((hands) => document.querySelectorAll('.hand').length === hands, this.people - 1);
      const frames = await this.bob.evaluate(
        (seconds) =>
          new Promise((resolve) => {
            const start = performance.now();
            let frames = 0;
            const look = (now) => {
              frames += 1;
              now - start < 1_000 * seconds ? requestAnimationFrame(look) : resolve((1_000 * frames) / (now - start));
            };
            requestAnimationFrame(look);
          }),
        Number(seconds),
      );
      return { people: this.people, frames, seen: await this.delay() };
    } finally {
      clearInterval(timer);
    }
  }

  /** The median of the milliseconds from a move of one page to when the other shows it. */
  async delay() {
    const left = await this.ada.locator('#surface').evaluate((node) => node.getBoundingClientRect().left);
    const delays = [];
    for (let x = 300; delays.length < MOVES; x += 10) {
      const seen = this.bob.waitForFunction(
        (place) =>
          [...document.querySelectorAll('.hand')].some(
            (hand) =>
              hand.textContent.trim() === 'Ada' &&
              Math.abs(new DOMMatrix(getComputedStyle(hand).transform).m41 - place) < 2,
          ),
        Math.round(x - left),
      );
      const start = performance.now();
      await this.ada.mouse.move(x, 400);
      await seen;
      delays.push(performance.now() - start);
    }
    return delays.sort((a, b) => a - b)[MOVES / 2];
  }

  close() {
    this.extras.forEach(({ socket }) => socket.removeAllListeners('close').close());
  }
}

const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'];
const browser = await chromium.launch({ executablePath, args, timeout: TIMEOUT });
const boards = [];
for (const size of sizes) {
  boards.push(await Board.open(browser, Number(size)));
}
for (let round = 1; round <= Number(rounds); round += 1) {
  for (const board of boards) {
    console.log(JSON.stringify({ round, ...(await board.measure()) }));
  }
}
boards.forEach((board) => board.close());
await browser.close();
