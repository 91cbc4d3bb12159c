/**
 * What is left of a failure for whoever looks into it: what was drawn until then, as an asciicast, and the records that led
 * to it, as a fixture that fails the same way.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { MusterError, toMusterError } from "#core/model/error.ts";
import { cut } from "#core/playback/cut.ts";
import { createCast } from "./cast.ts";
import type { Failure } from "./findings.ts";
import { goldensOf } from "./golden.ts";
import { placeAt } from "./place-at.ts";
import { type RehearsalOptions, rehearse } from "./rehearsal.ts";

/** Of a longer fixture the last ones; of what was pressed before them only where it led to is kept. */
const MOST_RECORDS = 5000;
const IDLE_LIMIT_MS = 2000;

/** Paths of the files, in `directory`, which is made if need be. Throws OUTPUT. */
export async function leaveTraces(
  options: Omit<RehearsalOptions, "listener" | "goldens" | "isEachDrawn" | "isStrict">,
  failure: Failure,
  directory: string,
): Promise<readonly string[]> {
  const { fixture, size, theme } = options;
  const to = Math.min(failure.index + 1, fixture.length);
  const from = Math.max(options.from, to - MOST_RECORDS);
  const { header, startWallMs } = fixture;
  const cast = createCast({ version: 3, size, header, startWallMs, idleLimitMs: IDLE_LIMIT_MS });
  let drawn = "";
  const listener = {
    ...cast.listener,
    async flush() {
      drawn += cast.take();
    },
  };
  const goldens = goldensOf(fixture.path, false);
  const outcome = await rehearse({ ...options, from, to, listener, goldens, isEachDrawn: true, isStrict: false });
  cast.end(outcome.exitCode ?? 0, outcome.clock.nowMs());
  drawn += cast.take();

  const look = `${size.columns}x${size.rows}${theme.isAscii ? ".ascii" : ""}.${theme.colorLevel}`;
  const name = basename(fixture.path).replace(/(?:\.muster)?(?:\.ndjson)?(?:\.gz)?$/, "");
  const path = join(directory, `${name}.${look}.record-${failure.place?.record ?? to}`);
  const place = await placeAt(fixture, from);
  const records = [...cut(fixture, from, to, place?.settings ?? [])].map((line) => `${line}\n`).join("");
  try {
    mkdirSync(directory, { recursive: true });
    return [write(`${path}.cast`, drawn), write(`${path}.muster.ndjson`, records)];
  } catch (thrown) {
    const { errno } = toMusterError(thrown);
    throw new MusterError("OUTPUT", `${directory}: what led to the failure cannot be left there: ${errno}`, {
      target: directory,
      errno,
    });
  }
}

/** It may hold what only its owner should read. */
function write(path: string, text: string): string {
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}
