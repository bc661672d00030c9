// A browser for the tests of a page, which must not complain or call another host.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { chromium, selectors } from 'playwright-core';
import { Proxy } from './proxy.mjs';

// Only how long until a test gives up: nothing waits for it to pass.
export const TIMEOUT = 30_000;
export const DESKTOP = { width: 1200, height: 780 };
export const PHONE = { width: 375, height: 720 };

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
