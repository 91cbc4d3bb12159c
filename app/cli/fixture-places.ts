/** Places in a fixture as they are typed: `mark:NAME`, `00:42.5`, `1:02:03`, `42s`, or the name of a mark. */
import type { Fixture } from "#core/playback/fixture.ts";
import { parseDuration, usage } from "./option-values.ts";

/** Number of the first record there; throws USAGE. */
export function placeIn(fixture: Fixture, text: string, option: string): number {
  if (text.startsWith("mark:")) return fixture.markNamed(text.slice("mark:".length)).index;
  const ms = millisecondsOf(text);
  if (ms !== null) return fixture.indexAt(ms);
  if (fixture.marks.some(({ name }) => name === text)) return fixture.markNamed(text).index;
  throw usage(`${option} needs a place such as 00:42, 42s or mark:NAME, not '${text}'`, option);
}

export function millisecondsOf(text: string): number | null {
  const clock = /^(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2}(?:\.\d{1,3})?)$/.exec(text);
  if (clock) {
    const [, hours = "0", minutes = "0", seconds = "0"] = clock;
    return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  }
  const seconds = parseDuration(text);
  return seconds === null ? null : seconds * 1000;
}
