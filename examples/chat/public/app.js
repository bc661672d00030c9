// The page of the chat.

import { Note } from './note.js';
// Bundled by examples/chat/vendor from examples/chat/bindings, which `cargo test` writes.
import { connect } from './vendor/chat.js';

const DEFAULT_ROOM = 'lobby';
const STORAGE_KEY = 'pluv-chat-user';
const NAME_MAX = 32;

// A user who left is removed after this time: a reload or a new name reconnects.
const LEAVE_GRACE = 2_000;
const TYPING_PAUSE = 2_000;
// Typing is sent repeatedly, and expires without a repetition: the tab may have died.
const TYPING_RENEWAL = 3_000;
const TYPING_EXPIRY = 6_000;
const POINTER_INTERVAL = 70;
const POINTER_IDLE = 2_500;
// A message that the room has not confirmed by then may not have reached it.
const SEND_TIMEOUT = 10_000;
const GROUP_GAP = 5 * 60_000;
const HISTORY_PAGE = 50;
// Older messages are loaded when the user scrolls this near to the first one, in pixels.
const LOAD_AHEAD = 600;
// A user is shown as editing the note for this time after a change.
const WRITING_EXPIRY = 2_500;

const ADJECTIVES = [
  'Amber',
  'Brave',
  'Calm',
  'Clever',
  'Coral',
  'Early',
  'Gentle',
  'Golden',
  'Happy',
  'Hazel',
  'Honest',
  'Ivory',
  'Jolly',
  'Kind',
  'Lucky',
  'Merry',
  'Misty',
  'Quiet',
  'Silver',
  'Sunny',
  'Swift',
  'Velvet',
  'Warm',
  'Wise',
];
const ANIMALS = [
  'Badger',
  'Bear',
  'Crane',
  'Deer',
  'Dove',
  'Falcon',
  'Finch',
  'Fox',
  'Hare',
  'Heron',
  'Ibis',
  'Koala',
  'Lark',
  'Lynx',
  'Marten',
  'Otter',
  'Owl',
  'Panda',
  'Puffin',
  'Raven',
  'Robin',
  'Seal',
  'Swan',
  'Wren',
];

const STATUS_TEXT = {
  connecting: 'Connecting…',
  online: 'Online',
  reconnecting: 'Reconnecting…',
  offline: 'Offline',
  refused: 'Not connected',
};

const byId = (id) => document.getElementById(id);

/** Creates an element with a class and with content that is set as text. */
function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) {
    node.textContent = text;
  }
  return node;
}

// --- The user and the room ---

function pick(list) {
  return list[crypto.getRandomValues(new Uint32Array(1))[0] % list.length];
}

function newIdentity() {
  // Not `randomUUID`, which a page without HTTPS does not have.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { id, name: `${pick(ADJECTIVES)} ${pick(ANIMALS)}` };
}

/** Each tab is a user of its own, also after a reload. */
function loadIdentity() {
  if (new URLSearchParams(location.search).get('as') !== 'new') {
    try {
      const stored = JSON.parse(sessionStorage.getItem(STORAGE_KEY));
      if (stored?.id && stored?.name) {
        return { id: String(stored.id), name: String(stored.name) };
      }
    } catch {
      // No storage, or an entry of another page: a new user.
    }
  }
  return newIdentity();
}

function saveIdentity() {
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(me));
  } catch {
    // Without storage the user lasts until a reload.
  }
}

function roomFromAddress() {
  const hash = location.hash.slice(1);
  try {
    return decodeURIComponent(hash) || new URLSearchParams(location.search).get('room') || DEFAULT_ROOM;
  } catch {
    return hash;
  }
}

function roomLink(query = '') {
  return `${location.origin}${location.pathname}${query}#${encodeURIComponent(roomName)}`;
}

const me = loadIdentity();
let room = null;
let roomName = '';

