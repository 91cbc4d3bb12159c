/** Every fixture of the house, as it is and in the looks that other terminals have. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { ThemeOptions } from "#app/console/skin.ts";
import { failureText } from "#app/player/failure-text.ts";
import { goldensOf } from "#app/player/golden.ts";
import { rehearse } from "#app/player/rehearsal.ts";
import { Fixture } from "#core/playback/fixture.ts";
import { lint } from "#core/playback/lint.ts";

const root = join(import.meta.dir, "../../../fixtures");
const paths = [...new Bun.Glob("*.muster.ndjson{,.gz}").scanSync(root)].sort().map((name) => join(root, name));

const LOOKS: Readonly<Record<string, ThemeOptions>> = {
  "256 colours": { colorLevel: 2, isAscii: false, isMotionless: false },
  ASCII: { colorLevel: 1, isAscii: true, isMotionless: true },
  mono: { colorLevel: 0, isAscii: false, isMotionless: false },
};

test("there are fixtures, and they have no mistakes", () => {
  expect(paths).not.toBeEmpty();
  for (const path of paths) expect(lint(path)).toMatchObject({ mistakes: [], warnings: [] });
});

for (const path of paths) {
  for (const [look, theme] of Object.entries(LOOKS)) {
    test(`${path.slice(root.length + 1)} in ${look}`, async () => {
      const fixture = Fixture.open(path);
      const { cols: columns = 80, rows = 24 } = fixture.header.term ?? {};
      const { failures, checks } = await rehearse({
        fixture,
        size: { columns, rows },
        theme,
        hasKeys: true,
        from: 0,
        to: fixture.length,
        goldens: goldensOf(path, false),
        version: "0.1.0",
        isEachDrawn: false,
        isStrict: true,
      });
      expect(failures.map((failure) => failureText(fixture, failure)).join("\n")).toBe("");
      expect(checks).toBeGreaterThan(0);
      fixture.close();
    });
  }
}
