/**
 * LXC: a directory a container. Which process is its first is told by lxc-info(1) alone, so it is asked about the one
 * container that a question is about, and only while that one is not known to run.
 */
import type { Clock } from "#core/model/clock.ts";
import type { ContainerRecord } from "../container.ts";
import type { EngineHost } from "../container-index.ts";
import { EntryDirectory } from "../entry-directory.ts";
import type { EnginePlaces } from "./places.ts";
import { runTool } from "./tool.ts";

export type LxcPlaces = Pick<EnginePlaces, "lxcDirectory" | "lxcInfo">;

/** What a command of LXC's needs, and nothing more. */
export interface LxcCommandOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

export function watchLxc(host: EngineHost, places: LxcPlaces, { env, clock }: LxcCommandOptions): Disposable {
  const { lxcDirectory: directory } = places;
  const asked = new Map<string, Promise<void>>();
  const turns = inTurns(MOST_AT_ONCE);
  let hasToldProblem = false;
  const known = new Set<string>();
  const locate = (name: string) => {
    // Whoever asks while it is being asked gets the same answer.
    const running = asked.get(name) ?? turns(() => ask(name)).finally(() => asked.delete(name));
    asked.set(name, running);
    return running;
  };
  const ask = async (name: string) => {
    const argv = [...places.lxcInfo, "-n", name];
    const run = runTool({ argv, env: { ...env, LC_ALL: "C" }, clock, longestMs: LONGEST_MS });
    const text = await run.catch((thrown) => {
      if (!hasToldProblem)
        host.onProblem(`${places.lxcInfo[0]} cannot be run: ${thrown instanceof Error ? thrown.message : thrown}`);
      hasToldProblem = true;
      return "";
    });
    if (known.has(name)) host.upsert(parseLxcInfo(name, text, clock.wallMs()), () => locate(name));
  };
  return new EntryDirectory({
    tree: host.tree,
    directory,
    inner: [],
    onEntry: (name) => {
      known.add(name);
      host.upsert(parseLxcInfo(name, "", 0), () => locate(name));
    },
    onGone: (name) => {
      known.delete(name);
      host.remove({ engine: "lxc", owner: null, id: name });
    },
  });
}

/** Runs of the tool beside one another. */
const MOST_AT_ONCE = 8;
/** One that hangs is killed, and its container does not run as far as anybody can tell. */
const LONGEST_MS = 5000;

function inTurns(most: number): (work: () => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return async (work) => {
    if (busy >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else busy++;
    try {
      await work();
    } finally {
      // The next one takes the place as it is.
      const next = waiting.shift();
      if (next) next();
      else busy--;
    }
  };
}

const STATES: Readonly<Record<string, ContainerRecord["state"]>> = {
  RUNNING: "running",
  STOPPING: "running",
  ABORTING: "running",
  FREEZING: "paused",
  FROZEN: "paused",
  THAWED: "running",
  STARTING: "created",
};

/** `State: RUNNING` and `PID: 812`, among other lines; whatever was not found is stopped. */
export function parseLxcInfo(name: string, text: string, writtenAtMs: number): ContainerRecord {
  const pid = /^PID:\s+([1-9][0-9]{0,9})\s*$/im.exec(text)?.[1];
  const state = /^State:\s+([A-Z]+)\s*$/im.exec(text)?.[1] ?? "STOPPED";
  return {
    engine: "lxc",
    id: name,
    names: [name],
    owner: null,
    pid: pid === undefined || Number(pid) > 0x7fff_ffff ? null : Number(pid),
    startTicks: null,
    writtenAtMs,
    state: STATES[state] ?? "stopped",
    image: null,
    labels: {},
  };
}
