/**
 * LXC: a directory a container. Which process is its first is told by lxc-info(1) alone, so it is asked about the one
 * container that a question is about, and only while that one is not known to run.
 */
import type { ContainerRecord } from "../container.ts";
import type { EngineHost } from "../container-index.ts";
import { EntryDirectory } from "../entry-directory.ts";
import type { EnginePlaces } from "./places.ts";

export type LxcPlaces = Pick<EnginePlaces, "lxcDirectory" | "lxcInfo">;

/** What a command of LXC's needs, and nothing more. */
export interface LxcCommandOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly wallMs: () => number;
}

export function watchLxc(host: EngineHost, places: LxcPlaces, options: LxcCommandOptions): Disposable {
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
    const text = await runInfo(places.lxcInfo, name, options.env).catch((thrown) => {
      if (!hasToldProblem)
        host.onProblem(`${places.lxcInfo[0]} cannot be run: ${thrown instanceof Error ? thrown.message : thrown}`);
      hasToldProblem = true;
      return "";
    });
    if (known.has(name)) host.upsert(parseLxcInfo(name, text, options.wallMs()), () => locate(name));
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

async function runInfo(
  command: readonly string[],
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const child = Bun.spawn([...command, "-n", name], {
    env: { ...env, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "ignore"],
    timeout: LONGEST_MS,
    killSignal: "SIGKILL",
  });
  const text = await new Response(child.stdout).text();
  await child.exited;
  return text;
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
