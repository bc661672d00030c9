// The types of the stock client with a room's type.

import { createClient, infer } from '@pluv/client';
import type { Chat, PluvAuthorize } from '../../examples/chat/bindings/Chat';
import type { Shapes } from '../shapes/bindings/Shapes';

const chat = createClient({ types: infer((i) => ({ io: i<Chat> })) }).createRoom('lobby');
const shapes = createClient({ types: infer((i) => ({ io: i<Shapes> })) }).createRoom('lobby');

// Inputs.
chat.broadcast('sendMessage', { message: 'hello' });
chat.broadcast('double', { value: 21 });
// @ts-expect-error: there is no such event.
chat.broadcast('sendMesage', { message: 'hello' });
// @ts-expect-error: an output is not an event.
chat.broadcast('messageReceived', { message: 'hello' });
// @ts-expect-error: there is no such field.
chat.broadcast('sendMessage', { text: 'hello' });
// @ts-expect-error: there is no further field.
chat.broadcast('sendMessage', { message: 'hello', loud: true });
// @ts-expect-error: it is a number.
chat.broadcast('double', { value: '21' });
// @ts-expect-error: it is missing.
chat.broadcast('double', {});

// Outputs.
chat.event('messageReceived', ({ data, user }) => {
  const texts: string[] = [data.message, user.id, user.name];
  // @ts-expect-error: there is no such field.
  data.text;
  // @ts-expect-error: a user has none either.
  user.email;
  return texts;
});
// @ts-expect-error: there is no such output.
chat.event('messageSent', () => {});
chat.broadcast('history', { before: 100 });
chat.event('historyResult', ({ data }) => data.map(({ id, message }): string => `${id}: ${message}`));

// The user and the document.
const name: string | undefined = chat.myself?.user.name;
const text: string = chat.doc.text('note');
const none: true = shapes.doc.empty;

// Optional values, a procedure, and its answer.
shapes.broadcast('optional', { required: true });
// @ts-expect-error: a required field is missing.
shapes.broadcast('optional', { option: 5 });
shapes.broadcast('nothing', {});
shapes.broadcast('history', { items: [1], next: null });
shapes.event('historyResult', ({ data }) => data.items.map((item): number => item.inner));
shapes.event('counted2', ({ data }) => data.toFixed());
shapes.event('cleared', ({ data }): null => data);
shapes.event('counted', ({ data }): number => data.soFar);

// A user needs an id.
type Users = [
  PluvAuthorize<{ id: string; name: string }>,
  // @ts-expect-error: there is no `id`.
  PluvAuthorize<{ name: string }>,
  // @ts-expect-error: it is not a string.
  PluvAuthorize<{ id: number }>,
];
// @ts-expect-error: this type is not a room.
const roomless = infer((i) => ({ io: i<{ _defs: { authorize: { user: { _input: { name: string } } } } }> }));

export { name, none, roomless, text, type Users };
