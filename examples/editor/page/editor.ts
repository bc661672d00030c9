// The editor: TipTap on the document, with everyone's carets.

import { Editor } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret';
import { Placeholder } from '@tiptap/extensions';
import { StarterKit } from '@tiptap/starter-kit';
import { messageAwareness, messageSync, type WebsocketProvider } from 'y-websocket';
import type { Person } from './me.js';
import { personOf } from './people.js';

export function createEditor(element: HTMLElement, provider: WebsocketProvider, me: Person): Editor {
  readCaretBefore(provider);
  const editor = new Editor({
    element,
    editable: false,
    // The style sheet has it, and the page's policy takes no other styles.
    injectCSS: false,
    extensions: [
      StarterKit.configure({
        heading: { levels: [1, 2, 3] },
        // Its own would also take back what others wrote; the one of the collaboration does not.
        undoRedo: false,
        // What an editor changes by itself, each of those who look on would change too.
        trailingNode: false,
        link: { autolink: false },
      }),
      Placeholder.configure({
        placeholder: ({ editor }) => (editor.isEditable ? 'Write something. Everyone with the link writes with you.' : 'Nothing here yet.'),
        showOnlyWhenEditable: false,
      }),
      Collaboration.configure({ document: provider.doc }),
      CollaborationCaret.configure({ provider, user: me, render: renderCaret, selectionRender }),
    ],
    editorProps: {
      attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-label': 'Document', 'data-test': 'text', class: 'prose' },
    },
  });
  provider.awareness.on('change', ({ updated }: { updated: number[] }) => {
    const moved = updated.map((client) => personOf(provider.awareness.getStates().get(client)));
    // The carets follow in a moment.
    setTimeout(() => showNames(element, moved.filter((person) => person !== null)), 50);
  });
  return editor;
}

/**
 * A browser tells of a caret that a key has moved by an event that comes later. Should something come from the room in
 * between, the editor would put the caret back to where it knows it, and what is typed next would stand there.
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
  // The carets of the others are drawn by a timer, in front of which this one is.
  provider.awareness.on('change', () => setTimeout(readCaret, 0));
}

/** A caret. Its name is no text of the page, so that nobody copies it or has it read out in the middle of a word. */
function renderCaret(user: Record<string, unknown>): HTMLElement {
  const caret = document.createElement('span');
  caret.className = 'caret';
  caret.dataset.test = 'caret';
  const person = personOf({ user });
  if (person !== null) {
    dress(caret, person);
  }
  return caret;
}

function dress(caret: HTMLElement, { id, name, color }: Person): void {
  caret.dataset.id = id;
  caret.dataset.name = name;
  caret.style.setProperty('--person', color);
}

function selectionRender(user: Record<string, unknown>): { class: string; style: string } {
  return { class: 'selection', style: `--person: ${personOf({ user })?.color ?? 'gray'}` };
}

/** Shows these people's names at their carets, which fade by and by. A caret that stays is not rendered anew. */
function showNames(element: HTMLElement, people: Person[]): void {
  for (const caret of element.querySelectorAll<HTMLElement>('.caret')) {
    const person = people.find(({ id }) => id === caret.dataset.id);
    if (person) {
      dress(caret, person);
      caret.getAnimations({ subtree: true }).forEach((animation) => {
        animation.currentTime = 0;
        animation.play();
      });
    }
  }
}
