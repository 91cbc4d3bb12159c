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

test.each(CASES)("$name at $size in $skin", async ({ name, size, theme }) => {
  const fixture = Fixture.open(join(DIRECTORY, name));
  const [columns = 0, rows = 0] = size.split("x").map(Number);
  const warnings: string[] = [];
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
      listener: { warning: (text) => warnings.push(text) },
      isEachDrawn: false,
      isStrict: true,
    });
    for (const failure of failures) console.error("left", ...(await leaveTraces(setting, failure, LEFT)));
    expect(failures.map((failure) => failureText(fixture, failure))).toEqual([]);
    expect(checks).toBeGreaterThan(0);
    expect([...warnings, ...fixture.warnings]).toEqual([]);
  } finally {
    fixture.close();
  }
});