/** Joins the room that the address names. */
function enterRoom() {
  room?.close();
  roomName = roomFromAddress();
  // `as=new` applies once: a reload does not make another user.
  history.replaceState(null, '', roomLink());
  saveIdentity();
  clearConversation();
  clearPeople();
  clearNote();
  byId('room-name').textContent = roomName;
  byId('second-user').href = roomLink('?as=new');
  updateTitle();

  // The name is part of the token.
  room = connect(roomName, { query: () => ({ user_id: me.id, name: me.name }), storage: note });
  room.on('$status', showStatus);
  room.on('$people', showUsers);
  room.on('$storage', ({ user }) => noteEdited(user));
  room.on('$error', handleError);
  room.on('messageReceived', (message, { mine }) => showMessage(message, mine));
  room.on('notice', ({ message }) => showNotice(message));
  room.on('doubled', ({ value }) => showOnlyToMe(`doubled {value: ${value}}`));
  showStatus(room.status);
}

function showNotice(message) {
  addLine(`From those who run this chat: ${message}`);
  tellNews('chat');
}

function handleError({ message }) {
  const waiting = unconfirmed.find(({ state }) => state === 'pending');
  if (waiting && !message.startsWith('`$updateStorage`')) {
    markUnsent(waiting, 'rejected', `Not sent: ${message}`);
  } else {
    addLine(`The room says: ${message}`, 'line-error');
    tellNews('chat');
  }
}

// --- Connection ---

let countdownTimer;

function showStatus({ status, retryAt, message }) {
  // The page joined another room.
  if (status === 'closed') {
    return;
  }
  const online = status === 'online';
  const label = byId('status');
  label.dataset.status = status;
  label.textContent = STATUS_TEXT[status];
  document.body.dataset.status = status;
  byId('send').disabled = !online;
  if (!online) {
    stopTyping();
    unconfirmed.filter(({ state }) => state === 'pending').forEach((sent) => markUnsent(sent));
    stopLoading();
  } else {
    setNotice(null);
    catchUp();
  }
  showNoteStatus();
  showBanner(status, message);
  showCountdown(retryAt);
}

function showBanner(status, message) {
  const text = {
    reconnecting: 'The connection was lost.',
    offline: 'You’re offline. The chat comes back when you do.',
    refused: message ? `The room did not let you in: ${message}` : 'The room closed this connection.',
  }[status];
  byId('banner').hidden = text === undefined;
  byId('banner').dataset.status = status;
  byId('banner-text').textContent = text ?? '';
  byId('retry').textContent = status === 'refused' ? 'Try again' : 'Try now';
}

function showCountdown(retryAt) {
  clearInterval(countdownTimer);
  const show = () => {
    const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    byId('countdown').textContent = `Trying again in ${seconds} s`;
  };
  byId('countdown').textContent = room.status.status === 'reconnecting' ? 'Trying…' : '';
  if (retryAt !== null) {
    show();
    countdownTimer = setInterval(show, 250);
  }
}

byId('retry').addEventListener('click', () => room.reconnect());

// --- Users ---

// By user id: `{id, name, presence, entry, cursor, typingUntil, leaveTimer, idleTimer, typingTimer}`.
const others = new Map();
// Whether the room has sent the list of users: later ones have joined.
let knowsPeople = false;
let ownEntry;

function clearPeople() {
  others.forEach(removeUser);
  knowsPeople = false;
  ownEntry?.remove();
  ownEntry = createEntry(me, true);
  byId('people').prepend(ownEntry);
  peopleChanged();
}

function showUsers(users) {
  const here = new Set();
  for (const {
    id,
    user: { name },
    presence,
    you,
  } of users) {
    here.add(id);
    if (you) {
      adoptOwnName(name);
    } else if (others.has(id)) {
      updateUser(others.get(id), { name, presence });
    } else {
      addPerson({ id, name, presence });
    }
  }
  for (const user of others.values()) {
    if (!here.has(user.id)) {
      startLeaving(user);
    }
  }
  knowsPeople = true;
  peopleChanged();
}

function addPerson({ id, name, presence }) {
  const entry = createEntry({ id, name }, false);
  const user = { id, name, presence: {}, entry, cursor: createCursor({ id, name }) };
  others.set(id, user);
  byId('people').append(user.entry);
  byId('cursors').append(user.cursor);
  if (knowsPeople) {
    addLine(`${name} joined`);
  }
  updatePresence(user, presence);
}

