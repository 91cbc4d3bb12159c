/**
 * A screen as SVG: a grid of cells, every piece of text at its own place and as wide as its cells whatever the font is; lines
 * and bars are drawn, for those of a font leave gaps. The same screen is the same text, byte by byte.
 */
import type { CellGrid, Run } from "./cell-grid.ts";
import { colorsOf, FRAME_COLOR, GROUND_COLOR } from "./palette.ts";

/** Of a cell, and of its font, in pixels. */
const WIDTH = 8.4;
const HEIGHT = 18;
const FONT_SIZE = 14;
/** From the top of a cell to the line its text stands on. */
const BASE = 13.5;
const MARGIN = 12;
const FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

export function svgOf({ columns, rows, runs }: CellGrid, title: string): string {
  const width = number(columns * WIDTH + 2 * MARGIN);
  const height = number(rows * HEIGHT + 2 * MARGIN);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect x="0.5" y="0.5" width="${number(columns * WIDTH + 2 * MARGIN - 1)}" height="${number(rows * HEIGHT + 2 * MARGIN - 1)}" rx="8" fill="${GROUND_COLOR}" stroke="${FRAME_COLOR}"/>`,
    `<g font-family="${FONTS}" font-size="${FONT_SIZE}" xml:space="preserve">`,
    ...runs.flatMap(groundOf),
    ...runs.flatMap(inkOf),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

const left = (column: number) => MARGIN + column * WIDTH;
const top = (row: number) => MARGIN + row * HEIGHT;

function groundOf({ row, column, columns, style }: Run): readonly string[] {
  const { ground } = colorsOf(style);
  if (ground === null) return [];
  const place = `x="${number(left(column))}" y="${number(top(row))}"`;
  return [`<rect ${place} width="${number(columns * WIDTH)}" height="${HEIGHT}" fill="${ground}"/>`];
}

function inkOf(run: Run): readonly string[] {
  const { ink } = colorsOf(run.style);
  const texts: string[] = [];
  let lines = "";
  let blocks = "";
  for (const piece of piecesOf(run)) {
    const [x, y] = [left(piece.column), top(run.row)];
    const line = LINES[piece.text];
    const block = BLOCKS[piece.text];
    if (line) lines += line(x, y);
    else if (block) blocks += block(x, y);
    else texts.push(textOf(piece, run, ink));
  }
  if (lines !== "") texts.push(`<path d="${lines}" fill="none" stroke="${ink}"/>`);
  if (blocks !== "") texts.push(`<path d="${blocks}" fill="${ink}"/>`);
  return texts;
}

interface Piece {
  readonly column: number;
  readonly columns: number;
  readonly text: string;
}

/** Of its own is what a font may draw wider than its cell, and what is drawn here. */
const WORDS = /[!-~]+(?: [!-~]+)*|[^ -~]/gu;

function piecesOf({ column, columns, text }: Run): readonly Piece[] {
  // A character of two cells, or one that has others above it: a cell is not a character.
  if ([...text].length !== columns) return text.trim() === "" ? [] : [{ column, columns, text }];
  let before = 0;
  let cells = 0;
  return [...text.matchAll(WORDS)].map((match) => {
    cells += [...text.slice(before, match.index)].length;
    before = match.index;
    return { column: column + cells, columns: [...match[0]].length, text: match[0] };
  });
}

function textOf({ column, columns, text }: Piece, { row, style }: Run, ink: string): string {
  const width = `textLength="${number(columns * WIDTH)}"`;
  const isAdjusted = !/^[ -~]+$/.test(text);
  const attributes = [
    `x="${number(left(column))}" y="${number(top(row) + BASE)}" ${width}`,
    ...(isAdjusted ? ['lengthAdjust="spacingAndGlyphs"'] : []),
    `fill="${ink}"`,
    ...(style.isBold ? ['font-weight="700"'] : []),
    ...(style.isUnderlined ? ['text-decoration="underline"'] : []),
  ];
  return `<text ${attributes.join(" ")}>${escaped(text)}</text>`;
}

type Shape = (x: number, y: number) => string;

const stroke = (fromX: number, fromY: number, toX: number, toY: number): Shape => {
  const place = (x: number, y: number, dx: number, dy: number) =>
    `${number(x + dx * WIDTH)} ${number(y + dy * HEIGHT)}`;
  return (x, y) => `M${place(x, y, fromX, fromY)}L${place(x, y, toX, toY)}`;
};
/** Two arms out of the middle, round where they meet. */
const corner = (toX: number, toY: number): Shape => {
  return (x, y) => {
    const [midX, midY] = [x + WIDTH / 2, y + HEIGHT / 2];
    const [endX, endY] = [x + toX * WIDTH, y + toY * HEIGHT];
    return `M${number(endX)} ${number(midY)}Q${number(midX)} ${number(midY)} ${number(midX)} ${number(endY)}`;
  };
};
const block = (share: number, heightShare: number): Shape => {
  return (x, y) => {
    const width = number(share * WIDTH);
    const height = heightShare * HEIGHT;
    return `M${number(x)} ${number(y + HEIGHT - height)}h${width}v${number(height)}h-${width}z`;
  };
};

const BARS = "▁▂▃▄▅▆▇█";

const LINES: Readonly<Record<string, Shape>> = {
  "─": stroke(0, 0.5, 1, 0.5),
  "│": stroke(0.5, 0, 0.5, 1),
  "╭": corner(1, 1),
  "╮": corner(0, 1),
  "╰": corner(1, 0),
  "╯": corner(0, 0),
};

const BLOCKS: Readonly<Record<string, Shape>> = {
  "▏": block(1 / 8, 1),
  ...Object.fromEntries([...BARS].map((bar, index) => [bar, block(1, (index + 1) / 8)])),
};

/** Two digits after the point are enough, and the same on every machine. */
const number = (value: number): string => String(Math.round(value * 100) / 100);

const NAMES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
/** What XML has no way to say. */
const UNSAYABLE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const escaped = (text: string): string =>
  text.replace(UNSAYABLE, "\ufffd").replace(/[&<>"']/g, (character) => NAMES[character] ?? character);
