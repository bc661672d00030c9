// A browser for the tests of a page, which must not complain or call another host.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, selectors } from 'playwright-core';
import { Proxy } from './proxy.mjs';

// Only how long until a test gives up: nothing waits for it to pass.
export const TIMEOUT = 30_000;
export const DESKTOP = { width: 1200, height: 780 };
export const PHONE = { width: 375, height: 720 };

// Longer than the 10 seconds without an event after which workerd lets a room sleep, and shorter than the 15 seconds after
// which a Yjs provider tells of itself again.
const SILENCE = 12_000;

let browser;

before(async () => {
  selectors.setTestIdAttribute('data-test');
  browser = await chromium.launch({
    executablePath: process.env.PLUV_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
});

after(() => browser?.close());

/** What a test plays on: profiles of the browser, and a wire to the worker that can be cut. */
export class Stage {
  // Where a test cuts the wire, the browser says so.
  expected = null;
  proxy = null;
  #base;
  #contexts = [];
  #complaints = [];
  #foreign = new Set();

  constructor(base) {
    this.#base = base;
  }

  /** A profile of the browser. */
  async context(options) {
    const context = await browser.newContext(options);
    this.#contexts.push(context);
    context.setDefaultTimeout(TIMEOUT);
    context.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) && !this.expected?.test(message.text())) {
        this.#complaints.push(message.text());
      }
    });
    context.on('weberror', (error) => this.#complaints.push(String(error.error())));
    context.on('request', (request) => this.#check(request.url()));
    context.on('page', (page) => page.on('websocket', (socket) => this.#check(socket.url())));
    return context;
  }

  #check(address) {
    const { host, protocol } = new URL(address);
    const own = [new URL(this.#base).host, this.proxy && new URL(this.proxy.url).host];
    if (!own.includes(host) && !['data:', 'blob:', 'about:'].includes(protocol)) {
      this.#foreign.add(address);
    }
  }

  expectLosses() {
    this.expected = /ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_FAILED|ERR_INTERNET|ERR_NETWORK|ERR_SOCKET|WebSocket connection to/;
  }

  async useProxy() {
    this.proxy = await Proxy.start(this.#base);
    this.expectLosses();
    return this.proxy;
  }

  assertQuiet() {
    assert.deepEqual(this.#complaints, []);
    assert.deepEqual([...this.#foreign], []);
  }

  async end() {
    await Promise.all(this.#contexts.map((context) => context.close()));
    await this.proxy?.stop();
  }
}

/**
 * Waits until nobody has spoken to a room for so long that it sleeps, lets `wake` speak to it, and holds that nothing was
 * left of it in memory: by the worker's log it was made anew, with so many connections that had stayed open.
 */
export async function whileAsleep(log, room, connections, wake) {
  const wakes = async () => {
    const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line.includes(`"room":"${room}"`));
    return lines.filter((line) => line.includes('"pluv":"wake"'));
  };
  const before = (await wakes()).length;
  await sleep(SILENCE);
  await wake();
  const deadline = Date.now() + TIMEOUT;
  let after = await wakes();
  while (after.length === before && Date.now() < deadline) {
    // What the worker has logged is on its way.
    await sleep(50);
    after = await wakes();
  }
  assert.equal(after.length, before + 1, 'the room slept');
  assert.match(after.at(-1), new RegExp(`"connections":${connections}\\b`));
}
