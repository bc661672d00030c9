type Draw<T> = (node: HTMLElement, thing: T, rank: number) => boolean;

/** An element for each of some things, found again by its thing's id. Drawing them tells whether any has more to go. */
export function figures<T extends { id: string }>(template: HTMLTemplateElement, draw: Draw<T>): (things: T[]) => boolean {
  const nodes = new Map<string, HTMLElement>();
  const make = (id: string) => {
    const node = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
    node.dataset.id = id;
    template.before(node);
    nodes.set(id, node);
    return node;
  };
  return (things) => {
    const ids = new Set(things.map(({ id }) => id));
    nodes.forEach((node, id) => ids.has(id) || (node.remove(), nodes.delete(id)));
    return things.map((thing, rank) => draw(nodes.get(thing.id) ?? make(thing.id), thing, rank)).includes(true);
  };
}
