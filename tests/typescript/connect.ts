// The types of the generated client of a room. It needs no package.

import type { Chat } from '../../examples/chat/bindings/Chat';
import { connect, type PluvConnection, PluvError, type PluvUser } from '../../examples/chat/bindings/Chat';
import type { Document } from '../../examples/editor/bindings/Document';
import type { Shapes } from '../shapes/bindings/Shapes';
import * as shapesRoom from '../shapes/bindings/Shapes';

const chat = connect<Chat>('lobby', { query: { user_id: 'u', name: 'Ada' }, presence: { typing: false } });
// Without a type argument the room of the file is used.
const same: typeof chat = connect('lobby', { url: 'https://chat.example' });
const shapes = shapesRoom.connect<Shapes>('lobby', { token: async (room) => room });

// @ts-expect-error: there is no such option.
connect<Chat>('lobby', { querry: {} });
// @ts-expect-error: a presence has no such field.
connect<Chat>('lobby', { presence: { tiping: true } });
// @ts-expect-error: not a room.
connect<{ name: string }>('lobby');

// Events.
const sent: boolean = chat.send('sendMessage', { message: 'hello' });
// @ts-expect-error: there is no such event.
chat.send('sendMesage', { message: 'hello' });
// @ts-expect-error: there is no such field.
chat.send('sendMessage', { text: 'hello' });
// @ts-expect-error: its input is missing.
chat.send('sendMessage');
// @ts-expect-error: names that begin with `$` are the protocol's.
chat.send('$ping', {});
shapes.send('nothing');
shapes.send('optional', { required: true, nested: { required: false } });
// @ts-expect-error: a required field is missing.
shapes.send('optional', { required: true, nested: {} });
// An optional value of any JSON may be omitted.
shapes.send('optional', { required: true, json: { a: [null] }, unit: null });
shapes.send('anything', { value: [1, { a: null }], object: {} });
// @ts-expect-error: a value of any JSON may be null, but not omitted.
shapes.send('anything', { object: {} });
shapes.send('numbers', {
  byte: 1,
  signed: 1,
  unsigned: 1,
  huge: 1,
  size: 1,
  float: 1,
  not_zero: 1,
  list: [],
});

// Outputs.
const off: () => void = chat.on('messageReceived', ({ id, message, time }, { user, mine }) => {
  const texts: string[] = [message, user.id, user.name];
  const numbers: number[] = [id, time];
  return mine ? texts : numbers;
});
// @ts-expect-error: there is no such field.
chat.on('messageReceived', ({ text }) => text);
// @ts-expect-error: there is no such output.
chat.on('messageSent', () => {});
shapes.on('said', ({ color }): 'deep-red' | 'blue' | null => color);

// Events of the connection.
chat.on('$status', ({ status, retryAt }) => status === 'reconnecting' && retryAt !== null);
chat.on('$people', (users) => users.map(({ user, presence, you }) => [user.name, presence.x, you]));
chat.on('$error', ({ message }) => message.length);
// @ts-expect-error: there is no such event.
chat.on('$joined', () => {});

// Presence.
chat.updatePresence({ typing: true });
chat.updatePresence({ x: null });
// @ts-expect-error: there is no such field.
chat.updatePresence({ y: 1 });
const positions: (number | null | undefined)[] = chat.others.map(({ presence }) => presence.x);
const user: PluvUser<Chat> = { id: 'u', name: 'Ada' };

// Procedures.
async function calls(): Promise<number> {
  const page = await shapes.call.history({ items: [1] });
  const count: number = await shapes.call.count();
  const patient: number = await shapes.call.count({}, { timeout: 60_000 });
  // @ts-expect-error: there is no such procedure.
  await shapes.call.histroy({ items: [] });
  // @ts-expect-error: an event has no answer.
  await shapes.call.nothing({});
  // @ts-expect-error: its input is of another type.
  await shapes.call.history({ items: ['one'] });
  // @ts-expect-error: its answer has no such field.
  page.entries;
  try {
    return page.items.reduce((sum, { inner }) => sum + inner, count + patient);
  } catch (error) {
    return error instanceof PluvError && error.code === 'timeout' ? 0 : -1;
  }
}

async function readHistory(): Promise<string[]> {
  // All that may be null may be omitted.
  const newest = await chat.call.history();
  const older = await chat.call.history({ before: newest.at(-1)?.id ?? null, limit: 10 });
  // @ts-expect-error: a message is named by its id.
  await chat.call.history({ before: older[0] });
  return [...newest, ...older].map(({ name, message }) => `${name}: ${message}`);
}

declare const documents: PluvConnection<Document>;
// @ts-expect-error: this room has none.
documents.call.history;

export { calls, off, positions, readHistory, same, sent, user };
