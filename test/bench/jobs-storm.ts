/** Processes that begin and end in a job as fast as they can: all of them counted, none left over, one end. */
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { TestJobs } from "#test/harness/job-set.ts";
import { type Bench, count } from "./bench.ts";
import { cpuMs } from "./clocks.ts";
import { figure } from "./rows.ts";

const WORKERS = 2;

export async function stormInJob(bench: Bench): Promise<void> {
  using directory = new TemporaryDirectory();
  using jobs = new TestJobs(directory);
  const seconds = count(bench, 5, 1);
  const workers = Array.from({ length: WORKERS }, () => startWorker(bench, seconds));
  const [first, ...others] = workers;
  if (!first) return;
  const jid = jobs.set.create({ pid: first.child.pid, uid: 0 });
  for (const { child } of others) jobs.set.attachpid(child.pid, jid);
  let ends = 0;
  jobs.set.waitjid(jid, () => ends++);
  const begunMs = cpuMs(process.pid);
  for (const { go } of workers) go();
  const made = await Promise.all(workers.map(({ forks }) => forks));
  const usedMs = cpuMs(process.pid) - begunMs;
  const { processes, exit } = await jobs.untilEnded(jid);
  const forks = made.reduce((sum, one) => sum + one, 0);
  const rate = forks / seconds;
  const missing = forks + WORKERS - (processes ?? 0);
  bench.add(figure("forks inside a job, two workers", "/s", rate));
  bench.add(figure("of these not counted", "x", Math.abs(missing), { most: 0 }));
  bench.add(figure("left in the job when all have ended", "x", jobs.set.getjidcnt(), { most: 0 }));
  bench.add(figure("ends of the job that are not its one", "x", ends - 1 + (exit?.status === 0 ? 0 : 1), { most: 0 }));
  bench.add(figure("CPU of who follows it", "%", usedMs / (seconds * 10)));
  if (jobs.problems.length > 0) throw new Error(jobs.problems.join("; "));
}

interface Worker {
  readonly child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  /** Until then it is a shell that waits: what forks is in the job from its first moment. */
  go(): void;
  readonly forks: Promise<number>;
}

function startWorker({ keeper }: Bench, seconds: number): Worker {
  const storm = [process.execPath, `${import.meta.dir}/fork-storm.ts`, String(seconds), "0"];
  const argv = ["sh", "-c", 'read word; exec "$@"', "sh", ...storm];
  const child = keeper.process(Bun.spawn(argv, { stdin: "pipe", stdout: "pipe", stderr: "inherit" }));
  const made = async () => {
    const words = (await new Response(child.stdout).text()).trim().split("\n");
    const rate = Number(words.at(-1));
    if (!(rate > 0)) throw new Error("fork-storm.ts has made no forks");
    return Math.round(rate * seconds);
  };
  return {
    child,
    go: () => {
      child.stdin.write("go\n");
      child.stdin.end();
    },
    forks: made(),
  };
}
