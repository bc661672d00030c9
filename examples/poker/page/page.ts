// The page: the table with the cards of all users, the user's own hand, and the countdown.

import type { Estimate, Table, User } from '../bindings/Poker';
import { connect } from '../bindings/Poker';
import { byId, drawEach, show } from './draw';
import { countOf, pointsOf, Rounds } from './rounds';

const NAMES = ['Amber', 'Bruno', 'Clara', 'Dario', 'Elif', 'Femke', 'Goran', 'Hanna', 'Ivo', 'Jun', 'Kaya', 'Lena'];
const ESTIMATES: Estimate[] = ['1', '2', '3', '5', '8', '13', '?'];

const randomId = () => [...crypto.getRandomValues(new Uint32Array(3))].map((part) => part.toString(36)).join('');
const [nameField, next] = [byId('name') as HTMLInputElement, byId('next') as HTMLInputElement];
const seconds = byId('seconds') as HTMLSelectElement;
const reveal = byId('reveal') as HTMLButtonElement;
const choices = [...document.querySelectorAll<HTMLButtonElement>('.choice')];

/** Each tab is a user of its own, also after a reload. */
const me: User = history.state ?? { id: randomId(), name: NAMES[Math.floor(Math.random() * NAMES.length)] };
const room = connect(new URLSearchParams(location.search).get('table') || 'lobby', {
  query: () => ({ user_id: me.id, name: me.name }),
});
/** This user's vote, which the room sends to nobody else. */
let own: { round: number; estimate: Estimate | null } = { round: 0, estimate: null };
/** The room's time less this machine's. */
let ahead = 0;

new Rounds(room);
room.on('$people', redraw);
room.on('$status', redraw);
room.on('$error', ({ message }) => inform(message));
room.on('yourVote', ({ now, ...vote }) => {
  own = vote;
  ahead = now - Date.now();
  redraw();
});
room.on('$shared', (table) => {
  const isNew = document.body.dataset.round !== `${table.round} ${table.revealed}`;
  document.body.dataset.round = `${table.round} ${table.revealed}`;
  redraw();
  if (isNew && table.revealed) {
    show(byId('said'), `The votes are revealed. ${resultOf(table).join(' ')}`);
  } else if (isNew && table.round > 0) {
    show(byId('said'), `A round is open: ${table.topic}`);
  }
});

// --- The user's actions: the room answers with what has changed, or with an error ---

const round = () => room.shared?.round ?? 0;

byId('opening').addEventListener('submit', (event) => {
  event.preventDefault();
  if (send('open', { topic: next.value, seconds: Number(seconds.value) })) {
    next.value = '';
  }
});
byId('hand').addEventListener('click', ({ target }) => {
  const choice = (target as Element).closest<HTMLButtonElement>('.choice');
  if (choice) {
    send('vote', { round: round(), estimate: choice.value as Estimate });
  }
});
reveal.addEventListener('click', () => send('reveal', { round: round() }));
byId('retry').addEventListener('click', () => room.reconnect());
byId('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText(location.href).then(
    () => inform('Link copied'),
    () => inform('Copy the address of this page'),
  );
});
nameField.addEventListener('change', () => {
  nameField.value = me.name = nameField.value.trim() || me.name;
  history.replaceState(me, '');
  room.reconnect(); // The name is in the token.
});

const send: typeof room.send = (event, ...data) => {
  const isSent = room.send(event, ...data);
  if (!isSent) {
    inform('There is no connection: try again in a moment');
  }
  return isSent;
};

function inform(text: string): void {
  show(byId('notice'), text);
  byId('notice').hidePopover();
  byId('notice').showPopover();
}

// --- Drawing: at most once a frame, and each second while the countdown runs ---

let [frame, tick] = [0, 0];

function redraw(): void {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(draw);
}

function draw(): void {
  const { status, message } = room.status;
  document.body.dataset.status = status;
  show(byId('reason'), message ?? '');
  show(byId('count'), room.people.length > 1 ? `${room.people.length} at the table` : 'Only you so far: copy the link');
  const table = room.shared;
  if (table) {
    drawTable(table);
  }
}

