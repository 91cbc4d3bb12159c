/** What failed, for people: which record, what was wanted, what there was, the screen, and the records before. */

import { visible } from "#core/output/text.ts";
import type { Fixture } from "#core/playback/fixture.ts";
import { placeText } from "#core/playback/read-record.ts";
import type { Failure } from "./findings.ts";
import { momentText } from "./moment-text.ts";

const RECORDS_BEFORE = 5;
const LONGEST = 160;

export function failureText(fixture: Fixture, failure: Failure): string {
  const { place, index, atMs, mismatches, lines } = failure;
  const where = place === null ? fixture.path : placeText(place);
  const said = mismatches.flatMap(({ what, wanted, got }) => [
    `  ${visible(what)}`,
    `    wanted  ${visible(wanted)}`,
    `    got     ${visible(got)}`,
  ]);
  const width = Math.max(0, ...lines.map((line) => line.length));
  const screen = lines.map((line) => `  |${visible(line.padEnd(width))}|`);
  const from = Math.max(0, index - RECORDS_BEFORE);
  const before = Array.from({ length: index - from }, (_, step) => recordText(fixture, from + step));
  return [
    `FAILED ${visible(where)} at ${momentText(atMs)}`,
    ...said,
    ...screen,
    ...(before.length > 0 ? ["  the records before:", ...before] : []),
    "",
  ].join("\n");
}

function recordText(fixture: Fixture, index: number): string {
  const text = visible(fixture.text(index));
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  return `  ${String(fixture.placeOf(index).record).padStart(6)}  ${short}`;
}
