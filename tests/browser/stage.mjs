// A browser for the tests of a page, which must not log errors or request another host.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before } from 'node:test';
import { chromium, selectors } from 'playwright-core';
import { TIMEOUT, until, untilHibernated } from '../wait.mjs';
import { TcpProxy } from './proxy.mjs';

export const DESKTOP = { width: 1200, height: 780 };
export const PHONE = { width: 375, height: 720 };

let browser;

before(async () => {
  selectors.setTestIdAttribute('data-test');
  browser = await chromium.launch({
    executablePath: process.env.PLUV_CHROMIUM ?? '/usr/bin/chromium',
    timeout: TIMEOUT,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
});

after(() => browser?.close());

/** The environment of a test: profiles of the browser, and a proxy to the worker that can be cut. */
export class Stage {
  // The browser logs an error when a test cuts the proxy.
  expected = null;
  proxy = null;
  #base;
  #contexts = [];
  #complaints = [];
  #foreign = new Set();

  constructor(base) {
    this.#base = base;
  }

  /** Opens a new profile of the browser. */
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
    this.expected =
      /ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_FAILED|ERR_INTERNET|ERR_NETWORK|ERR_SOCKET|WebSocket connection to/;
  }

  async useProxy() {
    this.proxy = await TcpProxy.start(this.#base);
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
 * Lets a room hibernate, wakes it by a new user, whose page `come` opens, and returns that user. By the worker's log the
 * room was created anew, with `connections` open connections. `speak` makes the connected users send what they would
 * otherwise send during the pause.
 */
export async function wakeByUser(log, room, { connections, speak, come }) {
  const entries = async (kind) => {
    const lines = (await readFile(log, 'utf8')).split('\n');
    return lines.filter((line) => line.includes(`"room":"${room}"`) && line.includes(`"pluv":"${kind}"`));
  };
  let user;
  await untilHibernated(async (waitForHibernation) => {
    if (user) {
      const left = (await entries('leave')).length;
      await user.context.close();
      await until(async () => (await entries('leave')).length > left, 'the room logs the close');
    }
    await speak?.();
    const [wakes, connects] = [await entries('wake'), await entries('connect')];
    await waitForHibernation();
    user = await come();
    // The connection is logged after the wake, if there was one.
    await until(async () => (await entries('connect')).length > connects.length, 'the connection is logged');
    const woken = (await entries('wake')).slice(wakes.length);
    if (woken.length > 0) {
      assert.equal(woken.length, 1, 'the room woke once');
      assert.match(woken[0], new RegExp(`"connections":${connections}\\b`));
    }
    return woken.length > 0;
  });
  return user;
}