function updateUser(user, { name, presence }) {
  clearTimeout(user.leaveTimer);
  user.leaveTimer = undefined;
  user.entry.classList.remove('leaving');
  if (user.name !== name) {
    addLine(`${user.name} is now ${name}`);
    user.name = name;
    nameEntry(user.entry, user);
    user.cursor.querySelector('.cursor-name').textContent = name;
  }
  updatePresence(user, presence);
}

function updatePresence(user, presence) {
  // The same object again has not changed.
  if (user.presence === presence) {
    return;
  }
  const moved = user.presence.x !== presence.x;
  user.presence = presence;
  clearTimeout(user.typingTimer);
  if (presence.typing) {
    user.typingUntil = Date.now() + TYPING_EXPIRY;
    user.typingTimer = setTimeout(showTyping, TYPING_EXPIRY + 50);
  }
  if (moved) {
    moveCursor(user);
  }
}

function startLeaving(user) {
  if (user.leaveTimer === undefined) {
    user.entry.classList.add('leaving');
    user.cursor.classList.remove('shown');
    user.leaveTimer = setTimeout(() => {
      removeUser(user);
      addLine(`${user.name} left`);
      peopleChanged();
    }, LEAVE_GRACE);
  }
}

function removeUser(user) {
  clearTimeout(user.leaveTimer);
  clearTimeout(user.idleTimer);
  clearTimeout(user.typingTimer);
  user.entry.remove();
  user.cursor.remove();
  others.delete(user.id);
}

function peopleChanged() {
  byId('count').textContent = others.size + 1;
  showTyping();
}

/** Derives a user's colour from their id. */
function hue(id) {
  let hash = 0;
  for (const char of id) {
    hash = (Math.imul(hash, 31) + char.codePointAt(0)) >>> 0;
  }
  return Math.round((hash * 137.508) % 360);
}

function initials(name) {
  const words = name.trim().split(/\s+/u).slice(0, 2);
  return words
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();
}

function createAvatar({ id, name }) {
  const avatar = element('span', 'avatar', initials(name));
  avatar.setAttribute('aria-hidden', 'true');
  avatar.style.setProperty('--hue', hue(id));
  return avatar;
}

function createEntry(user, own) {
  const entry = element('li', own ? 'person you' : 'person');
  entry.dataset.test = 'person';
  entry.dataset.userId = user.id;
  entry.append(createAvatar(user), own ? createRenameButton() : element('span', 'person-name'));
  if (own) {
    entry.append(element('span', 'badge', 'you'));
  }
  nameEntry(entry, user);
  return entry;
}

function nameEntry(entry, { name }) {
  entry.querySelector('.avatar').textContent = initials(name);
  entry.querySelector('.person-name').textContent = name;
}

// --- The user's name ---

function createIcon(name) {
  const namespace = 'http://www.w3.org/2000/svg';
  const icon = document.createElementNS(namespace, 'svg');
  icon.setAttribute('class', 'icon');
  icon.setAttribute('viewBox', '0 0 20 20');
  icon.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(namespace, 'use');
  use.setAttribute('href', `#${name}`);
  icon.append(use);
  return icon;
}

function createRenameButton() {
  const button = element('button', 'rename');
  button.type = 'button';
  button.dataset.test = 'rename';
  button.title = 'Change your name';
  button.append(element('span', 'person-name'), createIcon('icon-pen'));
  button.addEventListener('click', () => editName(button));
  return button;
}

function editName(button) {
  const input = element('input', 'name-input');
  input.value = me.name;
  input.maxLength = NAME_MAX;
  input.dataset.test = 'name-input';
  input.autocomplete = 'off';
  input.setAttribute('aria-label', 'Your name');
  let done = false;
  const finish = (keep, focus) => {
    if (done) {
      return;
    }
    done = true;
    input.remove();
    button.hidden = false;
    if (keep) {
      rename(input.value.trim().replace(/\s+/gu, ' '));
    }
    if (focus) {
      button.focus();
    }
  };
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault();
      finish(true, true);
    } else if (event.key === 'Escape') {
      finish(false, true);
    }
  });
  input.addEventListener('blur', () => finish(true, false));
  button.hidden = true;
  button.after(input);
  input.select();
}

