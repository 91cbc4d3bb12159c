/** Colours of cells as they are drawn, light on dark: xterm's 256, of which the first 16 are the terminal's own to choose. */
import type { CellColor, CellStyle } from "./cell-grid.ts";

type Rgb = readonly [red: number, green: number, blue: number];

const INK: Rgb = [0xd5, 0xd9, 0xe0];
const GROUND: Rgb = [0x15, 0x18, 0x1e];

const SIXTEEN: readonly Rgb[] = [
  [0x2b, 0x30, 0x38],
  [0xe0, 0x5c, 0x5c],
  [0x74, 0xb8, 0x6c],
  [0xd9, 0xa4, 0x41],
  [0x5a, 0x96, 0xe0],
  [0xb5, 0x83, 0xd6],
  [0x4f, 0xb3, 0xb8],
  [0xc5, 0xca, 0xd3],
  [0x6a, 0x72, 0x7f],
  [0xf0, 0x7d, 0x7d],
  [0x96, 0xd3, 0x8d],
  [0xf0, 0xc2, 0x66],
  [0x7f, 0xb4, 0xf5],
  [0xce, 0xa4, 0xea],
  [0x77, 0xd0, 0xd4],
  [0xf4, 0xf6, 0xf9],
];

const CUBE = [0, 95, 135, 175, 215, 255];
/** What is dim is this much of its colour, and the rest its ground. */
const DIM_SHARE = 0.6;

function indexed(index: number): Rgb {
  const own = SIXTEEN[index];
  if (own) return own;
  if (index >= 232) {
    const grey = 8 + 10 * (index - 232);
    return [grey, grey, grey];
  }
  const place = index - 16;
  const level = (step: number) => CUBE[step % 6] ?? 0;
  return [level(Math.floor(place / 36)), level(Math.floor(place / 6)), level(place)];
}

const rgb = (color: CellColor, own: Rgb): Rgb =>
  color === null ? own : typeof color === "number" ? indexed(color) : color;

const hex = (color: Rgb): string => `#${color.map((value) => value.toString(16).padStart(2, "0")).join("")}`;

/** `ground` is null where it is the terminal's own. */
export function colorsOf(style: CellStyle): { readonly ink: string; readonly ground: string | null } {
  const plainInk = rgb(style.ink, INK);
  const plainGround = rgb(style.ground, GROUND);
  const [ink, ground] = style.isInverse ? [plainGround, plainInk] : [plainInk, plainGround];
  const shown = style.isDim ? mix(ink, ground) : ink;
  return { ink: hex(shown), ground: style.isInverse || style.ground !== null ? hex(ground) : null };
}

function mix(ink: Rgb, ground: Rgb): Rgb {
  const part = (index: 0 | 1 | 2) => Math.round(ink[index] * DIM_SHARE + ground[index] * (1 - DIM_SHARE));
  return [part(0), part(1), part(2)];
}

export const GROUND_COLOR = hex(GROUND);
export const FRAME_COLOR = hex([0x3a, 0x40, 0x4b]);
