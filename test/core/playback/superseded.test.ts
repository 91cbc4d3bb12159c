import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { digestOf } from "#core/playback/digest.ts";
import { Fixture } from "#core/playback/fixture.ts";
import { createScriptedService } from "#core/playback/scripted-service.ts";
import { standing } from "#core/playback/superseded.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { daemon } from "#test/harness/items.ts";

const name = fc.constantFrom("a", "b", "c");
const id = name.map((each) => `n1/daemon/${each}`);
const whole = fc.tuple(name, fc.nat(9)).map(([each, pid]) => daemon(each, { pid }));
const src = "daemons";
const said = fc.oneof(
  whole.map((item) => [{ src, op: "upsert", item }]),
  id.map((each) => [{ src, op: "remove", id: each }]),
  id.map((each) => [{ src, op: "sample", id: each, usage: null }]),
  fc.array(whole, { maxLength: 2 }).map((items) => [{ src, op: "reset", items }]),
  fc.tuple(whole, fc.nat(99)).map(([item, pid]) => [
    { src, op: "upsert", item },
    { src, op: "patch", id: item.id, set: { pid } },
  ]),
  fc.constant([{ src, op: "stale", sinceMs: 0 }]),
  fc.constant([{ src, op: "unavailable", error: { code: "SYSTEM", message: "EIO" } }]),
  fc.constant([{ src, op: "log", event: { code: "DAEMON_UP", message: "up" } }]),
);

test("what still counts makes the same snapshot as all that was said", () => {
  using files = new TemporaryDirectory();
  const path = files.file("run");
  fc.assert(
    fc.property(fc.array(said, { minLength: 1, maxLength: 30 }), (parts) => {
      const records = parts.flat().map((record) => ({ dt: 1, ...record }));
      writeFileSync(path, [{ muster: 1 }, ...records].map((each) => JSON.stringify(each)).join("\n"));
      const fixture = Fixture.open(path);
      const all = records.map((_, index) => index);
      const kept = standing(fixture, 0, records.length);
      expect(played(fixture, kept)).toEqual(played(fixture, all));
      expect(kept.length).toBeLessThanOrEqual(all.length);
      fixture.close();
    }),
  );
});

function played(fixture: Fixture, indices: readonly number[]) {
  const service = createScriptedService(createVirtualClock(0), "n1");
  service.play(
    indices.flatMap((index) => {
      const { record, place, atMs } = fixture.record(index);
      return "src" in record ? [{ record, place, atMs }] : [];
    }),
  );
  const { staleSinceMs } = service.snapshot().shelves.daemons;
  return [digestOf(service.snapshot()), staleSinceMs];
}

test("of an item that is told again and again the last word is read, and all of what is in no usual form", () => {
  using files = new TemporaryDirectory();
  const path = files.file("run");
  const upsert = (pid: number) => JSON.stringify({ dt: 1, src, op: "upsert", item: daemon("a", { pid }) });
  writeFileSync(path, ['{"muster":1}', ...[1, 2, 3].map(upsert)].join("\n"));
  const usual = Fixture.open(path);
  expect(standing(usual, 0, 3)).toEqual([2]);
  usual.close();
  writeFileSync(path, ['{"muster":1}', upsert(1), upsert(2).replace('{"dt":1,', "{"), upsert(3)].join("\n"));
  const other = Fixture.open(path);
  expect(standing(other, 0, 3)).toEqual([0, 1, 2]);
  other.close();
});
