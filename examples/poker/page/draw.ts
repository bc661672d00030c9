type Draw<T> = (node: HTMLElement, thing: T) => void;

export const byId = (id: string) => document.getElementById(id)!;

/** Draws each item in an element of its own, after the template of that id and in the order of the items. */
export function drawEach<T extends { id: string }>(name: string, things: T[], draw: Draw<T>): void {
  const template = byId(name) as HTMLTemplateElement;
  const known = new Map([...document.querySelectorAll<HTMLElement>(`.${name}`)].map((node) => [node.dataset.id, node]));
  let last: Element = template;
  for (const thing of things) {
    const node = known.get(thing.id) ?? (template.content.firstElementChild!.cloneNode(true) as HTMLElement);
    known.delete(thing.id);
    node.dataset.id = thing.id;
    draw(node, thing);
    // One that stands where it belongs is not moved, as that would end its animation.
    if (last.nextElementSibling !== node) {
      last.after(node);
    }
    last = node;
  }
  known.forEach((node) => node.remove());
}

/** Sets a text only if it changes, so that screen readers do not repeat it. */
export function show(node: Element, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}
