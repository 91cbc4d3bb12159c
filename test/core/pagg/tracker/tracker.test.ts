/** Processes followed by their events: what children get, how they end, and what is true after a loss. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import type { TrackedExit } from "#core/pagg/tracker/tracked-exit.ts";
import { ProcessTracker, type TrackerOptions } from "#core/pagg/tracker/tracker.ts";
import { suspendedNs } from "#ffi/boot-clock.ts";
import { type ProcessEvent, ProcessEvents, type ProcessEventsOptions } from "#ffi/proc-events.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { Perl } from "#test/harness/perl.ts";

const isMissing = (() => {
  try {
    ProcessEvents.open({ events: ["exit"], onEvents: () => {}, onLoss: () => {} }).close();
    return false;
  } catch {
    return true;
  }
})();
const live = test.skipIf(isMissing);
const NEED = "needs process events";

interface Follower extends Disposable {
  readonly tracker: ProcessTracker<string>;
  readonly exits: { readonly pid: number; readonly data: string; readonly exit: TrackedExit }[];
  until(isSo: () => boolean): Promise<void>;
}

function follow(options: Partial<TrackerOptions<string>> = {}): Follower {
  const exits: Follower["exits"] = [];
  let wake = () => {};
  const tracker = new ProcessTracker<string>({
    procRoot: "/proc",
    clock: systemClock,
    onFork: (data) => `${data}+`,
    onExit: (pid, data, exit) => {
      exits.push({ pid, data, exit });
      wake();
    },
    onExec: () => wake(),
    ...options,
  });
  return {
    tracker,
    exits,
    until: async (isSo) => {
      while (!isSo()) await new Promise<void>((resolve) => (wake = resolve));
    },
    [Symbol.dispose]: () => tracker.close(),
  };
}

const FORK = `sub child { my $p = fork() // die; if (!$p) { close STDIN; sleep 1000 while 1 } print "$p\\n" }`;

live(`${NEED}: children get what they are given, and their end is told with their status`, async () => {
  using follower = follow();
  const { tracker, exits, until } = follower;
  await using peer = await Perl.run(FORK);
  expect(tracker.attach(peer.pid, "a")).toBe(true);
  peer.tell("child()");
  const child = Number(await peer.line());
  tracker.drain();
  expect([tracker.get(peer.pid), tracker.get(child), tracker.size]).toEqual(["a", "a+", 2]);
  expect([...tracker].map(({ pid, data }) => [pid, data])).toEqual([
    [peer.pid, "a"],
    [child, "a+"],
  ]);
  process.kill(child, 15);
  await until(() => exits.length === 1);
  expect(exits[0]).toMatchObject({ pid: child, data: "a+", exit: { status: 15, parentPid: peer.pid } });
  peer.tell("POSIX::_exit(4)");
  await until(() => exits.length === 2);
  expect(exits[1]).toMatchObject({ pid: peer.pid, exit: { status: 4 << 8, parentPid: 0 } });
  expect([tracker.size, tracker.isBufferForced]).toEqual([0, null]);
});

live(`${NEED}: a child that is left out is not followed, nor are its own`, async () => {
  using follower = follow({ onFork: () => undefined });
  await using peer = await Perl.run(FORK);
  follower.tracker.attach(peer.pid, "a");
  peer.tell("child()");
  const child = Number(await peer.line());
  follower.tracker.drain();
  expect([follower.tracker.get(child), follower.tracker.size]).toEqual([undefined, 1]);
  process.kill(child, 9);
});

live(`${NEED}: who is detached is told of no more`, async () => {
  using follower = follow();
  const { tracker, exits } = follower;
  await using peer = await Perl.run("1");
  await using other = await Perl.run("1");
  tracker.attach(peer.pid, "a");
  tracker.attach(other.pid, "b");
  expect([tracker.detach(peer.pid), tracker.detach(peer.pid)]).toEqual(["a", undefined]);
  peer.tell("POSIX::_exit(1)");
  await peer.ended();
  other.tell("POSIX::_exit(2)");
  await follower.until(() => exits.length > 0);
  expect(exits.map(({ pid }) => pid)).toEqual([other.pid]);
});

live(`${NEED}: execs are told to whom they interest`, async () => {
  const execs: string[] = [];
  let done = () => {};
  using follower = follow({
    onExec: (pid, data) => {
      execs.push(`${pid} ${data}`);
      done();
    },
  });
  await using peer = await Perl.run("1");
  follower.tracker.attach(peer.pid, "a");
  const told = new Promise<void>((resolve) => (done = resolve));
  peer.tell(`exec "sleep", "1000"`);
  await told;
  expect(execs).toEqual([`${peer.pid} a`]);
});

live(`${NEED}: what is gone, a zombie, or another process is not attached`, async () => {
  using follower = follow();
  const { tracker } = follower;
  await using peer = await Perl.run("1");
  expect(tracker.attach(0x7fff_fff0, "a")).toBe(false);
  expect(tracker.attach(peer.pid, "a", "1")).toBe(false);
  expect(tracker.attach(peer.pid, "a", processIdentityTicks("/proc", peer.pid))).toBe(true);
  expect(tracker.attach(peer.pid, "b")).toBe(true);
  expect([tracker.get(peer.pid), tracker.isStillThere(peer.pid), tracker.isStillThere(1)]).toEqual(["b", true, false]);
});

/** Events as the test has them, about processes that are there or not. */
function scripted() {
  let given: ProcessEventsOptions | null = null;
  const openEvents = (options: ProcessEventsOptions): ProcessEvents => {
    given = options;
    return { close: () => {}, drain: () => {}, isBufferForced: true } as unknown as ProcessEvents;
  };
  return {
    openEvents,
    tell: (...events: ProcessEvent[]) => given?.onEvents(events),
    lose: () => given?.onLoss(),
  };
}

