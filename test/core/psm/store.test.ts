/** What outlives the keeper of a set, and what becomes of a store that is damaged, locked, read-only or full. */
import { expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { endLeader, leaderless } from "#test/harness/leaderless.ts";
import { Perl } from "#test/harness/perl.ts";
import { refusal, TestSet } from "#test/harness/process-set.ts";
import { readSet } from "#test/harness/read-set.ts";

const isRoot = process.getuid?.() === 0;
const KEEPER = join(import.meta.dir, "../../harness/set-keeper.ts");

/** A keeper in another process, once it has said its word. */
async function keeper(directory: string, ...args: readonly string[]) {
  const child = Bun.spawn([process.execPath, KEEPER, directory, ...args], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  return { child, said: new TextDecoder().decode(value).trim() };
}

test("kill -9 of the keeper: the living are held again, the others have ended and nobody knows how", async () => {
  using directory = new TemporaryDirectory();
  await using lives = await Perl.run("1");
  await using ends = await Perl.run("1");
  for (const peer of [lives, ends]) {
    const { child, said } = await keeper(directory.path, "add", String(peer.pid));
    expect(said).toBe("kept");
    child.kill("SIGKILL");
    await child.exited;
  }
  ends.tell("POSIX::_exit(3)");
  await ends.ended();
  using own = new TestSet(directory);
  expect(own.set.goneMeanwhile.map((entry) => entry.pid)).toEqual([ends.pid]);
  expect(own.set.member("web", ends.pid)).toMatchObject({ state: "exited", exit: { status: null } });
  expect(own.set.memberItems().find((item) => item.pid === ends.pid)).toMatchObject({
    exitCode: null,
    exit: { text: "status unknown" },
  });
  expect(own.set.member("web", lives.pid)).toMatchObject({ state: "running", comm: "perl", exit: null });
  lives.tell("POSIX::_exit(5)");
  expect((await own.untilExited(lives.pid)).exit?.status).toBe(5 << 8);
});

test("what was told of an end is still told after the next start", async () => {
  using directory = new TemporaryDirectory();
  await using peer = await Perl.run("1");
  {
    using own = new TestSet(directory);
    own.set.catadd("kept");
    own.set.setState(own.set.memadd("web", peer.pid), "serving");
    peer.tell("kill SEGV => $$");
    await own.untilExited(peer.pid);
  }
  using own = new TestSet(directory);
  expect(own.set.goneMeanwhile).toEqual([]);
  expect(own.set.hasCategory("kept")).toBe(true);
  const status = own.set.member("web", peer.pid).exit?.status ?? 0;
  expect(status & 0x7f).toBe(11);
});

test("another process with the pid of a member of before is not that member", async () => {
  using directory = new TemporaryDirectory();
  await using peer = await Perl.run("1");
  {
    using own = new TestSet(directory);
    own.set.memadd("web", peer.pid);
  }
  // The same pid, started earlier: as if it had been used again.
  new Database(directory.file("psm.db")).exec("UPDATE member SET start_ticks = '1'").close();
  using own = new TestSet(directory);
  expect(own.set.goneMeanwhile).toHaveLength(1);
  own.set.memadd("web", peer.pid);
  expect(own.set.member("web", peer.pid).exit).toBeNull();
});

test("after a start of the machine no member lives, whatever has its pid and start time", async () => {
  using directory = new TemporaryDirectory();
  await using peer = await Perl.run("1");
  {
    using own = new TestSet(directory);
    own.set.memadd("web", peer.pid);
  }
  new Database(directory.file("psm.db")).exec("UPDATE meta SET value = 'another boot' WHERE key = 'boot_id'").close();
  expect((await readSet(directory)).members(null, 0)[0]?.exit).toMatchObject({ status: null });
  using own = new TestSet(directory);
  expect(own.set.goneMeanwhile).toHaveLength(1);
});

test("one keeper at a time; whoever else looks sees what it wrote", async () => {
  using directory = new TemporaryDirectory();
  await using peer = await Perl.run("1");
  const first = await keeper(directory.path, "add", String(peer.pid));
  expect((await keeper(directory.path)).said).toBe("kept by another");
  expect(() => new TestSet(directory)).toThrow("another process keeps the set");
  const view = await readSet(directory);
  expect(view.members(null, 0)).toMatchObject([{ pid: peer.pid, state: "running", comm: "perl" }]);
  first.child.kill("SIGKILL");
  await first.child.exited;
  peer.tell("POSIX::_exit(0)");
  await peer.ended();
  // Nobody keeps it: how it ended cannot be known, and is not guessed.
  expect((await readSet(directory)).members(null, 0)).toMatchObject([{ state: "exited", exit: { status: null } }]);
});

test("a view of what is not there is a set with nothing in it, and makes nothing", async () => {
  using directory = new TemporaryDirectory();
  const view = await readSet(directory);
  expect([view.categoryItems().length, view.memberItems().length]).toEqual([28, 0]);
  expect(readdirSync(directory.path)).toEqual([]);
});

test.each([
  ["no database", () => "this is no database, but long enough to be asked for its header".repeat(40)],
  ["a damaged page", (good: Buffer) => Buffer.concat([good.subarray(0, 4096), Buffer.alloc(good.length - 4096, 0xff)])],
])("%s: moved aside under a name that is told, and a new one begun", async (_name, damage) => {
  using directory = new TemporaryDirectory();
  const path = directory.file("psm.db");
  {
    using own = new TestSet(directory);
    for (let index = 0; index < 400; index++) own.set.catadd(`category ${index}`);
  }
  const bad = damage(readFileSync(path));
  writeFileSync(path, bad);
  using own = new TestSet(directory);
  expect(own.set.movedAside).toStartWith(`${path}.damaged-`);
  expect(readFileSync(own.set.movedAside ?? "")).toEqual(Buffer.from(bad));
  expect(own.set.categoryItems()).toHaveLength(28);
  own.set.catadd("web");
});

test("locked by another program: EIO, and the set is as it was", () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  const other = new Database(directory.file("psm.db"));
  other.exec("BEGIN IMMEDIATE");
  expect(refusal(() => own.set.catadd("web"))).toBe("EIO");
  expect(refusal(() => own.set.memadd("web", process.pid))).toBe("EIO");
  expect([own.set.hasCategory("web"), own.set.members(null, 0), own.changes]).toEqual([false, [], []]);
  other.exec("ROLLBACK");
  other.close();
  own.set.catadd("web");
});

test("an exit that cannot be written is told, shown, and written as soon as it can be", async () => {
  using directory = new TemporaryDirectory();
  await using peer = await Perl.run("1");
  {
    using own = new TestSet(directory);
    own.set.memadd("web", peer.pid);
    const other = new Database(directory.file("psm.db"));
    other.exec("BEGIN IMMEDIATE");
    peer.tell("POSIX::_exit(3)");
    expect((await own.untilExited(peer.pid)).exit?.status).toBe(3 << 8);
    expect(own.problems.join()).toStartWith("exits cannot be stored and will be tried again: ");
    other.exec("ROLLBACK");
    other.close();
    const stored = async () => (await readSet(directory)).member("web", peer.pid).exit?.status;
    while ((await stored()) !== 3 << 8) await new Promise((resolve) => setImmediate(resolve));
  }
  using own = new TestSet(directory);
  expect(own.set.member("web", peer.pid).exit?.status).toBe(3 << 8);
});

test("of a newer muster: EIO with the reason, and left alone", () => {
  using directory = new TemporaryDirectory();
  new Database(directory.file("psm.db")).exec("PRAGMA user_version = 99").close();
  expect(refusal(() => new TestSet(directory))).toBe("EIO");
  expect(readdirSync(directory.path).some((name) => name.includes("damaged"))).toBe(false);
});

test("read-only: EIO", async () => {
  using directory = new TemporaryDirectory();
  {
    using own = new TestSet(directory);
    own.set.catadd("web");
  }
  if (isRoot) {
    // Permissions do not stop root: a read-only mount does.
    const script = `mount --bind ${directory.path} ${directory.path} && mount -o remount,bind,ro ${directory.path} && exec ${process.execPath} ${KEEPER} ${directory.path}`;
    const child = Bun.spawn(["unshare", "-m", "sh", "-c", script], { stdout: "pipe", stderr: "pipe" });
    expect(await new Response(child.stderr).text()).toContain("EROFS");
    expect(await child.exited).not.toBe(0);
  } else {
    chmodSync(directory.path, 0o500);
    chmodSync(directory.file("psm.db"), 0o400);
    expect(refusal(() => new TestSet(directory))).toBe("EIO");
    chmodSync(directory.path, 0o700);
  }
});

test("a full disk: EIO, and what was acknowledged is there afterwards, no more and no less", async () => {
  if (!isRoot) return;
  using directory = new TemporaryDirectory();
  const view = `import { readSet } from "${join(import.meta.dir, "../../harness/read-set.ts")}"; const set = await readSet({ path: "${directory.path}" }); console.log(set.categoryItems().length)`;
  const script = `mount -t tmpfs -o size=256k tmpfs ${directory.path} && ${process.execPath} ${KEEPER} ${directory.path} fill && ${process.execPath} -e '${view}'`;
  const child = Bun.spawn(["unshare", "-m", "sh", "-c", script], { stdout: "pipe", stderr: "pipe" });
  const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  expect(errors).toBe("");
  const [said = "", stored = ""] = out.trim().split("\n");
  expect(said).toStartWith("EIO ");
  expect(stored).toBe(said.split(" ")[1] ?? "");
  expect(Number(stored)).toBeGreaterThan(28);
  expect(existsSync(directory.file("psm.db"))).toBe(false);
}, 60_000);

test("a member whose first thread has ended still runs, for who only looks too", async () => {
  using directory = new TemporaryDirectory();
  await using peer = await leaderless();
  using own = new TestSet(directory);
  own.set.memadd("web", peer.pid);
  await endLeader(peer);
  expect(own.set.member("web", peer.pid).state).toBe("running");
  expect((await readSet(directory)).member("web", peer.pid)).toMatchObject({ state: "running", exit: null });
});

test("a set of the version before goes on, for its keeper and for who only looks", async () => {
  using directory = new TemporaryDirectory();
  await using peer = await Perl.run("1");
  {
    using own = new TestSet(directory);
    own.set.memadd("web", peer.pid);
  }
  const old = new Database(directory.file("psm.db"));
  old.exec("ALTER TABLE category DROP COLUMN uid; PRAGMA user_version = 1").close();
  expect((await readSet(directory)).member("web", peer.pid).state).toBe("running");
  using own = new TestSet(directory);
  expect(own.set.member("web", peer.pid).state).toBe("running");
  own.set.catadd("mail");
  expect((await readSet(directory)).hasCategory("mail")).toBe(true);
});
