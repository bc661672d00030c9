// A worker with the tests' own rooms, for a test that kills it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TIMEOUT, until } from './wait.mjs';

const ADDRESS = '127.0.0.1';
// Below the ephemeral ports, so that no connection takes the port while its server restarts.
const [FIRST_PORT, LAST_PORT] = [10_000, 32_000];

/** Finds a free port. */
async function freePort() {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    const server = createServer().listen(port, ADDRESS);
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (isFree) {
      server.close();
      await once(server, 'close');
      return port;
    }
  }
}

/** The process groups of the servers that run. They are not in the group of the tests, and must not outlive these. */
const groups = new Set();

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.once(signal, () => {
    groups.forEach((group) => process.kill(-group, 'SIGKILL'));
    process.exit(1);
  });
}

/** Runs `wrangler dev` in a process group of its own, with a directory for its storage. */
export class Server {
  #process = null;
  #log = [];

  constructor(state, port) {
    this.state = state;
    this.port = port;
    this.url = `http://${ADDRESS}:${port}`;
  }

  static async create() {
    const state = await mkdtemp(path.join(tmpdir(), 'pluv-kill-'));
    const server = new Server(state, await freePort());
    await server.start();
    return server;
  }

  /** Starts the worker, and returns once it answers. */
  async start() {
    const { PLUV_WRANGLER, PLUV_FIXTURE_CONFIG } = process.env;
    assert.ok(PLUV_WRANGLER, 'PLUV_WRANGLER is missing: the path of wrangler.js');
    assert.ok(PLUV_FIXTURE_CONFIG, 'PLUV_FIXTURE_CONFIG is missing: the configuration that serves tests/fixture');
    const options = ['--config', PLUV_FIXTURE_CONFIG, '--ip', ADDRESS, '--port', `${this.port}`];
    options.push('--inspector-port', `${await freePort()}`, '--persist-to', this.state);
    const started = spawn(process.execPath, [PLUV_WRANGLER, 'dev', ...options], {
      cwd: path.dirname(PLUV_FIXTURE_CONFIG),
      // Not interactive, and without requests to other hosts.
      env: { ...process.env, CI: '1', WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#process = started;
    groups.add(started.pid);
    this.#log = [];
    for (const pipe of [started.stdout, started.stderr]) {
      pipe.on('data', (bytes) => this.#log.push(bytes.toString()));
    }
    const log = () => this.#log.join('').slice(-4000);
    try {
      await until(
        () => started.exitCode !== null || this.#answers(),
        () => `the worker answers:\n${log()}`,
      );
      assert.equal(started.exitCode, null, `the worker runs:\n${log()}`);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  async #answers() {
    try {
      await fetch(this.url, { signal: AbortSignal.timeout(TIMEOUT / 4) });
      return true;
    } catch {
      return false;
    }
  }

  /** Kills all its processes at once, as a power failure would. */
  async kill() {
    const ended = this.#process;
    this.#process = null;
    if (!ended) {
      return;
    }
    groups.delete(ended.pid);
    const exited = ended.exitCode === null && ended.signalCode === null ? once(ended, 'exit') : null;
    try {
      process.kill(-ended.pid, 'SIGKILL');
    } catch (error) {
      // The process group has no process left.
      assert.equal(error.code, 'ESRCH');
    }
    await exited;
  }

  /** Kills the worker, and deletes its storage. */
  async remove() {
    await this.kill();
    await rm(this.state, { recursive: true, force: true, maxRetries: 5 });
  }
}
