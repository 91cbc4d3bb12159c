/** Group jobs: the jobd socket as a client in C sees it, the end of a large job, a fork storm inside one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import { groupOf, v2Mount } from "#core/pagg/job/base-group.ts";
import type { JobdAddress } from "#core/pagg/job/jobd/client.ts";
import { job_create, job_getjidcnt, job_killjid, job_waitjid } from "#core/pagg/job/libjob.ts";
import type { Jid } from "#core/pagg/job/requests.ts";
import { GroupEventsFile, makeGroup, removeGroup, writeGroupFile } from "#ffi/cgroup.ts";
import { EPOLL, watchFd } from "#ffi/pump.ts";
import { CClient, type CRequest } from "#test/harness/job-client.ts";
import { groupsMissing } from "#test/harness/job-set.ts";
import { JobdKeeper } from "#test/harness/jobd-keeper.ts";
import { type Bench, count } from "./bench.ts";
import { monotonicMs } from "./clocks.ts";
import { median } from "./figures.ts";
import { stormInJob } from "./jobs-storm.ts";
import { comparison, distribution, figure } from "./rows.ts";
import { inTurns } from "./turns.ts";

/** Where SGI's jobd listens, if one runs. */
const JOBD = "/var/run/jobd/jobd-socket";
const MEMBERS = 1000;

export async function jobs(bench: Bench): Promise<void> {
  if (groupsMissing !== null) bench.missing("control groups for jobs", groupsMissing);
  const path = join(bench.keeper.directory(), "jobd-socket");
  await using _keeper = await JobdKeeper.start(path);
  const address: JobdAddress = { path, clock: systemClock, timeoutMs: 60_000 };
  const peer = await findJobd(bench);
  await requests(bench, address, peer);
  await lists(bench, address, peer);
  await together(bench, address);
  if (groupsMissing === null) await kills(bench, address);
  await stormInJob(bench);
}

/** SGI's, which muster's is compared with. */
async function findJobd(bench: Bench): Promise<JobdAddress | null> {
  const address: JobdAddress = { path: JOBD, clock: systemClock, timeoutMs: 1000 };
  const answers =
    existsSync(JOBD) &&
    (await job_getjidcnt(address)
      .then(() => true)
      .catch(() => false));
  if (answers) return address;
  bench.missing("SGI's jobd", `start one that serves ${JOBD}`);
  return null;
}

/** Connect, send, receive, close, one after the other. */
async function requests(bench: Bench, { path }: JobdAddress, peer: JobdAddress | null): Promise<void> {
  const times = count(bench, 50_000, 2000);
  const what = "GETJIDCNT, one client in C";
  await using muster = new CClient(path);
  const ours = async () => times / (await seconds(muster, { call: "manyJidcnt", times }));
  if (peer === null) {
    const { rates } = await inTurns(count(bench, 7, 2), 1, { rates: ours });
    bench.add(figure(what, "/s", median(rates), { least: 20_000 }));
    return;
  }
  await using jobd = new CClient(peer.path);
  const theirs = async () => times / (await seconds(jobd, { call: "manyJidcnt", times }));
  const rates = await inTurns(count(bench, 7, 2), 1, { ours, theirs });
  bench.add(figure(what, "/s", median(rates.ours), { least: 20_000 }));
  bench.add(comparison(`${what}, beside jobd`, "/s", rates.ours, { name: "jobd", samples: rates.theirs }));
}

/** The mean of a hundred, many times. */
async function lists(bench: Bench, address: JobdAddress, peer: JobdAddress | null): Promise<void> {
  for (const one of peer === null ? [address] : [address, peer]) {
    const { jid } = await filledJob(bench, one, "forked");
    await using client = new CClient(one.path);
    const times = 100;
    const request = { call: "manyPidlist", jid: String(jid), number: MEMBERS, times } as const;
    const samples: number[] = [];
    await seconds(client, request);
    for (let round = 0; round < count(bench, 50, 5); round++) {
      samples.push(((await seconds(client, request)) / times) * 1000);
    }
    const what = `GETPIDLST of ${MEMBERS} processes${one === peer ? ", of jobd" : ""}`;
    bench.add(distribution(what, "ms", samples, one === peer ? null : { of: "p50", most: 0.15 }));
    await job_killjid(one, jid, 9);
  }
}