function rename(name) {
  if (name !== '' && name !== me.name) {
    takeName(name);
    room.reconnect();
  }
}

/** Another tab of the user may have changed the name. */
function adoptOwnName(name) {
  if (name !== me.name) {
    takeName(name);
  }
}

function takeName(name) {
  me.name = name;
  saveIdentity();
  nameEntry(ownEntry, me);
  addLine(`You are now ${name}`);
}

// --- Typing ---

function showTyping() {
  const names = [];
  for (const { name, presence, typingUntil, leaveTimer, entry } of others.values()) {
    const typing = Boolean(presence.typing) && leaveTimer === undefined && Date.now() < typingUntil;
    entry.classList.toggle('is-typing', typing);
    if (typing) {
      names.push(name);
    }
  }
  byId('typing').classList.toggle('shown', names.length > 0);
  // The text stays while it fades.
  if (names.length > 0) {
    byId('typing-names').textContent = typingText(names);
  }
}

function typingText(names) {
  if (names.length > 3) {
    return `${names.length} people are typing…`;
  }
  return `${new Intl.ListFormat('en').format(names)} ${names.length === 1 ? 'is' : 'are'} typing…`;
}

const myPresence = { typing: false, x: null };
let typingToldAt = 0;
let typingPauseTimer;

// The whole presence each time, as another tab of this user may have set other fields.
function tellPresence(patch) {
  Object.assign(myPresence, patch);
  room.updatePresence(myPresence);
}

function startTyping() {
  clearTimeout(typingPauseTimer);
  typingPauseTimer = setTimeout(stopTyping, TYPING_PAUSE);
  if (!myPresence.typing || Date.now() - typingToldAt > TYPING_RENEWAL) {
    typingToldAt = Date.now();
    tellPresence({ typing: true });
  }
}

function stopTyping() {
  clearTimeout(typingPauseTimer);
  if (myPresence.typing) {
    tellPresence({ typing: false });
  }
}

// --- Pointers ---

function createCursor({ id, name }) {
  const cursor = element('div', 'cursor');
  cursor.dataset.test = 'cursor';
  cursor.style.setProperty('--hue', hue(id));
  cursor.append(element('span', 'cursor-name', name));
  return cursor;
}

function moveCursor(user) {
  const { x } = user.presence;
  const shown = Number.isFinite(x);
  user.cursor.classList.toggle('shown', shown);
  clearTimeout(user.idleTimer);
  if (shown) {
    user.cursor.style.setProperty('--x', Math.min(1, Math.max(0, x)));
    user.cursor.classList.add('moving');
    user.idleTimer = setTimeout(() => user.cursor.classList.remove('moving'), POINTER_IDLE);
  }
}

let pointerTimer;
let pointerX = null;

function pointerMoved(x) {
  pointerX = x;
  // Nothing is sent without other users.
  if (pointerTimer === undefined && others.size > 0) {
    pointerTimer = setTimeout(() => {
      pointerTimer = undefined;
      if (pointerX !== myPresence.x) {
        tellPresence({ x: pointerX });
      }
    }, POINTER_INTERVAL);
  }
}

const conversation = byId('conversation');

conversation.addEventListener('pointermove', ({ clientX, pointerType }) => {
  if (pointerType === 'mouse') {
    const { left, width } = conversation.getBoundingClientRect();
    pointerMoved(Math.round(((clientX - left) / width) * 1000) / 1000);
  }
});
conversation.addEventListener('pointerleave', () => pointerMoved(null));

// --- Messages ---

const scroll = byId('scroll');
const log = byId('log');
const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const titleFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const dayFormat = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' });
const prefix = document.title;

// The rows of the log: messages, `{id, author, name, time}`, in the order of their ids, and lines, `{time}`. The last rows are
// the messages that the room has not confirmed, without an id.
const entries = new WeakMap();
// The rows of the messages that the room has stored, by id.
const stored = new Map();
// Messages that the room has not confirmed, oldest first: `{text, row, timer, state, after}`. The state is `pending`, `unsent`
// if the room may not have it, or `rejected`. All ids up to `after` are older.
let unconfirmed = [];
let atEnd = true;
let unread = 0;

