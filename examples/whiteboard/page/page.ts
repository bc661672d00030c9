// The page: the notes of the board, and the pointers of all users.

import type { Color, Hold, Note, Point, Presence, User } from '../bindings/Whiteboard';
import { connect } from '../bindings/Whiteboard';
import { Board } from './board';
import { drawEach, show } from './draw';

const [WIDTH, HEIGHT, SIZE] = [2400, 1600, 176];
const NAMES = ['Amber', 'Bruno', 'Clara', 'Dario', 'Elif', 'Femke', 'Goran', 'Hanna', 'Ivo', 'Jun', 'Kaya', 'Lena'];
const KEYS: Record<string, [number, number]> = {
  ArrowLeft: [-8, 0],
  ArrowRight: [8, 0],
  ArrowUp: [0, -8],
  ArrowDown: [0, 8],
};

const byId = (id: string) => document.getElementById(id)!;
const randomId = () => [...crypto.getRandomValues(new Uint32Array(3))].map((part) => part.toString(36)).join('');
const [desk, surface, nameField] = [byId('desk'), byId('surface'), byId('name') as HTMLInputElement];

/** Each tab is a user of its own, also after a reload. */
const me: User = history.state ?? { id: randomId(), name: NAMES[Math.floor(Math.random() * NAMES.length)] };
const room = connect(new URLSearchParams(location.search).get('board') || 'lobby', {
  query: () => ({ user_id: me.id, name: me.name }),
  timeout: 2 ** 31 - 1, // Changes made offline wait for a connection without a limit.
});
const board = new Board(room, (rejection) => (rejection ? inform(rejection) : redraw()));
room.on('$people', redraw);

// --- The pointer ---

let pointer: PointerEvent | null = null;
/** The note that is dragged, and the pointer's position on it. */
let carried: (Point & { id: string }) | null = null;

/** Returns the note of an element, unless another user holds it. */
function noteOf(target: EventTarget | null): Note | undefined {
  const node = (target as Element).closest<HTMLElement>('.note:not(.taken)');
  return board.notes.get(node?.dataset.id ?? '');
}

/** Converts a position on the screen to one on the board. */
function place({ x, y }: Point): Point {
  const { left, top } = surface.getBoundingClientRect();
  return { x: Math.round(x - left), y: Math.round(y - top) };
}

/** The note that the others see held: the one that is dragged, or the one that is edited. */
function held(): Hold | null {
  if (pointer && carried) {
    const { x, y } = place(pointer);
    return { id: carried.id, at: { x: x - carried.x, y: y - carried.y } };
  }
  const note = document.activeElement?.matches('textarea') && noteOf(document.activeElement);
  return note ? { id: note.id } : null;
}

document.addEventListener('pointerdown', (event) => {
  const note = (event.target as Element).closest('button, textarea:focus') ? undefined : noteOf(event.target);
  if (note && event.isPrimary && event.button === 0) {
    const { x, y } = place(event);
    pointer = event;
    carried = { id: note.id, x: x - note.x, y: y - note.y };
    desk.setPointerCapture(event.pointerId);
  }
});
document.addEventListener('pointermove', (event) => {
  pointer = event.isPrimary ? event : pointer;
  redraw();
});
for (const type of ['pointerup', 'pointercancel'] as const) {
  document.addEventListener(type, () => {
    const [note, at] = [board.notes.get(carried?.id ?? ''), held()?.at];
    carried = null;
    if (note && at && Math.hypot(at.x - note.x, at.y - note.y) > 4) {
      board.do({ id: note.id, patch: at });
    } else if (note) {
      write(note.id);
    }
  });
}

// --- Changes ---

/** Adds a note near the middle of the visible part, and focuses it. */
function add(color: Color): void {
  const about = (size: number) => size / 2 - SIZE / 2 + Math.random() * 120 - 60;
  const note = { id: randomId(), ...place({ x: about(innerWidth), y: about(innerHeight) }), text: '', color };
  board.do({ id: note.id, add: note });
  draw();
  write(note.id);
}