function drawTable(table: Table): void {
  const phase = table.ends_at !== null ? 'voting' : table.round > 0 ? 'revealed' : 'none';
  document.body.dataset.phase = phase;
  document.title = table.round > 0 ? `${table.topic} · Planning poker` : 'Planning poker';
  show(byId('label'), { voting: `Round ${table.round}`, revealed: `Round ${table.round} · revealed`, none: '' }[phase]);
  show(byId('topic'), table.topic || 'Open a round with a topic, and everyone votes in secret.');
  const estimate = own.round === table.round ? own.estimate : null;
  for (const choice of choices) {
    choice.ariaPressed = String(choice.value === estimate);
  }
  reveal.disabled = Object.keys(table.voters).length === 0;
  const seats = seatsOf(table, estimate);
  const missing = seats.filter(({ here, voted }) => here && !voted).length;
  show(byId('hand-label'), estimate ? 'Your vote. You may change it until the reveal.' : 'Your vote');
  show(byId('progress'), missing > 0 ? `${countOf(missing, 'vote')} missing` : 'Everyone has voted');
  drawEach('seat', seats, drawSeat);
  drawResult(table);
  drawCountdown(table);
}

type Seat = { id: string; name: string; here: boolean; voted: boolean; estimate: Estimate | null };

/** Everyone who is present, and those who have voted and left. */
function seatsOf(table: Table, mine: Estimate | null): Seat[] {
  const names = new Map(room.people.map(({ id, user }) => [id, user!.name]));
  return [...new Set([...names.keys(), ...Object.keys(table.voters)])].map((id) => ({
    id,
    name: names.get(id) ?? table.voters[id]!,
    here: names.has(id),
    voted: id in table.voters,
    estimate: table.votes[id] ?? (id === me.id && !table.revealed ? mine : null),
  }));
}

function drawSeat(node: HTMLElement, { id, name, here, voted, estimate }: Seat): void {
  const revealed = document.body.dataset.phase === 'revealed';
  node.className = `seat ${voted ? 'voted' : ''} ${estimate ? 'open' : ''} ${here ? '' : 'away'}`;
  show(node.querySelector('.front')!, estimate ?? '');
  show(node.querySelector('.who')!, id === me.id ? `${name} (you)` : name);
  const vote = estimate ? `voted ${estimate}` : 'has voted';
  const does = voted ? vote : `has not voted${revealed ? '' : ' yet'}`;
  show(node.querySelector('.does')!, here ? does : `${does}, and left`);
}

/** The average and what is to be said of it. */
function resultOf({ votes, average }: Table): [string, string] {
  const values = Object.values(votes);
  if (values.length === 0) {
    return ['–', 'Nobody has voted.'];
  }
  const count = countOf(values.length, 'vote');
  if (average === null) {
    return ['?', `${count}, and nobody has an idea.`];
  }
  const agree = values.length > 1 && new Set(values).size === 1;
  return [pointsOf(average), agree ? `All ${count} agree.` : `Average of ${count}`];
}

function drawResult(table: Table): void {
  const [average, caption] = resultOf(table);
  show(byId('average'), average);
  show(byId('caption'), caption);
  const values = Object.values(table.votes);
  const counts = ESTIMATES.map((id) => ({ id, count: values.filter((value) => value === id).length }));
  const most = Math.max(...counts.map(({ count }) => count));
  drawEach(
    'tally',
    counts.filter(({ count }) => count > 0),
    (node, { id, count }) => {
      show(node.querySelector('b')!, id);
      show(node.querySelector('.times')!, `× ${count}`);
      node.style.setProperty('--share', String(count / most));
    },
  );
}

function drawCountdown({ ends_at, seconds }: Table): void {
  clearTimeout(tick);
  if (ends_at === null) {
    show(byId('timer'), '');
    return;
  }
  const left = Math.max(0, ends_at - ahead - Date.now());
  const whole = Math.ceil(left / 1_000);
  show(byId('timer'), `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`);
  byId('timer').classList.toggle('soon', whole <= 5);
  byId('left').style.setProperty('--left', String(left / (1_000 * seconds)));
  if (left > 0) {
    tick = setTimeout(redraw, left % 1_000 || 1_000);
  }
}

nameField.value = me.name;
history.replaceState(me, '');
