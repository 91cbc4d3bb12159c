/** Tones -> SGR. Semantic tokens only: no other file names a colour. No set tells good from bad by red against green. */
import type { Tone } from "#app/panes/pane.ts";

/** 0: no colour at all, 1: the terminal's own 16, 2: 256, 3: true colour. */
export type ColorLevel = 0 | 1 | 2 | 3;

/** SGR parameters that begin a style; each is ended by its own counterpart. */
type Sgr = readonly number[];

const BOLD = 1;
const DIM = 2;
const INVERSE = 7;
const color256 = (index: number): Sgr => [38, 5, index];

const MONO: Readonly<Record<Tone, Sgr>> = {
  text: [],
  strong: [BOLD],
  dim: [],
  accent: [BOLD],
  heading: [BOLD],
  ok: [],
  warn: [BOLD],
  error: [BOLD],
  unknown: [],
  busy: [],
  flag: [INVERSE, BOLD],
  marked: [INVERSE],
};

const SIXTEEN: Readonly<Record<Tone, Sgr>> = {
  text: [],
  strong: [BOLD],
  dim: [DIM],
  accent: [36],
  heading: [BOLD],
  ok: [94],
  warn: [33],
  error: [31, BOLD],
  unknown: [35],
  busy: [36],
  flag: [33, INVERSE, BOLD],
  marked: [INVERSE],
};

/** Chosen to be read on dark and on light grounds. */
const MANY: Readonly<Record<Tone, Sgr>> = {
  ...SIXTEEN,
  dim: color256(244),
  accent: color256(37),
  ok: color256(33),
  warn: color256(172),
  error: [...color256(160), BOLD],
  unknown: color256(133),
  busy: color256(37),
  flag: [...color256(172), INVERSE, BOLD],
};

export interface Theme {
  readonly level: ColorLevel;
  paint(tone: Tone, text: string): string;
  /** The line under the cursor. */
  selected(text: string): string;
  /** The same while another part of the screen has the focus. */
  selectedFaintly(text: string): string;
}

function ending(code: number): number {
  if (code === BOLD || code === DIM) return 22;
  if (code === INVERSE) return 27;
  return 39;
}

function painter(sgr: Sgr): (text: string) => string {
  if (sgr.length === 0) return (text) => text;
  const ends = sgr[0] === 38 ? [39, ...sgr.slice(3).map(ending)] : sgr.map(ending);
  const begin = `\x1b[${sgr.join(";")}m`;
  const end = `\x1b[${[...new Set(ends)].join(";")}m`;
  return (text) => (text === "" ? "" : `${begin}${text}${end}`);
}

export function createTheme(level: ColorLevel): Theme {
  const tones = level === 0 ? MONO : level === 1 ? SIXTEEN : MANY;
  const painters = new Map(Object.entries(tones).map(([tone, sgr]) => [tone, painter(sgr)]));
  const selected = painter([INVERSE]);
  const faint = painter([BOLD]);
  return {
    level,
    paint: (tone, text) => painters.get(tone)?.(text) ?? text,
    selected,
    selectedFaintly: faint,
  };
}