function write(id: string): void {
  surface.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] textarea`)?.focus({ preventScroll: true });
}

function inform(text: string, undo: (() => void) | null = null): void {
  show(byId('said'), text);
  byId('undo').hidden = undo === null;
  byId('undo').onclick = undo;
  byId('notice').hidePopover();
  byId('notice').showPopover();
}

document.addEventListener('click', ({ target }) => {
  const [button, note] = [(target as Element).closest('button'), noteOf(target)];
  if (button && note) {
    board.do({ id: note.id });
    inform('Note thrown away', () => board.do({ id: note.id, add: note }));
  } else if (button?.dataset.color) {
    add(button.dataset.color as Color);
  }
});
document.addEventListener('keydown', (event) => {
  const [note, step] = [noteOf(event.target), KEYS[event.key]];
  if (note && step && event.altKey) {
    event.preventDefault();
    board.do({ id: note.id, patch: { x: note.x + step[0], y: note.y + step[1] } });
  } else if (event.key === 'Escape') {
    (event.target as HTMLElement).blur();
  }
});
surface.addEventListener('input', ({ target }) => {
  board.do({ id: noteOf(target)!.id, patch: { text: (target as HTMLTextAreaElement).value } });
});
['focusin', 'focusout', 'scroll'].forEach((type) => desk.addEventListener(type, redraw));
byId('retry').addEventListener('click', () => room.reconnect());
addEventListener('beforeunload', (event) => board.changes.length > 0 && event.preventDefault());
nameField.addEventListener('change', () => {
  nameField.value = me.name = nameField.value.trim() || me.name;
  history.replaceState(me, '');
  room.reconnect(); // The name is in the token.
});

// --- Drawing: at most once a frame, however many messages arrive in between ---

let [frame, sent, sentAt] = [0, '', 0];

function redraw(): void {
  frame ||= requestAnimationFrame(draw);
}

function draw(): void {
  cancelAnimationFrame(frame);
  frame = 0;
  const [mine, others] = [held(), room.online ? room.others : []];
  const everyone = [...others, { id: me.id, presence: { hold: mine } }];
  const holders = new Map(everyone.map(({ id, presence: { hold } }) => [hold?.id, { id, at: hold?.at }]));
  drawEach('note', [...board.notes.values()], (node, note, rank) => drawNote(node, note, rank, holders.get(note.id)));
  drawEach(
    'hand',
    others.filter(({ presence }) => presence.at),
    (node, user) => {
      show(node.querySelector('b')!, user.user!.name);
      move(node, user.presence.at!, user.id);
    },
  );
  document.body.dataset.status = room.status.status;
  show(byId('reason'), room.status.message ?? '');
  show(byId('count'), others.length > 0 ? `${others.length + 1} here` : 'Only you');
  publish({ at: pointer && place(pointer), hold: mine }, others.length);
}

function drawNote(node: HTMLElement, note: Note, rank: number, holder?: { id: string; at?: Point | null }): void {
  const taken = holder && (holder.id === me.id ? 'mine' : 'taken');
  node.className = `note ${note.color} ${taken ?? ''} ${holder?.at ? 'held' : ''}`;
  node.style.zIndex = String(holder?.at ? 1_000 : rank);
  // A line break takes the space of several letters.
  node.style.setProperty('--letters', String(note.text.replaceAll('\n', ' '.repeat(18)).length));
  move(node, holder?.at ?? note, holder?.id);
  const field = node.querySelector('textarea')!;
  field.ariaLabel = `${note.color} note`;
  field.readOnly = taken === 'taken';
  if (field !== document.activeElement && field.value !== note.text) {
    field.value = note.text;
  }
}

/** Sets the position and the user's color of an element: the style sheet animates it. */
function move({ style }: HTMLElement, { x, y }: Point, id = ''): void {
  style.transform = `translate(${x}px, ${y}px)`;
  style.setProperty('--hue', String((parseInt(id.slice(0, 8), 36) || 0) % 360));
}

/** Sends the presence: less often with more users, as it goes to all of them. Alone nothing is sent, so that the room hibernates. */
function publish(presence: Presence, others: number): void {
  const [news, now] = [JSON.stringify(presence), performance.now()];
  if (others > 0 && news !== sent && now - sentAt < Math.max(40, 2 * others)) {
    redraw();
  } else if (others > 0 && news !== sent) {
    [sent, sentAt] = [news, now];
    room.updatePresence(presence);
  }
}

nameField.value = me.name;
history.replaceState(me, '');
desk.scrollTo((WIDTH - innerWidth) / 2, (HEIGHT - innerHeight) / 2);