const exitOf = (pid: number, status: number, parentPid = 1): ProcessEvent => ({
  type: "exit",
  pid,
  status,
  parentPid,
  timeNs: 2,
});
const forkOf = (parent: number, childPid: number): ProcessEvent => ({
  type: "fork",
  parentPid: parent,
  parentTgid: parent,
  childPid,
  timeNs: 1,
});
/** No process has it. */
const CHILD = 0x7fff_ff00;

test("a process ends with its last thread, whose status is its own", async () => {
  const events = scripted();
  using follower = follow({ openEvents: events.openEvents });
  const { tracker, exits } = follower;
  await using peer = await Perl.run("1");
  tracker.attach(peer.pid, "a");
  const thread = { type: "threadStart", tgid: CHILD } as const;
  events.tell(forkOf(peer.pid, CHILD), thread, thread, exitOf(CHILD, 0));
  events.tell({ type: "threadExit", tgid: CHILD, status: 0, timeNs: 3 });
  expect([tracker.get(CHILD), exits]).toEqual(["a+", []]);
  events.tell({ type: "threadExit", tgid: CHILD, status: 7 << 8, timeNs: 4 });
  expect(exits).toMatchObject([{ pid: CHILD, exit: { status: 7 << 8, timeNs: 4, previousNs: 3 } }]);
});

test.each([
  ["the first thread's word comes last", [7 << 8, 0], 7 << 8],
  ["a core was dumped, told by one of them", [11 | 0x80, 11], 11 | 0x80],
  ["leaves first, then exits the rest", [0, 9], 9],
])("status of two threads: %s", async (_name, [thread = 0, leader = 0], status) => {
  const events = scripted();
  using follower = follow({ openEvents: events.openEvents });
  await using peer = await Perl.run("1");
  follower.tracker.attach(peer.pid, "a");
  events.tell(forkOf(peer.pid, CHILD), { type: "threadStart", tgid: CHILD });
  events.tell({ type: "threadExit", tgid: CHILD, status: thread, timeNs: 3 }, exitOf(CHILD, leader));
  expect(follower.exits).toMatchObject([{ exit: { status } }]);
});

