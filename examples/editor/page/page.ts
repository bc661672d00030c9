// The page: the document, the connected users, and the state of the connection.

import type { Editor } from '@tiptap/core';
import { linkTo, readAddress } from './address.js';
import { createEditor } from './editor.js';
import { COLORS, freeColor, loadMe, saveChoice, saveMe, trimName } from './me.js';
import { Room } from './room.js';
import { connectToolbar } from './toolbar.js';
import { initials, others, showUsers } from './users.js';

const TITLE = document.title;
// Most browsers have loaded the stored document within this time, if they store any.
const STORAGE_TIMEOUT = 2_000;

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

const me = loadMe();
const address = readAddress(location);
const room = new Room({
  name: address.name,
  keeps: !address.isView,
  query: () => ({ user_id: me.id, name: me.name, access: address.isView ? 'read' : 'write' }),
  onChange: showConnection,
});
const { awareness } = room.provider;
let isKept = false;
let isOpen = false;
let editor: Editor | null = null;

const mayWrite = () => room.mayWrite && !address.isView;

// --- The connection ---

function showConnection(): void {
  const [state, text] = statusOf(room);
  byId('status').dataset.status = state;
  byId('status').textContent = text;
  showBanner(bannerOf(room));
  byId('reader').hidden = mayWrite();
  byId('toolbar').hidden = !mayWrite();
  isOpen ||= room.status !== 'connecting';
  showDocument();
}

/** Sets the text only if it changes, so that screen readers do not repeat it. */
function showBanner(text: string): void {
  byId('banner').dataset.status = room.status;
  byId('banner').hidden = text === '';
  if (byId('banner-text').textContent !== text) {
    byId('banner-text').textContent = text;
  }
}

function statusOf({ status, message, isSaved }: Room): [string, string] {
  switch (status) {
    case 'connecting':
      return [status, 'Opening…'];
    case 'reconnecting':
      return [status, 'Reconnecting…'];
    case 'offline':
      return [status, 'Offline'];
    case 'refused':
      return [status, 'Not connected'];
    case 'live':
      return message !== ''
        ? ['unsaved', 'Not saved']
        : !isSaved
          ? ['saving', 'Saving…']
          : [status, mayWrite() ? 'Saved' : 'Up to date'];
  }
}

function bannerOf({ status, message }: Room): string {
  switch (status) {
    case 'refused':
      return `This document is closed to you: ${message}.`;
    case 'live':
      return message === '' ? '' : `The room did not take your last change: ${message}. Undo it, and try again.`;
    default:
      if (message !== '') {
        return `This document can’t be opened just now: ${message}. It is tried again by itself.`;
      }
      return status !== 'offline'
        ? ''
        : !mayWrite()
          ? 'You’re offline. What the others write shows when you’re back.'
          : `You’re offline. Keep writing: your changes stay ${isKept ? 'on this device' : 'in this tab'}, and are sent when you’re back.`;
  }
}

byId('retry').addEventListener('click', () => room.retry());
// Edits that neither the room nor this browser has would be lost.
addEventListener('beforeunload', (event) => room.isBehind && !isKept && event.preventDefault());

// --- The document ---

/** The document is editable once its content is loaded, or the room is known to be unreachable. */
function showDocument(): void {
  const isEditable = isOpen && mayWrite() && room.status !== 'refused';
  if (editor !== null && editor.isEditable !== isEditable) {
    editor.setEditable(isEditable);
  }
  document.body.toggleAttribute('data-open', isOpen && editor !== null);
}

function showTitle(): void {
  const line = editor?.state.doc.firstChild?.textContent.trim().slice(0, 80);
  document.title = `${line || address.name} · ${TITLE}`;
}

async function start(): Promise<void> {
  const kept = room.kept.then((keeps) => {
    isKept = keeps;
    showConnection();
  });
  await Promise.race([kept, new Promise((resolve) => setTimeout(resolve, STORAGE_TIMEOUT))]);
  editor = createEditor(byId('paper'), room.provider, me);
  connectToolbar(byId('toolbar'), editor);
  editor.on('update', showTitle);
  isOpen ||= !editor.isEmpty;
  showTitle();
  showConnection();
}

// --- The users ---

function showMe(): void {
  byId('me-initials').textContent = initials(me.name);
  byId('me').style.setProperty('--person', me.color);
  byId('me').title = `${me.name} (you): choose another name or colour`;
  byId('me-name').textContent = me.name;
}

function changeMe(change: Partial<typeof me>): void {
  Object.assign(me, change);
  saveMe(me);
  showMe();
  awareness.setLocalStateField('user', { ...me });
}

awareness.on('change', () => showUsers(byId('people'), others(awareness, me)));
// The awareness states arrive after the document.
room.provider.once('sync', () => setTimeout(() => changeMe({ color: freeColor(me, others(awareness, me)) }), 300));

const dialog = byId<HTMLDialogElement>('profile');
const form = dialog.querySelector('form')!;
const nameField = byId<HTMLInputElement>('profile-name');

for (const [name, color] of Object.entries(COLORS)) {
  const swatch = document.createElement('input');
  Object.assign(swatch, {
    type: 'radio',
    name: 'color',
    value: color,
    title: name,
    ariaLabel: name,
    className: 'swatch',
  });
  swatch.style.setProperty('--person', color);
  byId('profile-colors').append(swatch);
}

byId('me').addEventListener('click', () => {
  nameField.value = me.name;
  (form.elements.namedItem('color') as RadioNodeList).value = me.color;
  dialog.returnValue = '';
  dialog.showModal();
  nameField.select();
});
dialog.addEventListener('close', () => {
  const name = trimName(nameField.value) || me.name;
  if (dialog.returnValue === 'save') {
    changeMe({ name, color: String(new FormData(form).get('color') ?? me.color) });
    saveChoice(me);
  }
});
byId('profile-cancel').addEventListener('click', () => dialog.close());
// A click outside the dialog.
dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());

// --- The address ---

for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) {
  const label = button.querySelector('.label')!;
  const text = label.textContent;
  let timer: ReturnType<typeof setTimeout> | undefined;
  button.addEventListener('click', async () => {
    const link = linkTo({ name: address.name, isView: button.dataset.copy === 'view' });
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      // Without HTTPS, or without the permission.
      prompt('The link to this document:', link);
      return;
    }
    label.textContent = 'Link copied';
    button.dataset.copied = '';
    clearTimeout(timer);
    timer = setTimeout(() => {
      label.textContent = text;
      delete button.dataset.copied;
    }, 2_000);
  });
}
// A read-only user can only share the read-only link.
document.querySelectorAll<HTMLElement>('[data-copy="write"]').forEach((button) => {
  button.hidden = address.isView;
});

byId('name').textContent = address.name;
history.replaceState(null, '', linkTo(address));
showMe();
room.start();
void start();
