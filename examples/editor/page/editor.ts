// The editor: TipTap on the document, with the carets of all users.

import { Editor } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret';
import { Placeholder } from '@tiptap/extensions';
import { StarterKit } from '@tiptap/starter-kit';
import { messageAwareness, messageSync, type WebsocketProvider } from 'y-websocket';
import type { User } from './me.js';
import { userOf } from './users.js';

export function createEditor(element: HTMLElement, provider: WebsocketProvider, me: User): Editor {
  readCaretBefore(provider);
  const editor = new Editor({
    element,
    editable: false,
    // The style sheet has these styles, and the page's policy forbids inline ones.
    injectCSS: false,
    extensions: [
      StarterKit.configure({
        heading: { levels: [1, 2, 3] },
        // It would also undo edits of others; the one of the collaboration does not.
        undoRedo: false,
        // A change that the editor makes by itself would be made by each connected editor.
        trailingNode: false,
        link: { autolink: false },
      }),
      Placeholder.configure({
        placeholder: ({ editor }) =>
          editor.isEditable ? 'Write something. Everyone with the link writes with you.' : 'Nothing here yet.',
        showOnlyWhenEditable: false,
      }),
      Collaboration.configure({ document: provider.doc }),
      CollaborationCaret.configure({ provider, user: me, render: renderCaret, selectionRender }),
    ],
    editorProps: {
      attributes: {
        role: 'textbox',
        'aria-multiline': 'true',
        'aria-label': 'Document',
        'data-test': 'text',
        class: 'prose',
      },
    },
  });
  provider.awareness.on('change', ({ updated }: { updated: number[] }) => {
    const moved = updated.map((client) => userOf(provider.awareness.getStates().get(client)));
    // The carets are rendered a moment later.
    setTimeout(
      () =>
        showNames(
          element,
          moved.filter((user) => user !== null),
        ),
      50,
    );
  });
  return editor;
}

/**
 * A browser reports a caret that a key has moved by an event that is dispatched later. If a message of the room arrives
 * before it, the editor would move the caret back, and the next letters would be inserted there.
 */
function readCaretBefore(provider: WebsocketProvider): void {
  const readCaret = () => document.dispatchEvent(new Event('selectionchange'));
  for (const kind of [messageSync, messageAwareness]) {
    const handle = provider.messageHandlers[kind]!;
    provider.messageHandlers[kind] = (...message) => {
      readCaret();
      handle(...message);
    };
  }
  // The carets of the others are drawn by a timer, and this one fires before it.
  provider.awareness.on('change', () => setTimeout(readCaret, 0));
}

/** A caret. The name is not text of the page, so that it is neither copied nor read out in the middle of a word. */
function renderCaret(fields: Record<string, unknown>): HTMLElement {
  const caret = document.createElement('span');
  caret.className = 'caret';
  caret.dataset.test = 'caret';
  const user = userOf({ user: fields });
  if (user !== null) {
    styleCaret(caret, user);
  }
  return caret;
}

function styleCaret(caret: HTMLElement, { id, name, color }: User): void {
  caret.dataset.id = id;
  caret.dataset.name = name;
  caret.style.setProperty('--person', color);
}

function selectionRender(user: Record<string, unknown>): { class: string; style: string } {
  return { class: 'selection', style: `--person: ${userOf({ user })?.color ?? 'gray'}` };
}

/** Shows the names of these users at their carets again, where they fade. A caret that stays is not rendered anew. */
function showNames(element: HTMLElement, users: User[]): void {
  for (const caret of element.querySelectorAll<HTMLElement>('.caret')) {
    const user = users.find(({ id }) => id === caret.dataset.id);
    if (user) {
      styleCaret(caret, user);
      caret.getAnimations({ subtree: true }).forEach((animation) => {
        animation.currentTime = 0;
        animation.play();
      });
    }
  }
}
