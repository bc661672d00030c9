type Draw<T> = (node: HTMLElement, thing: T, rank: number) => void;

/** Draws each item in an element of its own, which is made from the template of that class and removed with the item. */
export function drawEach<T extends { id: string }>(name: string, things: T[], draw: Draw<T>): void {
  const template = document.getElementById(name) as HTMLTemplateElement;
  const known = new Map([...document.querySelectorAll<HTMLElement>(`.${name}`)].map((node) => [node.dataset.id, node]));
  things.forEach((thing, rank) => {
    const node = known.get(thing.id) ?? (template.content.firstElementChild!.cloneNode(true) as HTMLElement);
    if (!known.delete(thing.id)) {
      node.dataset.id = thing.id;
      template.before(node);
    }
    draw(node, thing, rank);
  });
  known.forEach((node) => node.remove());
}

/** Sets a text only if it changes, so that screen readers do not repeat it. */
export function show(node: Element, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}
