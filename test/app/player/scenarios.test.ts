/** Every fixture of fixtures/, as its author wrote it: all it expects is so at every size, with and without colours. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ThemeOptions } from "#app/console/skin.ts";
import { failureText } from "#app/player/failure-text.ts";
import { goldensOf } from "#app/player/golden.ts";
import { rehearse } from "#app/player/rehearsal.ts";
import { leaveTraces } from "#app/player/traces.ts";
import { Fixture } from "#core/playback/fixture.ts";

const DIRECTORY = join(import.meta.dir, "../../../fixtures");
/** What led to a failure is looked for here. */
const LEFT = join(import.meta.dir, "../../_out");
const NAMES = readdirSync(DIRECTORY).filter((name) => /\.muster\.ndjson(?:\.gz)?$/.test(name));

const SIZES = ["40x15", "80x24", "120x40", "200x60"];
const THEMES: Readonly<Record<string, ThemeOptions>> = {
  unicode: { colorLevel: 2, isAscii: false, isMotionless: false },
  ascii: { colorLevel: 1, isAscii: true, isMotionless: false },
  mono: { colorLevel: 0, isAscii: false, isMotionless: false },
};

const CASES = NAMES.flatMap((name) =>
  SIZES.flatMap((size) => Object.entries(THEMES).map(([skin, theme]) => ({ name, size, skin, theme }))),
);

test("there are fixtures", () => {
  expect(NAMES).toContain("the-night.muster.ndjson");
});

/** What a screen reader is told of the whole of it, and the marks it came by. */
async function heard(name: string) {
  const fixture = Fixture.open(join(DIRECTORY, name));
  const said: string[] = [];
  const marks: string[] = [];
  try {
    const { failures } = await rehearse({
      fixture,
      size: { columns: 80, rows: 24 },
      theme: { colorLevel: 2, isAscii: false, isMotionless: true },
      hasKeys: true,
      from: 0,
      to: fixture.length,
      goldens: goldensOf(fixture.path, false),
      version: "0.1.0",
      listener: {
        said: (line, atMs) => said.push(`${atMs} ${line}`),
        mark: (mark) => marks.push(mark),
      },
      isEachDrawn: false,
      isStrict: true,
      isHeard: true,
    });
    expect(failures.map((failure) => failureText(fixture, failure))).toEqual([]);
    expect(marks).toEqual(fixture.marks.map((mark) => mark.name));
  } finally {
    fixture.close();
  }
  return said;
}

test.each(NAMES)("%s for a screen reader: lines and no escapes, the same each time", async (name) => {
  const said = await heard(name);
  expect(said.length).toBeGreaterThan(10);
  // A C0, C1 or direction character would act on a terminal or hide itself.
  expect(said.filter((line) => /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/.test(line))).toEqual([]);
  expect(await heard(name)).toEqual(said);
});

test.each(CASES)("$name at $size in $skin", async ({ name, size, theme }) => {
  const fixture = Fixture.open(join(DIRECTORY, name));
  const [columns = 0, rows = 0] = size.split("x").map(Number);
  try {
    const setting = {
      fixture,
      size: { columns, rows },
      theme,
      hasKeys: true,
      from: 0,
      to: fixture.length,
      version: "0.1.0",
    };
    const { failures, checks } = await rehearse({
      ...setting,
      goldens: goldensOf(fixture.path, false),
      isEachDrawn: false,
      isStrict: true,
    });
    for (const failure of failures) console.error("left", ...(await leaveTraces(setting, failure, LEFT)));
    expect(failures.map((failure) => failureText(fixture, failure))).toEqual([]);
    expect(checks).toBeGreaterThan(0);
    expect(fixture.warnings).toEqual([]);
  } finally {
    fixture.close();
  }
});
