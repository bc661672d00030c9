// A proxy to the server that a test can cut: the browser's offline emulation does not affect WebSockets.

import net from 'node:net';

export class TcpProxy {
  #server;
  #pairs = new Set();
  #target;
  #up = true;

  static async start(base) {
    const proxy = new TcpProxy(base);
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

  /** Drops every connection without a close, and accepts no new one. */
  cut() {
    this.#up = false;
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
    this.#pairs.clear();
  }

  /** Forwards what the browser sends over open WebSockets, and not the answers. */
  deafen() {
    for (const { client, upstream } of this.#pairs) {
      upstream.unpipe(client);
      upstream.resume();
    }
  }

  /** Keeps open WebSockets open but forwards nothing, as with an unplugged cable. New connections work. */
  freeze() {
    for (const { client, upstream, end, isWebSocket } of this.#pairs) {
      if (isWebSocket) {
        client.unpipe(upstream);
        upstream.unpipe(client);
        client.resume();
        upstream.resume();
      } else {
        // Otherwise the browser would request its next token over this connection.
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
