/** Part of a fixture: what was known where it begins, then its records as they were, includes taken in. */
import { timestamp } from "#core/model/clock.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import type { Fixture } from "./fixture.ts";
import type { Header } from "./header.ts";
import { type Setting, switchesOf } from "./record.ts";
import { createScriptedService, type ScriptedService } from "./scripted-service.ts";
import { saidOf } from "./tap.ts";
import { createVirtualClock } from "./virtual-clock.ts";

/**
 * Lines without their newlines: the records from `from` on, up to but without `to`. `places`: where the operator is at the
 * first of them, in each pane, the one in front last; none if he did nothing before it.
 */
export function* cut(fixture: Fixture, from: number, to: number, places: readonly Setting[]): Generator<string> {
  const startMs = from === 0 ? 0 : fixture.atMs(Math.min(from, fixture.length - 1));
  const start = timestamp(fixture.startWallMs + startMs);
  yield JSON.stringify({ ...fixture.header, ...termAt(fixture, from), start });
  const known = from > 0 ? saidOf(knownAt(fixture, from).snapshot(), KIND_NAMES) : [];
  for (const said of known) yield JSON.stringify({ dt: 0, ...moved(said, startMs) });
  const settings = [...places.slice(0, -1), { ...settingAt(fixture, from), ...places.at(-1) }];
  for (const set of settings) if (Object.keys(set).length > 0) yield JSON.stringify({ dt: 0, set });
  let atMs = startMs;
  for (let index = from; index < Math.min(to, fixture.length); index++) {
    const { dt: _dt, at: _at, ...rest } = JSON.parse(fixture.text(index)) as { dt?: number; at?: number };
    yield JSON.stringify({ dt: Math.round((fixture.atMs(index) - atMs) * 1e6) / 1e6, ...moved(rest, startMs) });
    atMs = fixture.atMs(index);
  }
}

/** The terminal as it was changed last. */
function termAt(fixture: Fixture, from: number): Pick<Header, "term"> {
  const last = fixture.resizes.findLast(({ index }) => index < from);
  return last === undefined ? {} : { term: { ...fixture.header.term, cols: last.cols, rows: last.rows } };
}

/** The switches as they were turned last. */
function settingAt(fixture: Fixture, from: number): Setting {
  let setting: Setting = {};
  for (let index = 0; index < from; index++) {
    if (fixture.kindOf(index) !== "set") continue;
    const { record } = fixture.record(index);
    if ("set" in record) setting = { ...setting, ...switchesOf(record.set) };
  }
  return setting;
}

/** What the sources had said before a record. */
export function knownAt(fixture: Fixture, index: number): ScriptedService {
  const clock = createVirtualClock(fixture.startWallMs);
  const service = createScriptedService(clock, fixture.node);
  for (let each = 0; each < index; each++) {
    if (fixture.kindOf(each) !== "src") continue;
    const { record, place, atMs } = fixture.record(each);
    clock.advanceTo(atMs);
    if ("src" in record) service.play([{ record, place, atMs }]);
  }
  return service;
}

/** A moment of the fixture is told from its beginning, which is another now. */
function moved(record: object, startMs: number): object {
  const { op, sinceMs } = record as { op?: unknown; sinceMs?: unknown };
  return op === "stale" && typeof sinceMs === "number" ? { ...record, sinceMs: sinceMs - startMs } : record;
}
