// The generated clients of the rooms of tests/fixture, and helpers for tests.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';
import { until } from '../wait.mjs';

const { PLUV_FIXTURE_URL, PLUV_CLIENTS } = process.env;
assert.ok(PLUV_FIXTURE_URL, 'PLUV_FIXTURE_URL is missing: the address of a worker that runs tests/fixture');
assert.ok(PLUV_CLIENTS, 'PLUV_CLIENTS is missing: the directory of the clients of its rooms');

export const BASE = PLUV_FIXTURE_URL;

const load = (room) => import(pathToFileURL(path.join(PLUV_CLIENTS, `${room}.mjs`)));
const clients = {
  Agenda: await load('Agenda'),
  Desk: await load('Desk'),
  Lab: await load('Lab'),
  Notes: await load('Notes'),
  Plain: await load('Plain'),
  Ledger: await load('Ledger'),
};
export const { PluvError } = clients.Lab;

/** Runs `run` with a room of its own and a `join`, whose clients leave when it ends. */
export async function withRoom(run) {
  const room = `client-${randomBytes(6).toString('hex')}`;
  const connections = [];
  /** Connects a client; `statuses`, `errors` and `heard` record all that it emits. */
  const connect = (user, { kind = 'Lab', name = room, ...options } = {}) => {
    const { connect: open } = clients[kind];
    const retry = { min: 20, max: 200 };
    const client = open(name, { url: BASE, query: { user_id: user }, WebSocket, retry, ...options });
    connections.push(client);
    Object.assign(client, { statuses: [client.status], errors: [], heard: [] });
    client.on('$status', (status) => client.statuses.push(status));
    client.on('$error', ({ message }) => client.errors.push(message));
    client.on('said', ({ text }, cause) => client.heard.push({ text, ...cause }));
    return client;
  };
  const join = async (user, options) => {
    const client = connect(user, options);
    await until(() => client.online && client.people.length > 0, `${user} joins`);
    return client;
  };
  try {
    await run({ room, connect, join });
  } finally {
    connections.forEach((client) => client.close());
  }
}

/** Waits for the status `status`. */
export function reaches(client, status) {
  return until(() => client.status.status === status, `it is ${status}`);
}

/** Runs a server that sends made-up frames; `accept` is called with each socket. */
export async function withServer(accept, run) {
  const server = createServer((_request, response) => response.end('a token'));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', accept);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await run(`http://127.0.0.1:${server.address().port}`, sockets);
  } finally {
    sockets.clients.forEach((socket) => socket.terminate());
    sockets.close();
    server.closeAllConnections();
    server.close();
  }
}
