// The page: what is on the board, and the hands of everyone who moves it.

import type { Color, Hold, Note, PluvPerson, Point, Presence, User, Whiteboard } from "../bindings/Whiteboard";
import { connect } from "../bindings/Whiteboard";
import { Board } from "./board";
import { figures } from "./figures";
import { glide } from "./glide";

const [WIDTH, HEIGHT, SIZE] = [2400, 1600, 176];
const NAMES = ["Amber", "Bruno", "Clara", "Dario", "Elif", "Femke", "Goran", "Hanna", "Ivo", "Jun", "Kaya", "Lena", "Milo"];
const STEPS: Record<string, [number, number]> = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] };
const AT_ONCE = 9; // In seconds: a glide with a step of so many arrives.
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const randomId = () => [...crypto.getRandomValues(new Uint32Array(3))].map((part) => part.toString(36)).join("");
const show = (node: Element, text: string) => node.textContent === text || (node.textContent = text);
const hueOf = (id: string) => String(([...id].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 9973, 7) * 137.5) % 360);
const clamp = (value: number, max: number) => Math.round(Math.min(Math.max(value, 0), max));
const onBoard = (x: number, y: number): Point => ({ x: clamp(x, WIDTH - SIZE), y: clamp(y, HEIGHT - SIZE) });
const [desk, surface, nameField] = [byId("desk"), byId("surface"), byId<HTMLInputElement>("name")];

/** Each tab is somebody, and stays them when it is loaded again. */
const me: User = JSON.parse(sessionStorage["pluv-whiteboard"] ?? "null")
  ?? { id: randomId(), name: NAMES[Math.floor(Math.random() * NAMES.length)] };
const room = connect(new URLSearchParams(location.search).get("board") || "lobby", {
  query: () => ({ user_id: me.id, name: me.name }),
  timeout: 2 ** 31 - 1, // What is done offline waits for the connection, however long that takes.
});
const board = new Board(room, redraw, inform);
room.on("$people", redraw);

// --- My hand ---

let pointer: PointerEvent | null = null;
// The note that I carry, and where on it I hold it.
let carried: (Point & { id: string }) | null = null;

const noteOf = (target: EventTarget | null) =>
  board.notes.get((target as Element).closest<HTMLElement>(".note:not(.taken)")?.dataset.id ?? "");
