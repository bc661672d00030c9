// Users of a whiteboard without a browser.

import { createHash } from 'node:crypto';
import WebSocket from 'ws';

/** Derives an id from a name, of the form that the page makes. */
export function idOf(name) {
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}

/** A client that moves its pointer. */
export class Extra {
  static async join(base, board, name) {
    const address = `${base}/api/pluv/room/${board}`;
    const user = new URLSearchParams({ room: board, user_id: idOf(name), name });
    const token = await (await fetch(`${base}/api/pluv/authorize?${user}`)).text();
    const socket = new WebSocket(`${address.replace('http', 'ws')}?token=${token}`);
    const extra = new Extra(socket);
    await new Promise((resolve, reject) => {
      socket.on('message', (text) => {
        const { type, data, user } = JSON.parse(text);
        if (type === '$registered') {
          extra.send('$initializeSession', { presence: {}, update: '' });
        } else if (type === '$storageReceived') {
          resolve();
        }
        extra.heard(type, data, user);
      });
      socket.on('error', reject);
      socket.on('close', reject);
    });
    return extra;
  }

  constructor(socket) {
    this.socket = socket;
  }

  /** Called with each message. */
  heard() {}

  send(type, data) {
    this.socket.send(JSON.stringify({ type, data }));
  }

  point(x, y, hold) {
    this.send('$updatePresence', { presence: { at: { x, y }, hold: hold ?? null } });
  }
}
