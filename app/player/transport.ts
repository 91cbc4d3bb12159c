/** The keys of a playback and the line that tells where it is. All behind Ctrl-P, so that every key of the panes works. */
import type { Transport } from "#app/console/console-store.ts";
import { keyWord } from "#app/console/keymap.ts";
import { momentText } from "./moment-text.ts";

export const LEADER = "ctrl-p";

export type Order =
  | { readonly type: "pause" | "next" | "previous" | "next-mark" | "previous-mark" }
  | { readonly type: "faster" | "slower" | "first" | "last" | "take-over" | "leave" }
  | { readonly type: "go"; readonly place: string };

/** What the operator is about to say. */
export interface Asking {
  /** The leader was pressed. */
  readonly isLeading: boolean;
  /** The leader holds for what is pressed again and again; whatever else is pressed is the console's. */
  readonly isRepeating: boolean;
  /** Typed after `g`; null: nothing is typed. */
  readonly place: string | null;
}

export const NOT_ASKING: Asking = { isLeading: false, isRepeating: false, place: null };
const LEADING: Asking = { ...NOT_ASKING, isLeading: true };
const REPEATING: Asking = { ...NOT_ASKING, isRepeating: true };

interface OrderKey {
  readonly key: string;
  readonly order: Order["type"];
  readonly title: string;
  /** Pressed again and again it needs the leader once. */
  readonly isRepeated?: boolean;
}

/** Behind the leader: one table that keys and the document of keys are read off. */
export const ORDER_KEYS: readonly OrderKey[] = [
  { key: "space", order: "pause", title: "stand still; again to go on, at the end from the beginning" },
  { key: ".", order: "next", title: "play the next record, then stand still", isRepeated: true },
  { key: ",", order: "previous", title: "go back before the last moment, then stand still", isRepeated: true },
  { key: "]", order: "next-mark", title: "go to the next mark", isRepeated: true },
  { key: "[", order: "previous-mark", title: "go to the mark before", isRepeated: true },
  { key: ">", order: "faster", title: "twice as fast, at most 64 times", isRepeated: true },
  { key: "<", order: "slower", title: "half as fast, at least a quarter", isRepeated: true },
  { key: "g", order: "go", title: "go to a time such as 00:42, or to a mark by its name; Esc takes it back" },
  { key: "home", order: "first", title: "go to the beginning" },
  { key: "end", order: "last", title: "go to the end" },
  { key: "t", order: "take-over", title: "take over: what was pressed is not pressed any more; again to give it back" },
  { key: "esc", order: "leave", title: "leave muster" },
];

export interface Pressed {
  readonly asking: Asking;
  readonly order: Order | null;
  /** Why nothing came of it; null: something did. */
  readonly problem: string | null;
  /** False: the key is the console's. */
  readonly isTaken: boolean;
}

export function pressed(asking: Asking, key: string): Pressed {
  const taken = (next: Asking, order: Order | null = null, problem: string | null = null): Pressed => ({
    asking: next,
    order,
    problem,
    isTaken: true,
  });
  const passed: Pressed = { asking: NOT_ASKING, order: null, problem: null, isTaken: false };
  // What leaves muster from anywhere does so from here too.
  if (key === "ctrl-c") return passed;
  if (asking.place !== null) {
    const { place } = asking;
    if (key === "esc" || key === LEADER) return taken(NOT_ASKING);
    if (key === "enter") return taken(NOT_ASKING, { type: "go", place });
    if (key === "backspace") return taken({ ...asking, place: place.slice(0, -1) });
    const typed = key === "space" ? " " : key;
    return taken([...typed].length === 1 ? { ...asking, place: place + typed } : asking);
  }
  if (key === LEADER) return taken(asking.isLeading ? NOT_ASKING : LEADING);
  const found = ORDER_KEYS.find((each) => each.key === key);
  if (asking.isRepeating) {
    if (found?.isRepeated && found.order !== "go") return taken(asking, { type: found.order });
    return key === "esc" ? taken(NOT_ASKING) : passed;
  }
  if (!asking.isLeading) return passed;
  if (found === undefined) {
    const whole = `${keyWord(LEADER)} ${keyWord(key)}`;
    return taken(NOT_ASKING, null, `${whole} does nothing; ${keyWord(LEADER)} tells the keys`);
  }
  if (found.order === "go") return taken({ ...NOT_ASKING, place: "" });
  return taken(found.isRepeated ? REPEATING : NOT_ASKING, { type: found.order });
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

const KEYS = "Space pause  ., record  ][ mark  >< speed  g go  Home End  t take over  Esc quit";
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
  if (asking.isRepeating) return { text, aside: hasRoom ? `again ${REPEATED_KEYS}  Esc` : "^P", tone: "accent" };
  return { text, aside: hasRoom ? "Ctrl-P ..." : "^P", tone: "dim" };
}

const REPEATED_KEYS = ORDER_KEYS.filter(({ isRepeated }) => isRepeated)
  .map(({ key }) => key)
  .join(" ");

function paceOf({ isPaused, isWaiting, isAtEnd }: Position): string {
  if (isWaiting) return isPaused ? "paused" : "waits";
  if (isAtEnd) return "at the end";
  return isPaused ? "paused" : "";
}

const SLOWEST = 0.25;
const FASTEST = 64;

export const boundedSpeed = (speed: number): number => Math.min(FASTEST, Math.max(SLOWEST, speed));