const write = ({ id }: Note) =>
  surface.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] textarea`)?.focus({ preventScroll: true });

function place({ x, y }: Point): Point {
  const { left, top } = surface.getBoundingClientRect();
  return { x: Math.round(x - left), y: Math.round(y - top) };
}

/** What the others see in my hand: the note that I carry, or the one that I write on. */
function held(): Hold | null {
  if (pointer && carried) {
    const { x, y } = place(pointer);
    return { id: carried.id, at: onBoard(x - carried.x, y - carried.y) };
  }
  const note = document.activeElement?.matches("textarea") && noteOf(document.activeElement);
  return note ? { id: note.id } : null;
}

function drop({ type, pointerType }: PointerEvent): void {
  const [note, at] = [board.notes.get(carried?.id ?? ""), held()?.at];
  carried = null;
  if (note && at) {
    Math.hypot(at.x - note.x, at.y - note.y) > 4 ? board.change(note, at) : write(note);
  }
  // A finger that was lifted is nowhere.
  pointer = type === "pointerup" && pointerType === "mouse" ? pointer : null;
  redraw();
}

/** Adds a note about the middle of what I see, to write on it. */
function add(color: Color): void {
  const [x, y] = [innerWidth, innerHeight].map((size) => size / 2 - SIZE / 2 + Math.random() * 120 - 60) as [number, number];
  const at = place({ x, y });
  const note = { id: randomId(), ...onBoard(at.x, at.y), text: "", color };
  board.add(note);
  draw(performance.now());
  write(note);
}

function remove(note: Note): void {
  board.remove(note);
  inform("Note thrown away", () => board.add(note));
}

function inform(text: string, undo?: () => void): void {
  show(byId("said"), text);
  byId("undo").hidden = !undo;
  byId("undo").onclick = () => ((byId("notice").hidden = true), undo?.());
  byId("notice").hidden = false;
  document.body.append(byId("notice")); // It is shown anew, for as long as its animation takes.
}

document.addEventListener("pointerdown", (event) => {
  const note = (event.target as Element).closest("button, textarea:focus") ? undefined : noteOf(event.target);
  if (note && event.isPrimary && event.button === 0) {
    const { x, y } = place(event);
    [pointer, carried] = [event, { id: note.id, x: x - note.x, y: y - note.y }];
    desk.setPointerCapture(event.pointerId);
  }
});
document.addEventListener("pointermove", (event) => {
  pointer = event.isPrimary ? event : pointer;
  redraw();
});
(["pointerup", "pointercancel"] as const).forEach((type) => document.addEventListener(type, drop));
document.documentElement.addEventListener("pointerleave", drop);
document.addEventListener("click", ({ target }) => {
  const [button, note] = [(target as Element).closest("button"), noteOf(target)];
  note && button ? remove(note) : button?.dataset.color && add(button.dataset.color as Color);
});
document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  const [note, [x, y]] = [target.matches(".note") && noteOf(target), STEPS[event.key] ?? [0, 0]];
  if (note && (x || y || event.key === "Enter" || event.key === "Delete")) {
    event.preventDefault();
    x || y ? board.change(note, onBoard(note.x + x, note.y + y)) : event.key === "Enter" ? write(note) : remove(note);
  } else if (event.key === "Escape") {
    target.blur();
  }
});
surface.addEventListener("input", ({ target }) => {
  board.change(noteOf(target)!, { text: (target as HTMLTextAreaElement).value });
});
["focusin", "focusout", "scroll"].forEach((type) => desk.addEventListener(type, redraw));
nameField.addEventListener("change", () => {
  me.name = nameField.value.trim() || me.name;
  rememberMe();
  room.reconnect(); // The name is in the token.
});
addEventListener("beforeunload", (event) => board.unsaved.size > 0 && event.preventDefault());

function rememberMe(): void {
  sessionStorage["pluv-whiteboard"] = JSON.stringify(me);
  nameField.value = me.name;
}

// --- What shows: drawn once in a frame of the display, however much is heard in between ---

type Person = PluvPerson<Whiteboard>;
let [frame, seconds, drawnAt, toldAt, told] = [0, 0, 0, 0, ""];
let [mine, takers] = [null as Hold | null, new Map<string | undefined, Person>()];

function redraw(): void {
  frame ||= requestAnimationFrame(draw);
}

function draw(now: number): void {
  cancelAnimationFrame(frame);
  // The first step after a pause is that of one frame.
  seconds = calm.matches ? AT_ONCE : now - drawnAt > 100 ? 1 / 60 : Math.max(now - drawnAt, 0) / 1000;
  [frame, drawnAt, mine] = [0, now, held()];
  const people = room.online ? room.others : [];
  takers = new Map(people.map((person) => [person.presence.hold?.id, person]));
  const goOn = [tell({ at: pointer && place(pointer), hold: mine }, people.length), drawNotes([...board.notes.values()]), drawHands(people)];
  document.body.dataset.status = room.status.status;
  show(byId("reason"), room.status.message ?? "");
  show(byId("count"), people.length > 0 ? `${people.length + 1} here` : "Only you");
  show(byId("unsaved"), board.unsaved.size > 0 ? `Changed so far: ${board.unsaved.size}.` : "");
  goOn.includes(true) && redraw();
}

/** What I say goes to all: the more they are, the less often each speaks. Alone I say nothing, and the room sleeps. */
function tell(presence: Presence, others: number): boolean {
  const news = JSON.stringify(presence);
  if (others > 0 && news !== told && drawnAt - toldAt >= Math.max(40, 2 * others)) {
    [told, toldAt] = [news, drawnAt];
    room.updatePresence(presence);
  }
  return others > 0 && news !== told;
}

const drawNotes = figures<Note>(byId("note"), (node, note, rank) => {
  const isMine = mine?.id === note.id;
  const taker = isMine ? undefined : takers.get(note.id);
  const at = (isMine ? mine : taker?.presence.hold)?.at;
  const field = node.querySelector("textarea")!;
  node.className = `note ${note.color} ${at ? "held" : ""} ${taker ? "taken" : ""}`;
  node.style.zIndex = String(at ? 1_000 : rank);
  node.style.setProperty("--hue", taker ? hueOf(taker.id) : "");
  if (field !== document.activeElement && field.value !== note.text) {
    field.value = note.text;
  }
  return glide(node, at ?? note, at && isMine ? AT_ONCE : seconds);
});

const drawHands = figures<Person>(byId("hand"), (node, { id, user, presence: { at } }) => {
  const isBack = node.classList.contains("away");
  node.classList.toggle("away", !at);
  node.style.setProperty("--hue", hueOf(id));
  show(node.querySelector("b")!, user!.name);
  return !!at && glide(node, at, isBack ? AT_ONCE : seconds);
});

rememberMe();
desk.scrollTo((WIDTH - innerWidth) / 2, (HEIGHT - innerHeight) / 2);
