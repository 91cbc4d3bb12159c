/** The observer on real pid files and real processes: what is shown, and that every change is noticed by itself. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { endLeader, leaderless } from "#test/harness/leaderless.ts";
import { Peer } from "#test/harness/peer.ts";
import { declaration, TestService } from "#test/harness/service.ts";

describe("read once", () => {
  test("each phase of a pid file has its facts and its word", async () => {
    using directory = new TemporaryDirectory();
    const file = (name: string) => directory.file(`${name}.pid`);
    await using up = await Peer.daemon(file("up"));
    await using starting = await Peer.start();
    await starting.tell(`lock ${file("starting")} ex`);
    await starting.tell("write (starting)\\n");
    await using stopping = await Peer.daemon(file("stopping"));
    await stopping.tell("clear");
    await using strange = await Peer.start();
    await strange.tell(`lock ${file("strange")} ex`);
    await strange.tell("write -5\\n");
    writeFileSync(file("down"), "");
    writeFileSync(file("stale"), "4194304\n");
    writeFileSync(file("unlocked"), `${process.pid}\n`);
    mkdirSync(file("directory"));
    const names = ["up", "starting", "stopping", "strange", "down", "stale", "unlocked", "directory", "absent"];
    await using service = await TestService.open(
      directory,
      names.map((name) => declaration(name, directory)),
    );
    const words = Object.fromEntries(names.map((name) => [name, service.daemon(name)?.state]));
    expect(words).toEqual({
      up: "up",
      starting: "starting",
      stopping: "stopping",
      strange: "unknown",
      down: "down",
      stale: "stale",
      unlocked: "unlocked",
      directory: "unknown",
      absent: "down",
    });
    expect(service.daemon("up")).toMatchObject({
      managed: true,
      present: true,
      ready: true,
      pid: up.pid,
      comm: "perl",
      lock: { held: true, by: up.pid },
      problems: [],
    });
    expect(service.daemon("strange")).toMatchObject({ pid: null, problems: [{ code: "PID_FILE_INVALID" }] });
    expect(service.daemon("stale")).toMatchObject({
      pid: 4194304,
      identity: null,
      problems: [{ code: "STALE_PID_FILE" }],
    });
    expect(service.daemon("directory")?.problems[0]?.message).toContain("EISDIR");
  });

  test("a pid given to another process since the file was written is not taken for the daemon", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("old.pid");
    await using bystander = await Peer.start();
    writeFileSync(pidFile, `${bystander.pid}\n`);
    Bun.spawnSync(["touch", "-d", "1 hour ago", pidFile]);
    await using service = await TestService.open(directory, [declaration("old", directory)]);
    expect(service.daemon("old")).toMatchObject({
      state: "stale",
      present: false,
      identity: null,
      comm: null,
      usage: null,
    });
  });

  test("found: regular files named .pid, one level deep; links and others are left alone", async () => {
    using directory = new TemporaryDirectory();
    mkdirSync(directory.file("sub/deep"), { recursive: true });
    writeFileSync(directory.file("sub/found.pid"), "");
    writeFileSync(directory.file("sub/deep/hidden.pid"), "");
    writeFileSync(directory.file("note.txt"), "");
    writeFileSync(directory.file(".pid"), "");
    symlinkSync("/etc/passwd", directory.file("link.pid"));
    Bun.spawnSync(["mkfifo", directory.file("fifo.pid")]);
    await using service = await TestService.open(directory, []);
    const items = [...service.service.snapshot().shelves.daemons.items.values()];
    expect(items.map((item) => [item.label, item.managed])).toEqual([["found", false]]);
  });

  test("a name that is not UTF-8 cannot be shown truly: it is a warning, not a daemon", async () => {
    using directory = new TemporaryDirectory();
    Bun.spawnSync(["sh", "-c", "touch \"$0/$(printf 'caf\\351.pid')\"", directory.path]);
    await using service = await TestService.open(directory, []);
    const shelf = service.service.snapshot().shelves.daemons;
    expect(shelf.items.size).toBe(0);
    expect(shelf.warnings).toMatchObject([{ message: expect.stringContaining("not UTF-8") }]);
  });

  test("a directory that cannot be searched is a warning, the rest is there", async () => {
    using directory = new TemporaryDirectory();
    const config = { discover: [directory.file("missing"), directory.path] };
    writeFileSync(directory.file("a.pid"), "");
    await using service = await TestService.open(directory, [], { config });
    const shelf = service.service.snapshot().shelves.daemons;
    expect(shelf.items.size).toBe(1);
    expect(shelf.warnings).toMatchObject([{ code: "SOURCE_FAILED", message: expect.stringContaining("ENOENT") }]);
  });
});

describe("followed", () => {
  test("a daemon comes up and ends: seen by itself, with its exit status though it is not our child", async () => {
    using directory = new TemporaryDirectory();
    await using service = await TestService.open(directory, [declaration("d", directory)], { mode: "watch" });
    await service.untilState("d", "down");
    await using peer = await Peer.daemon(directory.file("d.pid"), "exit");
    await service.untilState("d", "up");
    peer.kill("SIGTERM");
    await service.untilState("d", "stale");
    const event = await service.untilEvent("DAEMON_EXIT");
    expect(event).toMatchObject({
      target: "n1/daemon/d",
      severity: "warn",
      message: expect.stringContaining("exit 3"),
    });
    expect(service.daemon("d")?.exit).toMatchObject({ status: 3 << 8, text: "exit 3" });
    const codes = service.events().map((one) => one.code);
    expect(codes).toContain("DAEMON_UP");
    expect(codes).toContain("DAEMON_STALE");
  });

  test("a declared pid file is followed whatever its name", async () => {
    using directory = new TemporaryDirectory();
    const daemons = [declaration("d", directory, { pidFile: directory.file("d.run") })];
    await using service = await TestService.open(directory, daemons, { mode: "watch" });
    await service.untilState("d", "down");
    await using _peer = await Peer.daemon(directory.file("d.run"));
    await service.untilState("d", "up");
  });

  test("files that appear and vanish are found and removed", async () => {
    using directory = new TemporaryDirectory();
    await using service = await TestService.open(directory, [], { mode: "watch" });
    await service.until((snapshot) => snapshot.shelves.daemons.status === "ready");
    const pidFile = directory.file("new.pid");
    writeFileSync(pidFile, "");
    await service.until((snapshot) => snapshot.shelves.daemons.items.size === 1);
    rmSync(pidFile);
    await service.until((snapshot) => snapshot.shelves.daemons.items.size === 0);
    mkdirSync(directory.file("later"));
    writeFileSync(directory.file("later/sub.pid"), "");
    await service.until((snapshot) => snapshot.shelves.daemons.items.size === 1);
    writeFileSync(directory.file("later/two.pid"), "");
    await service.until((snapshot) => snapshot.shelves.daemons.items.size === 2);
  });

  test("only what is on the screen is sampled", async () => {
    using directory = new TemporaryDirectory();
    await using _a = await Peer.daemon(directory.file("a.pid"));
    await using _b = await Peer.daemon(directory.file("b.pid"));
    const daemons = [declaration("a", directory), declaration("b", directory)];
    await using service = await TestService.open(directory, daemons, { mode: "watch" });
    await service.until((snapshot) => snapshot.shelves.daemons.items.size === 2);
    service.service.attend(["n1/daemon/a"]);
    await service.until((snapshot) => snapshot.shelves.daemons.items.get("n1/daemon/a")?.usage?.cpuPercent === 0);
    expect(service.daemon("b")?.usage?.cpuPercent).toBeNull();
  });

  test("two followers see everything; the journal keeps each event once", async () => {
    using directory = new TemporaryDirectory();
    const daemons = [declaration("d", directory)];
    await using one = await TestService.open(directory, daemons, { mode: "watch" });
    await using two = await TestService.open(directory, daemons, { mode: "watch" });
    await Promise.all([one.untilState("d", "down"), two.untilState("d", "down")]);
    await using _peer = await Peer.daemon(directory.file("d.pid"));
    await Promise.all([one.untilEvent("DAEMON_UP"), two.untilEvent("DAEMON_UP")]);
    const events = await one.service.events({ limit: 100 });
    expect(events.filter((event) => event.code === "DAEMON_UP")).toHaveLength(1);
  });

  test("looking disturbs no daemon: a free file that nobody has written is not locked again", async () => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.file("d.pid"), "");
    await using service = await TestService.open(directory, [declaration("d", directory)], { mode: "watch" });
    await service.untilState("d", "down");
    service.service.attend(["n1/daemon/d"]);
    // flock(1) takes and gives back the lock as fast as it can; were it ever refused, we would have been in its way.
    const script = `for i in $(seq 200); do flock -n ${directory.file("d.pid")} true || exit 9; done`;
    const flock = Bun.spawn(["sh", "-c", script]);
    for (let round = 0; round < 200; round++) service.service.attend(["n1/daemon/d"]);
    expect(await flock.exited).toBe(0);
    expect(readFileSync(directory.file("d.pid"), "utf8")).toBe("");
  });
});

const canUnshare = Bun.spawnSync(["unshare", "-Ur", "true"], { stderr: "ignore" }).exitCode === 0;

test.skipIf(!canUnshare)("without inotify daemons are found by looking, and nothing else waits for it", async () => {
  using directory = new TemporaryDirectory();
  const script = `echo 0 > /proc/sys/user/max_inotify_instances && exec "$1" "$2" "$3"`;
  const program = join(import.meta.dir, "../../harness/without-inotify.ts");
  const argv = ["unshare", "-Ur", "sh", "-c", script, "sh", process.execPath, program, directory.path];
  const child = Bun.spawn(argv, { stdout: "pipe", stderr: "inherit" });
  const [shelves = "", ...states] = (await new Response(child.stdout).text()).trim().split("\n");
  expect(JSON.parse(shelves)).toMatchObject({ daemons: "ready", members: "ready", endpoints: "ready" });
  expect(Object.values(JSON.parse(shelves))).not.toContain("loading");
  expect(states).toEqual(["up", "down"]);
});

test("a daemon whose first thread has ended is up, holds its lock, and is stopped like any other", async () => {
  using directory = new TemporaryDirectory();
  const pidFile = directory.file("d.pid");
  await using peer = await leaderless(pidFile);
  await endLeader(peer);
  await using service = await TestService.open(directory, []);
  expect(service.daemon(pidFile)).toMatchObject({ state: "up", lock: { held: true, by: peer.pid }, problems: [] });
  expect(await service.invoke("daemon.stop", pidFile)).toMatchObject({ outcome: "done" });
});
