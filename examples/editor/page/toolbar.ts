// The toolbar. A button's `data-command` names its command, and `data-keys` its keyboard shortcut.

import type { ChainedCommands, Editor } from '@tiptap/core';

type Command = {
  run: (chain: ChainedCommands) => ChainedCommands;
  /** Whether the command is active, for commands that can be toggled. */
  isOn?: (editor: Editor) => boolean;
};

const COMMANDS: Record<string, Command> = {
  heading1: heading(1),
  heading2: heading(2),
  bold: { run: (chain) => chain.toggleBold(), isOn: (editor) => editor.isActive('bold') },
  italic: { run: (chain) => chain.toggleItalic(), isOn: (editor) => editor.isActive('italic') },
  strike: { run: (chain) => chain.toggleStrike(), isOn: (editor) => editor.isActive('strike') },
  code: { run: (chain) => chain.toggleCode(), isOn: (editor) => editor.isActive('code') },
  bulletList: { run: (chain) => chain.toggleBulletList(), isOn: (editor) => editor.isActive('bulletList') },
  orderedList: { run: (chain) => chain.toggleOrderedList(), isOn: (editor) => editor.isActive('orderedList') },
  blockquote: { run: (chain) => chain.toggleBlockquote(), isOn: (editor) => editor.isActive('blockquote') },
  codeBlock: { run: (chain) => chain.toggleCodeBlock(), isOn: (editor) => editor.isActive('codeBlock') },
  undo: { run: (chain) => chain.undo() },
  redo: { run: (chain) => chain.redo() },
};

function heading(level: 1 | 2): Command {
  return { run: (chain) => chain.toggleHeading({ level }), isOn: (editor) => editor.isActive('heading', { level }) };
}

/** Connects the buttons of `toolbar` to their commands, and shows which are active at the caret. */
export function connectToolbar(toolbar: HTMLElement, editor: Editor): void {
  const buttons = [...toolbar.querySelectorAll<HTMLButtonElement>('[data-command]')];
  const commandOf = (button: HTMLElement) => COMMANDS[button.dataset.command!]!;

  // Several changes in a row refresh once.
  let isDue = false;
  const refresh = () => {
    if (!isDue) {
      isDue = true;
      requestAnimationFrame(() => {
        isDue = false;
        buttons.forEach(show);
      });
    }
  };
  const show = (button: HTMLButtonElement) => {
    const { run, isOn } = commandOf(button);
    const can = editor.isEditable && run(editor.can().chain() as ChainedCommands).run();
    // Not `disabled`, which would remove the focus.
    button.ariaDisabled = String(!can);
    if (isOn) {
      button.ariaPressed = String(isOn(editor));
    }
  };

  for (const button of buttons) {
    label(button);
    // The text keeps the focus.
    button.addEventListener('mousedown', (event) => event.preventDefault());
    button.addEventListener('click', () => {
      if (button.ariaDisabled !== 'true') {
        commandOf(button).run(editor.chain().focus()).run();
      }
    });
  }
  moveByArrows(toolbar, buttons);
  editor.on('transaction', refresh);
  editor.on('update', refresh);
  // The undo stack is updated a moment after the change.
  editor.on('create', refresh);
  refresh();
}

function label(button: HTMLButtonElement): void {
  const isMac = /Mac|iP/.test(navigator.platform);
  const { keys } = button.dataset;
  button.title = button.ariaLabel ?? '';
  if (keys) {
    button.setAttribute('aria-keyshortcuts', keys.replace('Mod', isMac ? 'Meta' : 'Control'));
    const shown = isMac
      ? keys.replace('Mod', '⌘').replace('Alt', '⌥').replace('Shift', '⇧').replaceAll('+', '')
      : keys.replace('Mod', 'Ctrl');
    button.title += ` (${shown})`;
  }
}

/** Makes the toolbar one tab stop, with arrow keys between the buttons. */
function moveByArrows(toolbar: HTMLElement, buttons: HTMLButtonElement[]): void {
  const choose = (chosen: HTMLButtonElement) =>
    buttons.forEach((button) => {
      button.tabIndex = button === chosen ? 0 : -1;
    });
  choose(buttons[0]!);
  toolbar.addEventListener('focusin', ({ target }) => choose(target as HTMLButtonElement));
  toolbar.addEventListener('keydown', (event) => {
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      buttons.at(to % buttons.length)!.focus();
    }
  });
}
