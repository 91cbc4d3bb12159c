/**
 * Of a long run of what sources said only what still counts at its end: an item that was told a hundred times is read once.
 * That is what makes going anywhere in a recording quick.
 */
import type { Fixture } from "./fixture.ts";

/** As recorders write it; an id with an escape in it is another form. */
const QUICK = /^\{"(?:dt|at)":[\d.]+,"src":"([a-z]+)","op":"([a-z]+)"(?:,"(?:item":\{"id|id)":"([^"\\]*)")?/;
const PREFIX = 400;
const OF_ITEMS: readonly string[] = ["upsert", "patch", "remove", "sample"];

/** Numbers of the records from `from` up to `to`, all of sources; all of them if one is not in the usual form. */
export function standing(fixture: Fixture, from: number, to: number): readonly number[] {
  const all = Array.from({ length: to - from }, (_, step) => from + step);
  const lastReset = new Map<string, number>();
  const lastWhole = new Map<string, number>();
  const seen: (readonly [src: string, op: string, key: string])[] = [];
  for (const index of all) {
    const found = QUICK.exec(fixture.beginning(index, PREFIX));
    const [, src = "", op = "", id] = found ?? [];
    if (!found || (OF_ITEMS.includes(op) && id === undefined)) return all;
    const key = `${src} ${id}`;
    seen.push([src, op, key]);
    if (op === "reset") lastReset.set(src, index);
    if (op === "upsert") lastWhole.set(key, index);
  }
  return all.filter((index) => {
    const [src, op, key] = seen[index - from] ?? ["", "", ""];
    // An event of its own, whatever source it is about.
    if (op === "log" || op === "error") return true;
    if (index < (lastReset.get(src) ?? -1)) return false;
    return !OF_ITEMS.includes(op) || index >= (lastWhole.get(key) ?? -1);
  });
}