async function together(bench: Bench, { path }: JobdAddress): Promise<void> {
  const times = count(bench, 25_000, 1000);
  await using stack = new AsyncDisposableStack();
  const clients = Array.from({ length: 4 }, () => stack.use(new CClient(path)));
  // Each has started and compiled.
  for (const client of clients) await client.ask({ call: "getjidcnt" });
  const begunMs = monotonicMs();
  await Promise.all(clients.map((client) => seconds(client, { call: "manyJidcnt", times })));
  const elapsed = (monotonicMs() - begunMs) / 1000;
  bench.add(figure("GETJIDCNT, four clients at once", "/s", (clients.length * times) / elapsed));
}

/** KILLJID with SIGKILL, through the socket, in turns with the kernel's own cgroup.kill of a group nobody follows. */
async function kills(bench: Bench, address: JobdAddress): Promise<void> {
  for (const crowd of ["forked", "programs"] as const) {
    const told: number[] = [];
    const muster = async () => {
      const { jid, prime } = await filledJob(bench, address, crowd);
      const ended = job_waitjid(address, jid);
      await job_getjidcnt(address);
      const begunMs = monotonicMs();
      const toldMs = ended.then(() => monotonicMs());
      const emptyMs = await emptied(`${v2Mount("/proc")}${groupOf("/proc", prime)}`, () =>
        job_killjid(address, jid, 9),
      );
      told.push((await toldMs) - begunMs);
      return emptyMs - begunMs;
    };
    const kernel = () => killAlone(bench, crowd);
    const samples = await inTurns(count(bench, 10, 2), 1, { muster, kernel });
    const what = `kill of ${MEMBERS} ${CROWDS[crowd].what}`;
    const limit = { of: "p95", most: 50 } as const;
    bench.add(distribution(`${what}: until none lives`, "ms", samples.muster, crowd === "forked" ? limit : null));
    bench.add(distribution("the kernel's cgroup.kill, of as many that nobody follows", "ms", samples.kernel, null));
    bench.add(
      comparison("the same, beside the kernel's", "ms", samples.muster, {
        name: "cgroup.kill",
        samples: samples.kernel,
      }),
    );
    bench.add(distribution("the same, until WAITJID returns", "ms", told, null));
  }
}

async function killAlone(bench: Bench, crowd: Crowd): Promise<number> {
  const group = `${v2Mount("/proc")}/muster.bench-${process.pid}`;
  makeGroup(group);
  bench.keeper.defer(() => removeGroup(group));
  const { child, fill } = startCrowd(bench, crowd);
  writeGroupFile(group, "cgroup.procs", String(child.pid));
  await fill();
  const begunMs = monotonicMs();
  const emptyMs = await emptied(group, async () => {
    writeGroupFile(group, "cgroup.kill", "1");
  });
  while (!removeGroup(group)) await new Promise((resolve) => setImmediate(resolve));
  return emptyMs - begunMs;
}

/** When no process was left in the group. The kernel tells: looking for it would take a processor from the dying. */
async function emptied(group: string, kill: () => Promise<void>): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  using events = new GroupEventsFile(group);
  const look = () => {
    if (!events.read()?.isPopulated) resolve(monotonicMs());
  };
  using _watch = watchFd(events.fd, EPOLL.PRI, look);
  await kill();
  return await promise;
}

const CROWDS = {
  /** A shell and what it forked, which is small. */
  forked: { what: "forked processes", one: "( read never <&3 ) &" },
  programs: { what: "programs (sleep)", one: "sleep 100000 &" },
} as const;
type Crowd = keyof typeof CROWDS;

/** A shell that forks when it is told to, until with it they are enough. */
function startCrowd({ keeper }: Bench, crowd: Crowd) {
  const { one } = CROWDS[crowd];
  const script = `exec 3<&0; read word; i=1; while [ $i -lt ${MEMBERS} ]; do ${one} i=$((i + 1)); done; echo ready; wait`;
  const child = keeper.process(Bun.spawn(["sh", "-c", script], { stdin: "pipe", stdout: "pipe", stderr: "inherit" }));
  const fill = async () => {
    child.stdin.write("go\n");
    child.stdin.flush();
    const { done } = await child.stdout.getReader().read();
    if (done) throw new Error(`${MEMBERS} processes could not be started`);
  };
  return { child, fill };
}

async function filledJob(bench: Bench, address: JobdAddress, crowd: Crowd): Promise<{ jid: Jid; prime: number }> {
  const { child, fill } = startCrowd(bench, crowd);
  const jid = await job_create(address, { uid: 0, pid: child.pid });
  await fill();
  return { jid, prime: child.pid };
}

async function seconds(client: CClient, request: CRequest): Promise<number> {
  const { result } = await client.ask(request);
  if (!(result > 0)) throw new Error(`${request.call} has failed`);
  return result;
}
