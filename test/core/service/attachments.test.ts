/** Who is attached to modules, told a few times a second however fast it changes. */
import { expect, test } from "bun:test";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { Attachment } from "#core/model/attachment.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { AttachedProcess } from "#core/pagg/attached.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { Attachments } from "#core/service/observe/attachments.ts";
import { Lull } from "#core/service/observe/lull.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

const JOB = { key: "0x1", jid: "0x0000000000000001" };
const OTHER = { key: "0x2", jid: "0x0000000000000002" };

/** A /proc with processes of the test's own, of which only what is read stands there. */
class Tree implements Disposable {
  readonly directory = new TemporaryDirectory();
  readonly clock = createVirtualClock();
  readonly told: SourceEvent[][] = [];
  readonly groups = new Map<string, AttachedProcess[]>();
  readonly attachments = new Attachments({
    mostShown: 1001,
    node: "n1",
    procRoot: this.directory.path,
    clock: this.clock,
    publish: (...events) => {
      if (events.length > 0) this.told.push([...events]);
    },
    list: ({ key }) => this.groups.get(key) ?? [],
  });

  constructor() {
    writeFileSync(this.directory.file("stat"), "btime 1000\n");
  }

  put(pid: number, comm: string, startTicks = "100"): AttachedProcess {
    const path = this.directory.file(String(pid));
    mkdirSync(path, { recursive: true });
    const rest = `S 1 ${pid} ${pid} 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 ${startTicks} 0 0${" 0".repeat(28)}`;
    writeFileSync(`${path}/stat`, `${pid} (${comm}) ${rest}\n`);
    writeFileSync(`${path}/status`, `Name:\t${comm}\nUid:\t7\t7\t7\t7\n`);
    writeFileSync(`${path}/cmdline`, `${comm}\0-x\0`);
    return { module: "job", pid, startTicks, data: null };
  }

  take(): SourceEvent[] {
    return this.told.splice(0).flat();
  }

  [Symbol.dispose](): void {
    this.directory[Symbol.dispose]();
  }
}

const words = (events: readonly SourceEvent[]) =>
  events.map((event) =>
    event.op === "upsert"
      ? `+${(event.item as Attachment).pid} ${(event.item as Attachment).argv}`
      : `-${"id" in event ? event.id : ""}`,
  );

test("what is new is told with what /proc says of it, what is gone by its id, and nothing twice", () => {
  using tree = new Tree();
  tree.groups.set(JOB.key, [tree.put(11, "sh"), tree.put(12, "make")]);
  tree.attachments.touch(JOB);
  expect(tree.attachments.look()).toBe(true);
  expect(words(tree.take())).toEqual(["+11 sh -x", "+12 make -x"]);
  expect(tree.attachments.items()[0]).toMatchObject({ job: JOB.jid, uid: 7, state: "S", identity: "11:100" });
  tree.attachments.touch(JOB);
  tree.attachments.look();
  expect(tree.take()).toEqual([]);
  // The pid has come round: it is another process.
  tree.groups.set(JOB.key, [tree.put(11, "cc", "200"), tree.put(13, "ld")]);
  rmSync(tree.directory.file("13"), { recursive: true });
  tree.attachments.touch(JOB);
  tree.attachments.look();
  expect(words(tree.take())).toEqual(["+11 cc -x", "-n1/attachment/job/11:100", "-n1/attachment/job/12:100"]);
});

test("a process that goes from one job to another is told once, whichever is looked at first", () => {
  for (const order of [
    [JOB, OTHER],
    [OTHER, JOB],
  ]) {
    using tree = new Tree();
    const process = tree.put(11, "sh");
    tree.groups.set(JOB.key, [process]);
    tree.attachments.touch(JOB);
    tree.attachments.look();
    tree.take();
    tree.groups.set(JOB.key, []);
    tree.groups.set(OTHER.key, [process]);
    for (const group of order) tree.attachments.touch(group);
    tree.attachments.look();
    expect(tree.attachments.items()).toMatchObject([{ pid: 11, job: OTHER.jid }]);
    const last = tree.take().at(-1);
    expect(last).toMatchObject({ op: "upsert", item: { job: OTHER.jid } });
  }
});

test("a child is looked at once more when it may have executed its program, and then no more", () => {
  using tree = new Tree();
  tree.groups.set(JOB.key, [tree.put(11, "sh")]);
  tree.attachments.touch(JOB);
  tree.attachments.look();
  tree.take();
  tree.put(11, "sleep");
  expect(tree.attachments.restMs).toBe(1000);
  tree.clock.advance(999);
  tree.attachments.look();
  expect(tree.take()).toEqual([]);
  tree.clock.advance(1);
  expect(tree.attachments.restMs).toBe(0);
  tree.attachments.look();
  expect(words(tree.take())).toEqual(["+11 sleep -x"]);
  expect(tree.attachments.restMs).toBeNull();
});

test("thousands are read a part at a time, and beyond a bound they are only counted", () => {
  using tree = new Tree();
  const first = tree.put(1, "sh");
  const many = Array.from({ length: 1000 }, (_, index) => {
    cpSync(tree.directory.file("1"), tree.directory.file(String(index + 2)), { recursive: true });
    return { ...first, pid: index + 2 };
  });
  tree.groups.set(JOB.key, [first, ...many]);
  tree.attachments.touch(JOB);
  let turns = 1;
  while (!tree.attachments.look()) turns++;
  expect(turns).toBeGreaterThan(3);
  expect(tree.told.every((batch) => batch.length <= 200)).toBe(true);
  expect(tree.attachments.items()).toHaveLength(1001);
  expect(tree.attachments.isCut).toBe(false);
  tree.groups.set(OTHER.key, [tree.put(5000, "one"), tree.put(5001, "more")]);
  tree.attachments.touch(OTHER);
  tree.attachments.look();
  expect(tree.attachments.items()).toHaveLength(1001);
  expect(tree.attachments.isCut).toBe(true);
  tree.groups.set(JOB.key, []);
  tree.attachments.touch(JOB);
  tree.attachments.touch(OTHER);
  tree.attachments.look();
  expect(tree.attachments.items().map(({ pid }) => pid)).toEqual([5000, 5001]);
  expect(tree.attachments.isCut).toBe(false);
});

test("however often it is asked for, it is done at once and then after a lull; at rest there is no timer", () => {
  const clock = createVirtualClock();
  const doneMs: number[] = [];
  const lull = new Lull(clock, 250, () => {
    doneMs.push(clock.nowMs());
    return true;
  });
  for (let ms = 0; ms < 1000; ms++) {
    lull.ask();
    clock.advance(1);
  }
  clock.advance(1000);
  expect(doneMs).toEqual([0, 250, 500, 750, 1000]);
  expect(clock.pending()).toBe(0);
  lull.askIn(100);
  lull.ask();
  clock.advance(0);
  expect(doneMs).toHaveLength(6);
  // Somebody wants to know: once, and only what was asked for.
  lull.hurry();
  expect(doneMs).toHaveLength(6);
  lull.ask();
  clock.advance(20);
  for (let times = 0; times < 3; times++) lull.hurry();
  expect(doneMs).toHaveLength(7);
  lull.ask();
  lull.close();
  expect(clock.pending()).toBe(0);
});

test("what is not done in one turn of the loop goes on in the next", () => {
  const clock = createVirtualClock();
  let turns = 0;
  const lull = new Lull(clock, 250, () => ++turns === 3);
  lull.ask();
  clock.advance(0);
  expect(turns).toBe(3);
  expect(clock.pending()).toBe(0);
});