function clearConversation() {
  unconfirmed.forEach(({ timer }) => clearTimeout(timer));
  unconfirmed = [];
  stored.clear();
  atEnd = true;
  log.replaceChildren();
  byId('jump').hidden = true;
  clearHistory();
}

/** Shows a message that the room has just stored. */
function showMessage(message, mine) {
  const row = addStored(message, mine, () => lastConfirmed());
  if (row === null) {
    return;
  }
  messageSeen(message.id);
  showHistoryState();
  // The author has followed it already.
  if (!mine) {
    follow(message.author === me.id);
    countUnread(1);
    tellNews('chat');
  }
}

/** Adds the row of a stored message, or confirms the one that it has. Returns null if the message is shown already. */
function addStored(message, mine, findAbove) {
  if (stored.has(message.id)) {
    return null;
  }
  const row = takeUnconfirmed(message, mine) ?? createRow(message);
  row.dataset.id = message.id;
  stored.set(message.id, row);
  describe(row, message);
  place(row, findAbove());
  return row;
}

/** Takes the row of a message that this page has sent: by this connection, or by an earlier one. */
function takeUnconfirmed({ id, author, message }, mine) {
  const find = (state) => unconfirmed.find((sent) => sent.state === state && sent.text === message && id > sent.after);
  const sent = author === me.id && ((mine && find('pending')) || find('unsent'));
  if (!sent) {
    return null;
  }
  forget(sent);
  sent.row.classList.remove('pending', 'unsent', 'arriving');
  sent.row.querySelector('.unsent-note')?.remove();
  return sent.row;
}

function forget(sent) {
  clearTimeout(sent.timer);
  unconfirmed = unconfirmed.filter((other) => other !== sent);
}

function createRow({ author, name, message }) {
  const mine = author === me.id;
  const row = element('div', mine ? 'message mine' : 'message');
  row.dataset.test = 'message';
  row.dataset.author = name;
  row.style.setProperty('--hue', hue(author));
  const head = element('header', 'message-head');
  head.append(element('span', 'author', mine ? 'You' : name), element('time', 'time'));
  const bubble = element('p', 'bubble');
  const content = element('span', 'text', message);
  content.dataset.test = 'message-text';
  bubble.append(content);
  row.append(createAvatar({ id: author, name }), head, bubble);
  return row;
}

function describe(row, { id, author, name, time }) {
  entries.set(row, { id, author, name, time });
  row.title = titleFormat.format(time);
  row.querySelector('.time').textContent = timeFormat.format(time);
  row.querySelector('.time').dateTime = new Date(time).toISOString();
}

/** Puts a row below another one, or at the top. One that is there already is not moved. */
function place(row, above) {
  // The last of the rows in front of the unconfirmed ones may be the row itself.
  const target = above === row ? row.previousElementSibling : above;
  if (!row.isConnected || row.previousElementSibling !== target) {
    const [before, after] = [row.previousElementSibling, row.nextElementSibling];
    if (target === null) {
      log.prepend(row);
    } else {
      target.after(row);
    }
    separate(before, after);
  }
  separate(row.previousElementSibling, row);
  separate(row, row.nextElementSibling);
}

/** Shows whether two neighbours belong together: messages of one author in a row, of one day. */
function separate(above, below) {
  const [first, second] = [above, below].map((row) => (row === null ? undefined : entries.get(row)));
  const day = second && dayFormat.format(second.time);
  const isNewDay = day !== dayFormat.format(first?.time ?? Date.now());
  const joins =
    first?.author !== undefined &&
    first.author === second?.author &&
    first.name === second.name &&
    second.time - first.time < GROUP_GAP &&
    !isNewDay;
  above?.classList.toggle('last', !joins);
  below?.classList.toggle('first', !joins);
  below?.classList.toggle('new-day', isNewDay);
  if (day !== undefined) {
    below.dataset.day = day;
  }
}

