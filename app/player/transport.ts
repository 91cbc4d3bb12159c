/** The keys of a playback and the line that tells where it is. All behind Ctrl-P, so that every key of the panes works. */
import type { Transport } from "#app/console/console-store.ts";
import { momentText } from "./moment-text.ts";

export const LEADER = "ctrl-p";

export type Order =
  | { readonly type: "pause" | "next" | "previous" | "next-mark" | "previous-mark" }
  | { readonly type: "faster" | "slower" | "first" | "last" | "take-over" | "leave" }
  | { readonly type: "go"; readonly place: string };

/** What the operator is about to say. */
export interface Asking {
  readonly isLeading: boolean;
  /** Typed after `g`; null: nothing is typed. */
  readonly place: string | null;
}

export const NOT_ASKING: Asking = { isLeading: false, place: null };

const ORDERS: Readonly<Record<string, Order["type"]>> = {
  space: "pause",
  ".": "next",
  ",": "previous",
  "]": "next-mark",
  "[": "previous-mark",
  ">": "faster",
  "<": "slower",
  home: "first",
  end: "last",
  t: "take-over",
  esc: "leave",
};

/** What is pressed again and again needs the leader once. */
const REPEATED: readonly Order["type"][] = ["next", "previous", "next-mark", "previous-mark", "faster", "slower"];

export interface Pressed {
  readonly asking: Asking;
  readonly order: Order | null;
  /** False: the key is the console's. */
  readonly isTaken: boolean;
}

export function pressed(asking: Asking, key: string): Pressed {
  const taken = (next: Asking, order: Order | null = null): Pressed => ({ asking: next, order, isTaken: true });
  if (asking.place !== null) {
    const { place } = asking;
    if (key === "esc" || key === LEADER) return taken(NOT_ASKING);
    if (key === "enter") return taken(NOT_ASKING, { type: "go", place });
    if (key === "backspace") return taken({ ...asking, place: place.slice(0, -1) });
    const typed = key === "space" ? " " : key;
    return taken([...typed].length === 1 ? { ...asking, place: place + typed } : asking);
  }
  if (key === LEADER) return taken({ ...asking, isLeading: !asking.isLeading });
  if (!asking.isLeading) return { asking, order: null, isTaken: false };
  if (key === "g") return taken({ isLeading: false, place: "" });
  const type = Object.hasOwn(ORDERS, key) ? ORDERS[key] : undefined;
  if (type === undefined) return { asking: NOT_ASKING, order: null, isTaken: false };
  return taken(REPEATED.includes(type) ? asking : NOT_ASKING, { type } as Order);
}

export interface Position {
  readonly atMs: number;
  readonly durationMs: number;
  readonly speed: number;
  readonly isPaused: boolean;
  /** Records behind this place come when something is so. */
  readonly isWaiting: boolean;
  readonly isAtEnd: boolean;
  readonly isTakenOver: boolean;
  readonly mark: string | null;
  /** Of the recorded terminal, if it is not that of this one. */
  readonly recordedSize: string | null;
  /** What of the fixture cannot be shown here; null: nothing. */
  readonly remark: string | null;
  /** What went wrong with the last order; null: nothing. */
  readonly problem: string | null;
}

const KEYS = "Space pause  . , record  ] [ mark  > < speed  g go  Home End  t take over  Esc";
/** The same where there is no room for it. */
const SHORT_KEYS = "Space  ., record  ][ mark  >< speed  g t";

/** `columns`: of the whole line. */
export function transportLine(position: Position, asking: Asking, columns: number): Transport {
  const { atMs, durationMs, speed, mark, recordedSize, remark, problem } = position;
  const hasRoom = columns >= KEYS.length;
  if (asking.place !== null) {
    return { text: `go to: ${asking.place}_`, aside: "00:42 or a mark", tone: "accent" };
  }
  if (asking.isLeading && problem === null) return { text: hasRoom ? KEYS : SHORT_KEYS, aside: "", tone: "accent" };
  const where = `REPLAY ${momentText(Math.min(atMs, durationMs))}/${momentText(durationMs)}`;
  // A problem has to be read whole.
  if (problem !== null) return { text: hasRoom ? `${where}  ${problem}` : problem, aside: "", tone: "warn" };
  const parts = [
    where,
    position.isTakenOver ? "taken over" : "",
    speed === 1 ? "" : `x${speed}`,
    paceOf(position),
    mark === null ? "" : `[${mark}]`,
    recordedSize === null ? "" : `recorded at ${recordedSize}`,
    remark ?? "",
  ];
  const text = parts.filter((part) => part !== "").join("  ");
  return { text, aside: hasRoom ? "Ctrl-P ..." : "^P", tone: "dim" };
}

function paceOf({ isPaused, isWaiting, isAtEnd }: Position): string {
  if (isWaiting) return isPaused ? "paused" : "waits";
  if (isAtEnd) return "at the end";
  return isPaused ? "paused" : "";
}

const SLOWEST = 0.25;
const FASTEST = 64;

export const boundedSpeed = (speed: number): number => Math.min(FASTEST, Math.max(SLOWEST, speed));