test("a pid that comes round is another process, whose end is its own", async () => {
  const events = scripted();
  using follower = follow({ openEvents: events.openEvents });
  const { tracker, exits } = follower;
  await using peer = await Perl.run("1");
  tracker.attach(peer.pid, "a");
  events.tell(forkOf(peer.pid, CHILD), exitOf(CHILD, 1 << 8), forkOf(peer.pid, CHILD));
  expect([exits.map(({ exit }) => exit.status), tracker.get(CHILD)]).toEqual([[1 << 8], "a+"]);
  // Given away before its end was told: nobody knows how, and the late word is not the new one's.
  events.tell(forkOf(peer.pid, CHILD), exitOf(CHILD, 2 << 8));
  expect([exits.map(({ exit }) => exit.status), tracker.get(CHILD)]).toEqual([[1 << 8, null], "a+"]);
  events.tell(exitOf(CHILD, 3 << 8));
  expect([exits.at(-1)?.exit.status, tracker.get(CHILD)]).toEqual([3 << 8, undefined]);
});

test("whose child it was when it ended is told", async () => {
  const events = scripted();
  using follower = follow({ openEvents: events.openEvents });
  await using peer = await Perl.run("1");
  follower.tracker.attach(peer.pid, "a");
  for (const parent of [peer.pid, 1, 0]) events.tell(forkOf(peer.pid, CHILD), exitOf(CHILD, 0, parent));
  const told = follower.exits.map(({ exit }) => [exit.hadParent, exit.isOrphan, exit.isCollected]);
  expect(told).toEqual([
    [true, false, false],
    [false, true, false],
    [false, false, true],
  ]);
});

test("strangers' children are told of, not followed", async () => {
  const events = scripted();
  const strangers: number[][] = [];
  using follower = follow({
    openEvents: events.openEvents,
    onStranger: (parent, child) => strangers.push([parent, child]),
  });
  await using peer = await Perl.run("1");
  follower.tracker.attach(peer.pid, "a");
  events.tell(forkOf(2, CHILD));
  expect([strangers, follower.tracker.size]).toEqual([[[2, CHILD]], 1]);
});

test("after a loss nobody living is missing and no ghost is left; what nobody saw is not known", async () => {
  const events = scripted();
  let repairs = 0;
  using follower = follow({ openEvents: events.openEvents, onRepair: () => repairs++ });
  const { tracker, exits } = follower;
  await using peer = await Perl.run(FORK);
  tracker.attach(peer.pid, "a");
  // Two children of whom no word comes, and one that is a ghost.
  peer.tell("child()");
  const child = Number(await peer.line());
  events.tell(forkOf(peer.pid, CHILD));
  expect([...tracker].map(({ pid }) => pid)).toEqual([peer.pid, CHILD]);
  events.lose();
  expect([...tracker].map(({ pid, data }) => [pid, data])).toEqual([
    [peer.pid, "a"],
    [child, "a+"],
  ]);
  expect(exits).toMatchObject([{ pid: CHILD, exit: { status: null, timeNs: null } }]);
  expect([repairs, tracker.losses]).toEqual([1, 1]);
  // The fork that was queued all the while is that of the one that is known.
  events.tell({ ...forkOf(peer.pid, child), timeNs: nowNs() } as ProcessEvent);
  expect([tracker.get(child), exits.length]).toEqual(["a+", 1]);
  process.kill(child, 9);
});

/** CLOCK_MONOTONIC, to a hundredth of a second. */
const nowNs = (): number => Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1e9 - suspendedNs();

test("after a loss the owner may claim those that have no known parent any more", async () => {
  const events = scripted();
  await using orphan = await Perl.run("1");
  using follower = follow({
    openEvents: events.openEvents,
    claims: () => (stat) => (stat.pid === orphan.pid ? "claimed" : undefined),
  });
  await using peer = await Perl.run("1");
  follower.tracker.attach(peer.pid, "a");
  events.lose();
  expect(follower.tracker.get(orphan.pid)).toBe("claimed");
});