/** Returns the last row in front of the unconfirmed messages. */
function lastConfirmed() {
  const [waiting] = unconfirmed;
  return waiting === undefined ? log.lastElementChild : waiting.row.previousElementSibling;
}

/** Returns the row of the last message in front of a message of the history. */
function predecessor(id) {
  let last = null;
  for (const row of log.children) {
    const entry = entries.get(row);
    if (entry.id >= id) {
      break;
    }
    last = entry.id === undefined ? last : row;
  }
  return last;
}

/** Adds a line of information between the messages. */
function addLine(text, className = '') {
  const line = element('p', `line ${className}`, text);
  line.dataset.test = 'line';
  entries.set(line, { time: Date.now() });
  place(line, lastConfirmed());
  follow(false);
  return line;
}

function showOnlyToMe(text) {
  const line = addLine('', 'line-reply');
  line.append(element('code', '', text), ' ', element('span', 'aside', 'only you see this'));
  showHistoryState();
  follow(true);
}

/** Scrolls to the end, unless the user has scrolled up. */
function follow(always) {
  if (atEnd || always) {
    scrollToEnd();
  } else {
    byId('jump').hidden = false;
  }
}

function scrollToEnd() {
  scroll.scrollTop = scroll.scrollHeight;
  atEnd = true;
  byId('jump').hidden = true;
}

scroll.addEventListener(
  'scroll',
  () => {
    atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
    if (atEnd) {
      byId('jump').hidden = true;
    }
    loadOlder();
  },
  { passive: true },
);
// The keyboard of a phone, or a longer message, makes the list smaller.
new ResizeObserver(() => atEnd && scrollToEnd()).observe(scroll);
byId('jump').addEventListener('click', () => {
  scrollToEnd();
  byId('text').focus();
});

function countUnread(count) {
  if (document.hidden) {
    unread += count;
    updateTitle();
  }
}

function updateTitle() {
  document.title = `${unread > 0 ? `(${unread}) ` : ''}${roomName} · ${prefix}`;
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) {
    unread = 0;
    updateTitle();
  }
});

// --- The history ---

// All messages from the first shown one up to this id are shown; null before the first page.
let knownTo = null;
let isCaughtUp = false;
let hasOlder = false;
let isLoading = false;
let hasFailed = false;
// The number of the current connection: an answer that belongs to an earlier one is not shown.
let connection = 0;

function clearHistory() {
  knownTo = null;
  hasOlder = false;
  stopLoading();
}

/** The connection was lost, or the page joins another room. */
function stopLoading() {
  connection += 1;
  isCaughtUp = false;
  isLoading = false;
  hasFailed = false;
  showHistoryState();
}

function messageSeen(id) {
  if (isCaughtUp) {
    knownTo = id;
  }
}

/** Loads the newest messages, or those that the page missed without a connection. Meanwhile new ones are shown as they come. */
async function catchUp() {
  const isFirst = knownTo === null;
  const known = knownTo ?? Math.min(...stored.keys());
  await load(async (isCurrent) => {
    let page;
    do {
      page = await room.call.history({ before: page?.at(-1).id, limit: HISTORY_PAGE });
      if (!isCurrent()) {
        return;
      }
      showPage(page, !isFirst);
    } while (page.length === HISTORY_PAGE && page.at(-1).id > known);
    if (isFirst) {
      hasOlder = page.length === HISTORY_PAGE;
    }
    knownTo = Math.max(0, ...stored.keys());
    isCaughtUp = true;
  });
}

/** Loads a page of older messages, if the user has scrolled near to the first. */
async function loadOlder() {
  if (!isCaughtUp || !hasOlder || isLoading || hasFailed || scroll.scrollTop > LOAD_AHEAD) {
    return;
  }
  await load(async (isCurrent) => {
    const page = await room.call.history({ before: Math.min(...stored.keys()), limit: HISTORY_PAGE });
    if (isCurrent()) {
      hasOlder = page.length === HISTORY_PAGE;
      showPage(page, false);
    }
  });
}

async function load(run) {
  const current = connection;
  const isCurrent = () => current === connection;
  isLoading = true;
  hasFailed = false;
  showHistoryState();
  try {
    await run(isCurrent);
  } catch {
    hasFailed ||= isCurrent();
  }
  if (isCurrent()) {
    isLoading = false;
    showHistoryState();
    // A page may be lower than the window.
    loadOlder();
  }
}

