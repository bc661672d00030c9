// A worker of a test's own, which it may kill.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const { PLUV_WRANGLER, PLUV_CONFIGURATION } = process.env;

async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** A process and all that it started, by `ps`. */
function tree(root) {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const parents = rows.map((row) => row.trim().split(/\s+/).map(Number));
  const found = [root];
  for (const pid of found) {
    found.push(...parents.filter(([, parent]) => parent === pid).map(([child]) => child));
  }
  return found;
}

/** The worker of tests/fixture, whose state outlives it. */
export class Server {
  #state = mkdtempSync(path.join(os.tmpdir(), 'pluv-crash-'));
  #child = null;
  #port;
  #inspector;
  #log = '';

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start() {
    this.#port ??= await freePort();
    this.#inspector ??= await freePort();
    const flags = ['--config', PLUV_CONFIGURATION, '--ip', '127.0.0.1', '--persist-to', this.#state];
    const ports = ['--port', String(this.#port), '--inspector-port', String(this.#inspector)];
    const env = { ...process.env, CI: '1', WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' };
    const child = spawn(process.execPath, [PLUV_WRANGLER, 'dev', ...flags, ...ports], { env });
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.on('data', (data) => { this.#log += data; });
    }
    this.#child = child;
    const deadline = Date.now() + 90_000;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`the worker does not start:\n${this.#log.slice(-2_000)}`);
      }
      await sleep(100);
    }
  }

  async #answers() {
    try {
      await (await fetch(this.url, { signal: AbortSignal.timeout(5_000) })).arrayBuffer();
      return true;
    } catch {
      return false;
    }
  }

  /** `kill -9`, of all of it at once. */
  async kill() {
    const child = this.#child;
    this.#child = null;
    if (child !== null && child.exitCode === null) {
      const ended = once(child, 'exit');
      tree(child.pid).forEach((pid) => process.kill(pid, 'SIGKILL'));
      await ended;
    }
  }

  async stop() {
    await this.kill();
    rmSync(this.#state, { recursive: true, force: true });
  }
}
