import { expect, test } from "bun:test";
import { join } from "node:path";
import { Terminal } from "@xterm/headless";
import { PANE_IDS } from "#app/panes/pane.ts";
import { cellGridOf } from "./cell-grid.ts";
import { draw, PICTURES } from "./pictures.ts";
import { svgOf } from "./svg.ts";

/** What a terminal of 20x3 shows after these bytes. */
async function picture(bytes: string): Promise<string> {
  const terminal = new Terminal({ cols: 20, rows: 3, allowProposedApi: true });
  await new Promise<void>((written) => terminal.write(bytes, written));
  const svg = svgOf(cellGridOf(terminal), "a title");
  terminal.dispose();
  return svg;
}

/** The element that holds this text, as it stands there. */
function element(svg: string, text: string): string {
  const found = svg.split("\n").find((line) => line.includes(`>${text}</text>`));
  if (found === undefined) throw new Error(`no element holds ${text}:\n${svg}`);
  return found;
}

const fill = (line: string) => /fill="(#[0-9a-f]{6})"/.exec(line)?.[1];

test("every word stands at its cell, as wide as its cells", async () => {
  const svg = await picture("one  two\r\n\x1b[2;11Hthree");
  expect(element(svg, "one")).toContain('x="12" y="25.5" textLength="25.2"');
  expect(element(svg, "two")).toContain('x="54" y="25.5" textLength="25.2"');
  expect(element(svg, "three")).toContain('x="96" y="43.5" textLength="42"');
  expect(svg).toContain('viewBox="0 0 192 78"');
});

test("colours of the 16, of the 256 and of all are told apart", async () => {
  const svg = await picture("\x1b[31mred\x1b[0m  \x1b[38;5;160mcube\x1b[0m  \x1b[38;2;1;2;3mown\x1b[0m");
  expect(fill(element(svg, "red"))).toBe("#e05c5c");
  expect(fill(element(svg, "cube"))).toBe("#d70000");
  expect(fill(element(svg, "own"))).toBe("#010203");
});

test("greys of the 256, and a ground of its own below the text", async () => {
  const svg = await picture("\x1b[38;5;244;48;5;17mnote\x1b[0m");
  expect(fill(element(svg, "note"))).toBe("#808080");
  expect(svg).toContain('<rect x="12" y="12" width="33.6" height="18" fill="#00005f"/>');
});

test("inverse changes ink and ground, of what is coloured too", async () => {
  const plain = fill(element(await picture("word"), "word"));
  const svg = await picture("\x1b[7mword\x1b[0m\r\n\x1b[7;33mflag\x1b[0m");
  expect(svg).toContain(`<rect x="12" y="12" width="33.6" height="18" fill="${plain}"/>`);
  expect(svg).toContain('<rect x="12" y="30" width="33.6" height="18" fill="#d9a441"/>');
  expect(fill(element(svg, "word"))).toBe(fill(element(svg, "flag")));
  expect(fill(element(svg, "word"))).not.toBe(plain);
});

test("bold is heavier, dim lies between ink and ground, underlined is", async () => {
  const svg = await picture("\x1b[1mbold\x1b[0m  \x1b[2mdim\x1b[0m  \x1b[4munder\x1b[0m");
  expect(element(svg, "bold")).toContain('font-weight="700"');
  expect(element(svg, "dim")).not.toContain("font-weight");
  const shade = (word: string) => Number.parseInt(fill(element(svg, word))?.slice(1, 3) ?? "", 16);
  expect(shade("dim")).toBeLessThan(shade("under"));
  expect(shade("dim")).toBeGreaterThan(0x15);
  expect(element(svg, "under")).toContain('text-decoration="underline"');
});

test("a wide character has two cells, and what follows it its own", async () => {
  const svg = await picture("a\u6f22b");
  expect(element(svg, "\u6f22")).toContain('x="20.4" y="25.5" textLength="16.8" lengthAdjust="spacingAndGlyphs"');
  expect(element(svg, "b")).toContain('x="37.2"');
});

test("a character with others above it stays whole", async () => {
  const svg = await picture("e\u0301 x");
  expect(element(svg, "e\u0301")).toContain('x="12" y="25.5" textLength="8.4"');
  expect(element(svg, "x")).toContain('x="28.8"');
});

test("lines and bars are drawn, edge to edge", async () => {
  const svg = await picture("\u2500\u2502\u256d\u2588\u2581");
  expect(svg).not.toContain("<text");
  expect(svg).toContain("M12 21L20.4 21");
  expect(svg).toContain("M24.6 12L24.6 30");
  expect(svg).toContain("M37.2 21Q33 21 33 30");
  expect(svg).toContain("M37.2 12h8.4v18h-8.4z");
  expect(svg).toContain("M45.6 27.75h8.4v2.25h-8.4z");
});

test("text is text: nothing in it is markup", async () => {
  const svg = await picture(`<a b="c">&'`);
  expect(element(svg, "&lt;a b=&quot;c&quot;&gt;&amp;&#39;")).toContain('textLength="92.4"');
  expect(svgOf({ columns: 1, rows: 1, runs: [] }, "<\u0007&\ud800>")).toContain(
    "<title>&lt;\ufffd&amp;\ufffd&gt;</title>",
  );
});

test("the same bytes are the same picture", async () => {
  const bytes = "\x1b[1;31mone\x1b[0m \u2581\u2582\u2583\r\n\x1b[7mtwo\x1b[0m";
  expect(await picture(bytes)).toBe(await picture(bytes));
});

test("a picture of the console shows what stands at its mark, the same each time", async () => {
  const root = join(import.meta.dir, "../..");
  const [first] = PICTURES;
  if (!first) throw new Error("there are no pictures");
  const svg = await draw(first, root);
  expect(svg).toBe(await draw(first, root));
  expect(svg).toContain(">/run/slurmd.pid</text>");
  expect(svg).toContain("failed, since 2026-03-01");
});

test("there is a picture of every pane", () => {
  expect(PICTURES.map(({ name }) => name)).toEqual([...PANE_IDS]);
});
