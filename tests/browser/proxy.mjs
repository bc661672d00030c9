// A wire to the server that a test can cut. What a browser emulates as offline leaves WebSockets alone.

import net from 'node:net';

export class Proxy {
  #server;
  #pairs = new Set();
  #target;
  #up = true;

  static async start(base) {
    const proxy = new Proxy(base);
    await new Promise((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  constructor(base) {
    const { hostname, port } = new URL(base);
    this.#target = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
    this.#server = net.createServer((client) => this.#connect(client));
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  #connect(client) {
    if (!this.#up) {
      client.resetAndDestroy();
      return;
    }
    const upstream = net.connect(this.#target);
    const pair = { client, upstream, end: null, isWebSocket: false };
    this.#pairs.add(pair);
    pair.end = () => {
      this.#pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', pair.end);
      socket.on('close', pair.end);
    }
    client.on('data', (chunk) => {
      pair.isWebSocket ||= /^upgrade: *websocket\r$/im.test(chunk.toString('latin1'));
    });
    client.pipe(upstream);
    upstream.pipe(client);
  }

  /** Ends every connection without a farewell, and takes no new one. */
  cut() {
    this.#up = false;
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
    this.#pairs.clear();
  }

  /** WebSockets stay, but nothing passes any more, as with a cable pulled out. New connections pass. */
  freeze() {
    for (const { client, upstream, end, isWebSocket } of this.#pairs) {
      if (isWebSocket) {
        client.unpipe(upstream);
        upstream.unpipe(client);
        client.resume();
        upstream.resume();
      } else {
        // The browser would ask for its next token over this one.
        end();
      }
    }
  }

  restore() {
    this.#up = true;
  }

  async stop() {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
