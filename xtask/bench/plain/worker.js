// Durable Objects in plain JavaScript, each of which does what a room of the fixture does, and nothing else.
import { DurableObject } from 'cloudflare:workers';

class Room extends DurableObject {
  async fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment(crypto.randomUUID());
    this.connected?.();
    return new Response(null, { status: 101, webSocket: client });
  }

  send(type, data, connectionId) {
    const frame = JSON.stringify({ type, data, connectionId, user: null, room: this.ctx.id.name });
    for (const socket of this.ctx.getWebSockets()) socket.send(frame);
  }
}

/** A state in a row, and a table. */
export class Tally extends Room {
  total = { count: 0, last: '' };
  written = 0;

  constructor(ctx, env) {
    super(ctx, env);
    this.exec('CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, value TEXT NOT NULL)');
    this.exec('CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)');
    const [row] = this.ctx.storage.sql.exec('SELECT value FROM state').toArray();
    if (row) this.total = JSON.parse(row.value);
  }

  exec(statement, ...params) {
    this.written += this.ctx.storage.sql.exec(statement, ...params).rowsWritten;
  }

  webSocketMessage(socket, frame) {
    const { type, data } = JSON.parse(frame);
    const id = socket.deserializeAttachment();
    if (type === 'count') {
      this.total = { count: this.total.count + 1, last: data.text };
      this.exec('INSERT OR REPLACE INTO state (id, value) VALUES (0, ?)', JSON.stringify(this.total));
      this.send('counted', data, id);
    } else if (type === 'note') {
      this.exec('INSERT INTO notes (text) VALUES (?)', data.text);
      this.send('noted', data, id);
    } else {
      socket.send(JSON.stringify({ type: 'writtenResult', data: this.written }));
    }
  }

  webSocketClose() {}
}

/** An interval, while someone is connected. */
export class Pulse extends Room {
  count = 0;

  connected() {
    this.timer ??= setInterval(() => this.send('beat', { count: ++this.count }, null), 50);
  }

  webSocketClose() {
    if (this.ctx.getWebSockets().length === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }
}

export default {
  async fetch(request, env) {
    const [, kind, room] = new URL(request.url).pathname.match(/^\/(tally|pulse)\/room\/([^/]+)$/) ?? [];
    const objects = { tally: env.TALLY, pulse: env.PULSE }[kind];
    return objects ? objects.getByName(room).fetch(request) : new Response('plain');
  },
};
