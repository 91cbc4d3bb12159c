/** The list of privileged processes in the state directory: `processes.json`. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { makeIdentity } from "#core/model/id.ts";
import type { ProcessRow } from "#core/pmdaroot/process-row.ts";
import { readBootId } from "#ffi/boot-id.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";

/** A process that was started, whether it runs or not. */
export interface KeptProcess {
  readonly identity: string;
  readonly row: ProcessRow;
  readonly via: "service" | "socket";
  /** Started by an earlier run. */
  readonly isAdopted: boolean;
}

export interface ListPlace {
  readonly stateDirectory: string;
  readonly procRoot: string;
  readonly onProblem: (message: string) => void;
}

const ListSchema = v.object({
  bootId: v.string(),
  processes: v.array(
    v.object({
      pid: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0x7fff_ffff)),
      startTicks: v.pipe(v.string(), v.regex(/^[0-9]+$/)),
      label: v.string(),
      commandLine: v.string(),
      starter: v.object({ uid: v.number(), pid: v.nullable(v.number()) }),
      via: v.picklist(["service", "socket"]),
      startedAtMs: v.number(),
      endedAtMs: v.nullable(v.number()),
      status: v.nullable(v.number()),
      isTold: v.boolean(),
    }),
  ),
});

export interface ProcessList {
  readonly processes: readonly KeptProcess[];
  /** Else none of them lives, whatever has their numbers now. */
  readonly isOfThisBoot: boolean;
}

export function readProcessList({ stateDirectory, procRoot, onProblem }: ListPlace): ProcessList {
  const path = pathOf(stateDirectory);
  if (!existsSync(path)) return { processes: [], isOfThisBoot: true };
  try {
    const { bootId, processes } = v.parse(ListSchema, JSON.parse(readFileSync(path, "utf8")));
    return {
      isOfThisBoot: bootId === readBootId(procRoot),
      processes: processes.map(({ via, ...row }) => {
        return { identity: makeIdentity(row.pid, row.startTicks), row, via, isAdopted: true };
      }),
    };
  } catch (thrown) {
    onProblem(`${path} cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`);
    return { processes: [], isOfThisBoot: true };
  }
}

/** What another service keeps, or left: for whoever only looks. Of what has ended since, nobody knows how. */
export function viewProcesses(place: ListPlace, nowMs: number): readonly KeptProcess[] {
  const { processes, isOfThisBoot } = readProcessList(place);
  return processes.map((kept) => {
    const { row } = kept;
    const lives = isOfThisBoot && processIdentityTicks(place.procRoot, row.pid) === row.startTicks;
    return row.endedAtMs === null && !lives ? { ...kept, row: { ...row, endedAtMs: nowMs } } : kept;
  });
}

/** Replaced as a whole: half a list would be processes that nobody knows. */
export function writeProcessList(place: ListPlace, kept: readonly KeptProcess[]): void {
  const { stateDirectory, procRoot, onProblem } = place;
  const path = pathOf(stateDirectory);
  if (kept.length === 0 && !existsSync(path)) return;
  const list = { bootId: readBootId(procRoot), processes: kept.map(({ row, via }) => ({ ...row, via })) };
  try {
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, `${JSON.stringify(list)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (thrown) {
    onProblem(`${path} cannot be written: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}

const pathOf = (stateDirectory: string) => join(stateDirectory, "processes.json");
