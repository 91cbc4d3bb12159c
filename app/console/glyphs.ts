/** Signs and line work, in Unicode and in ASCII. Every one is a single column wide. */
import type { Sign } from "#app/panes/pane.ts";

export interface Glyphs {
  readonly signs: Readonly<Record<Sign, string>>;
  readonly spinner: readonly string[];
  readonly cursor: string;
  readonly cursorFaint: string;
  readonly ascending: string;
  readonly descending: string;
  readonly ellipsis: string;
  readonly dot: string;
  readonly vertical: string;
  readonly horizontal: string;
  readonly corners: readonly [string, string, string, string];
  readonly caret: string;
  readonly more: string;
  /** Of a sparkline, from low to high: LEVELS in Unicode; in ASCII several share one. */
  readonly bars: readonly string[];
  /** Before a line of a tree. */
  readonly folded: string;
  readonly unfolded: string;
}

const UNICODE: Glyphs = {
  signs: {
    up: "●",
    busy: "◐",
    frozen: "■",
    down: "○",
    failed: "✖",
    unknown: "?",
    stale: "◌",
    unlocked: "◇",
    info: "·",
    warn: "▲",
    error: "✖",
    none: " ",
  },
  spinner: ["◐", "◓", "◑", "◒"],
  cursor: "▸",
  cursorFaint: "▹",
  ascending: "▲",
  descending: "▼",
  ellipsis: "…",
  dot: "·",
  vertical: "│",
  horizontal: "─",
  corners: ["╭", "╮", "╰", "╯"],
  caret: "▏",
  more: "↓",
  bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
  folded: "►",
  unfolded: "▼",
};

const ASCII: Glyphs = {
  signs: {
    up: "*",
    busy: "~",
    frozen: "=",
    down: "o",
    failed: "x",
    unknown: "?",
    stale: "%",
    unlocked: "!",
    info: ".",
    warn: "!",
    error: "x",
    none: " ",
  },
  spinner: ["|", "/", "-", "\\"],
  cursor: ">",
  cursorFaint: "-",
  ascending: "^",
  descending: "v",
  ellipsis: "~",
  dot: "-",
  vertical: "|",
  horizontal: "-",
  corners: ["+", "+", "+", "+"],
  caret: "_",
  more: "v",
  bars: ["_", "_", ".", "-", "-", "=", "^", "#"],
  folded: "+",
  unfolded: "-",
};

export function glyphsFor(isAscii: boolean): Glyphs {
  return isAscii ? ASCII : UNICODE;
}
