import type { Point } from "../bindings/Whiteboard";

/** About how long a glide takes, in seconds: places come some twenty times a second, and there is no halt between them. */
const TIME = 0.08;
const glides = new WeakMap<HTMLElement, { at: Point; speed: Point }>();

/** Moves an element towards a place for as long as a frame takes, at once if it was nowhere; whether there is more to go. */
export function glide(node: HTMLElement, to: Point, seconds: number): boolean {
  const { at, speed } = glides.get(node) ?? { at: to, speed: { x: 0, y: 0 } };
  const [x, y] = [eased(at.x - to.x, speed.x, seconds), eased(at.y - to.y, speed.y, seconds)];
  glides.set(node, { at: { x: to.x + x.distance, y: to.y + y.distance }, speed: { x: x.speed, y: y.speed } });
  node.style.transform = `translate(${(to.x + x.distance).toFixed(2)}px, ${(to.y + y.distance).toFixed(2)}px)`;
  return Math.hypot(x.distance, y.distance) + TIME * Math.hypot(x.speed, y.speed) > 0.05;
}

/** A spring that does not overshoot, solved for the time that has passed. Its speed goes on when the target moves. */
function eased(distance: number, speed: number, seconds: number): { distance: number; speed: number } {
  const stiffness = 2 / TIME;
  const pull = (speed + stiffness * distance) * seconds;
  const decay = Math.exp(-stiffness * seconds);
  return { distance: (distance + pull) * decay, speed: (speed - stiffness * pull) * decay };
}
