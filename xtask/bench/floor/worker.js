// The floor: a Durable Object that copies each frame to every socket, and does nothing else. On the same platform no
// room can be faster.
import { DurableObject } from 'cloudflare:workers';

export class Floor extends DurableObject {
  async fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(_, frame) {
    for (const socket of this.ctx.getWebSockets()) socket.send(frame);
  }

  webSocketClose() {}
}

export default {
  async fetch(request, env) {
    const [, room] = new URL(request.url).pathname.match(/^\/room\/([^/]+)$/) ?? [];
    return room ? env.FLOOR.getByName(room).fetch(request) : new Response('floor');
  },
};
