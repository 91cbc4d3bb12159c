/** Group observe: the way from the kernel to a snapshot, with 10,000 pid files. */
import { join } from "node:path";
import type { Daemon } from "#core/model/daemon.ts";
import { TestService } from "#test/harness/service.ts";
import { type Bench, count } from "./bench.ts";
import { monotonicMs } from "./clocks.ts";
import { MANY, makePidFiles, type PidFiles } from "./pid-files.ts";
import { startPromptDaemon } from "./prompt-daemon.ts";
import { distribution } from "./rows.ts";

export async function observe(bench: Bench): Promise<void> {
  const files = makePidFiles(bench.keeper, MANY);
  const opened: number[] = [];
  const blocked: number[] = [];
  for (let round = 0; round < count(bench, 7, 2); round++) {
    const loop = watchLoop();
    const begunMs = monotonicMs();
    await using _service = await openMany(bench, files);
    opened.push(monotonicMs() - begunMs);
    blocked.push(loop.stop());
  }
  bench.add(distribution("first full snapshot, 10,000 pid files", "ms", opened, null));
  bench.add(distribution("longest block of the loop meanwhile", "ms", blocked, null));
  await using service = await openMany(bench, files);
  bench.add(distribution("pid file written to snapshot", "ms", await written(bench, service, files), null));
  bench.add(distribution("process ended to snapshot", "ms", await ended(bench, service, files), null));
}

async function openMany(bench: Bench, files: PidFiles): Promise<TestService> {
  const home = bench.keeper.directory();
  const directory = { path: files.directory, file: (name: string) => join(home, name), [Symbol.dispose]: () => {} };
  const service = await TestService.open(directory, [], { mode: "watch" });
  await service.until(({ shelves: { daemons } }) => daemons.status === "ready" && daemons.items.size >= files.count);
  return service;
}

/** The longest time in which the loop served nothing else, by a timer that is always due. */
function watchLoop() {
  let lastMs = monotonicMs();
  let longestMs = 0;
  const look = () => {
    const nowMs = monotonicMs();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  const timer = setInterval(look, 1);
  return {
    stop() {
      look();
      clearInterval(timer);
      return longestMs;
    },
  };
}

async function written(bench: Bench, service: TestService, files: PidFiles): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < count(bench, 100, 10); round++) {
    const index = (round * 7919) % files.count;
    const wasLive = item(service, files.path(index))?.present === true;
    files.write(index, !wasLive);
    const begunMs = monotonicMs();
    await seen(service, files.path(index), (daemon) => daemon?.present === !wasLive);
    times.push(monotonicMs() - begunMs);
  }
  return times;
}

/** The pid file is left as it is: only the end of the process can tell. */
async function ended(bench: Bench, service: TestService, files: PidFiles): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < count(bench, 100, 10); round++) {
    const pidFile = join(files.directory, `ended${round}.pid`);
    const daemon = await startPromptDaemon(bench.keeper, { pidFile, delayMs: 0, clears: false });
    await seen(service, pidFile, (found) => found?.present === true);
    process.kill(daemon.pid, "SIGTERM");
    await seen(service, pidFile, (found) => found?.present === false);
    times.push(monotonicMs() - (await daemon.exitedMs));
  }
  return times;
}

const item = (service: TestService, pidFile: string): Daemon | undefined => service.daemon(pidFile);

async function seen(service: TestService, pidFile: string, fits: (daemon: Daemon | undefined) => boolean) {
  await service.until(({ shelves }) => fits(shelves.daemons.items.get(`n1/daemon/${pidFile}`)));
}