/** Shows a page of the history. What the user reads stays where it is. */
function showPage(page, isNews) {
  // Not by the browser: Safari does not anchor the scroll position, and others do not at the top.
  const { top } = scroll.getBoundingClientRect();
  const anchor = [...log.children].find((row) => row.getBoundingClientRect().bottom > top);
  const bottom = anchor?.getBoundingClientRect().bottom;
  // Screen readers read new messages out, but not old ones.
  scroll.ariaLive = isNews ? null : 'off';
  const added = page
    .toReversed()
    .filter((message) => addStored(message, false, () => predecessor(message.id)) !== null && message.author !== me.id);
  showHistoryState();
  if (atEnd) {
    scrollToEnd();
  } else if (anchor !== undefined) {
    scroll.scrollTop += anchor.getBoundingClientRect().bottom - bottom;
  }
  setTimeout(() => {
    scroll.ariaLive = null;
  });
  if (isNews && added.length > 0) {
    follow(false);
    countUnread(added.length);
    tellNews('chat');
  }
}

/** Shows above the messages whether there are older ones, and an invitation in place of none. */
function showHistoryState() {
  const hasMessages = log.querySelector('.message, .line-reply') !== null;
  byId('empty').hidden = knownTo === null || hasMessages;
  let text = '';
  if (hasFailed) {
    text = 'Some messages could not be loaded.';
  } else if (knownTo === null) {
    text = isLoading ? 'Loading messages…' : '';
  } else if (hasOlder) {
    text = isCaughtUp || isLoading ? 'Loading older messages…' : 'Older messages load when you’re back.';
  } else if (hasMessages) {
    text = 'The conversation begins here. Messages are kept for 30 days.';
  }
  byId('older').hidden = text === '';
  // Screen readers would read the same text out again.
  if (byId('older-text').textContent !== text) {
    byId('older-text').textContent = text;
  }
  byId('older-retry').hidden = !hasFailed;
}

byId('older-retry').addEventListener('click', () => {
  hasFailed = false;
  if (isCaughtUp) {
    loadOlder();
  } else {
    catchUp();
  }
});

// --- Sending ---

/** Sends a message, and shows it as unconfirmed until the room broadcasts it. */
function sendMessage(text) {
  if (!room.send('sendMessage', { message: text })) {
    return false;
  }
  const message = { author: me.id, name: me.name, message: text, time: Date.now() };
  const row = createRow(message);
  row.classList.add('pending', 'arriving');
  describe(row, message);
  place(row, log.lastElementChild);
  const sent = { text, row, state: 'pending', after: Math.max(0, ...stored.keys()) };
  sent.timer = setTimeout(() => markUnsent(sent), SEND_TIMEOUT);
  unconfirmed.push(sent);
  showHistoryState();
  follow(true);
  return true;
}

/** Whether the room got an unsent message is unknown: the history tells later, or the author decides. */
function markUnsent(sent, state = 'unsent', reason = 'This may not have been sent.') {
  clearTimeout(sent.timer);
  sent.state = state;
  sent.row.classList.replace('pending', 'unsent');
  const note = element('p', 'unsent-note', `${reason} `);
  note.dataset.test = 'unsent';
  const again = element('button', 'text-button', 'Send again');
  again.type = 'button';
  again.dataset.test = 'send-again';
  again.addEventListener('click', () => {
    if (sendMessage(sent.text)) {
      removeMessage(sent);
    } else {
      setNotice('There is no connection yet. Your message stays here.');
    }
  });
  const discard = element('button', 'text-button', 'Remove');
  discard.type = 'button';
  discard.addEventListener('click', () => removeMessage(sent));
  note.append(again, discard);
  sent.row.append(note);
  follow(true);
}

function removeMessage(sent) {
  const { row } = sent;
  const [above, below] = [row.previousElementSibling, row.nextElementSibling];
  forget(sent);
  row.remove();
  separate(above, below);
  showHistoryState();
  byId('text').focus();
}

const COMMANDS = {
  double(argument) {
    const value = Number(argument);
    if (argument === '' || !Number.isFinite(value)) {
      setNotice('Give it a number, as in /double 21');
      return false;
    }
    return room.send('double', { value });
  },
};

/** Runs `/name argument`; false keeps it in the composer. */
function runCommand(text) {
  const [, name, argument] = /^\/(\S*)\s*(.*)$/su.exec(text);
  if (!Object.hasOwn(COMMANDS, name)) {
    setNotice(`There is no command /${name}. Try /double 21`);
    return false;
  }
  return COMMANDS[name](argument.trim());
}

function submit() {
  const text = field.value.trim();
  if (text === '') {
    return;
  }
  if (!room.online) {
    setNotice('There is no connection yet. What you wrote stays here.');
    return;
  }
  if (text.startsWith('/') ? runCommand(text) : sendMessage(text)) {
    field.value = '';
    fitField();
    setNotice(null);
  }
  stopTyping();
}

const field = byId('text');

/** Shows a text below the composer, in place of the usual hint; null restores the hint. */
function setNotice(text) {
  byId('notice').textContent = text ?? '';
  byId('hint').hidden = text !== null;
}

function fitField() {
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}

field.addEventListener('input', () => {
  fitField();
  setNotice(null);
  if (field.value.trim() === '') {
    stopTyping();
  } else {
    startTyping();
  }
});
field.addEventListener('blur', stopTyping);
field.addEventListener('keydown', (event) => {
  // Enter also ends the composition of a character.
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  }
});
byId('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  submit();
  field.focus();
});

// --- The note ---

let note = null;
let writer = null;
let writingTimer;

function clearNote() {
  note?.close();
  note = new Note(byId('note'));
  note.addEventListener('change', ({ detail }) => room.updateStorage(detail));
  writer = null;
  showNews(false);
}

function noteEdited(user) {
  // Edits of the user's other tabs, or made offline, are not news.
  if (user.id === me.id) {
    return;
  }
  writer = others.get(user.id)?.name ?? user.name;
  clearTimeout(writingTimer);
  writingTimer = setTimeout(() => {
    writer = null;
    showNoteStatus();
  }, WRITING_EXPIRY);
  showNoteStatus();
  tellNews('note');
}

function showNoteStatus() {
  let text = 'Everyone here can write in it';
  if (!room.online) {
    text = byId('note').readOnly ? '' : 'Not shared until you’re back';
  } else if (writer !== null) {
    text = `${writer} is writing…`;
  }
  byId('note-status').textContent = text;
}

// --- Tabs for messages and note on small screens ---

function showView(view) {
  const isChat = view === 'chat';
  document.body.dataset.view = view;
  byId('view-label').textContent = isChat ? 'Note' : 'Chat';
  byId('view')
    .querySelector('use')
    .setAttribute('href', isChat ? '#icon-note' : '#icon-chat');
  showNews(false);
}

/** Marks news in `view` if it is hidden. */
function tellNews(view) {
  if (document.body.dataset.view !== view) {
    showNews(true);
  }
}

function showNews(news) {
  byId('view').classList.toggle('news', news);
  byId('view-news').textContent = news ? ' (new)' : '';
}

byId('view').addEventListener('click', () => showView(document.body.dataset.view === 'chat' ? 'note' : 'chat'));

// --- The link ---

let copiedTimer;

byId('copy-link').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(roomLink());
  } catch {
    // Without HTTPS, or without the permission.
    prompt('The link to this room:', roomLink());
    return;
  }
  showCopied(true);
  clearTimeout(copiedTimer);
  copiedTimer = setTimeout(() => showCopied(false), 2_000);
});

function showCopied(copied) {
  byId('copy-link').classList.toggle('copied', copied);
  byId('copy-label').textContent = copied ? 'Copied' : 'Copy link';
  byId('copy-link')
    .querySelector('use')
    .setAttribute('href', copied ? '#icon-check' : '#icon-link');
}

addEventListener('hashchange', enterRoom);
showView('chat');
enterRoom();
if (matchMedia('(hover: hover)').matches) {
  field.focus();
}
