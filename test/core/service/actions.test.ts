/** Actions from request to report: effect, outcome, audit rows, what is wanted, and all the ways to be refused. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PidFd } from "#ffi/pidfd.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Peer } from "#test/harness/peer.ts";
import { declaration, TestService } from "#test/harness/service.ts";

describe("a declared daemon", () => {
  test("start, start again, reload, restart, stop, stop again", async () => {
    using directory = new TemporaryDirectory();
    const command = ["sh", "-c", 'trap "" HUP; exec sleep 100'];
    await using service = await TestService.open(directory, [declaration("d", directory, { command })]);
    const started = await service.invoke("daemon.start", "d");
    expect(started).toMatchObject({
      outcome: "done",
      before: { state: "down" },
      after: { state: "up" },
      undo: "daemon.stop",
    });
    expect(await service.invoke("daemon.start", "d")).toMatchObject({ outcome: "unchanged", undo: null });
    expect(await service.invoke("daemon.reload", "d")).toMatchObject({ outcome: "done", after: { state: "up" } });
    const first = readFileSync(directory.file("d.pid"), "utf8");
    expect(await service.invoke("daemon.restart", "d")).toMatchObject({ outcome: "done", after: { state: "up" } });
    expect(readFileSync(directory.file("d.pid"), "utf8")).not.toBe(first);
    expect(await service.invoke("daemon.stop", "d")).toMatchObject({
      outcome: "done",
      after: { state: "down" },
      undo: "daemon.start",
    });
    expect(await service.invoke("daemon.stop", "d")).toMatchObject({ outcome: "unchanged" });
  });

  test("every effect has an audit row before it and one after it; reading has none", async () => {
    using directory = new TemporaryDirectory();
    await using service = await TestService.open(directory, [declaration("d", directory)]);
    await service.invoke("daemon.start", "d");
    await service.invoke("daemon.check", "d");
    await service.invoke("daemon.kill", "d");
    const rows = await service.service.events({ limit: 100, target: "n1/daemon/d" });
    const audit = rows
      .filter((row) => row.code.startsWith("ACTION_"))
      .map((row) => [row.code, row.action, row.outcome]);
    expect(audit).toEqual([
      ["ACTION_BEGUN", "daemon.start", null],
      ["ACTION_ENDED", "daemon.start", "done"],
      ["ACTION_BEGUN", "daemon.kill", null],
      ["ACTION_ENDED", "daemon.kill", "done"],
    ]);
    expect(rows[0]?.actor).toBe(`${process.getuid?.()} cli`);
  });

  test("an action that is refused when it is tried warns: nothing has happened", async () => {
    using directory = new TemporaryDirectory();
    await using service = await TestService.open(directory, [], { mode: "watch" });
    const target = `n1/member/web/${2 ** 30}`;
    const result = await service.invoke("member.add", "", { targets: [{ id: target }] });
    expect(result.outcome).toBe("refused");
    const rows = await service.service.events({ limit: 100, target });
    expect(rows.map(({ code, severity, outcome }) => [code, severity, outcome])).toEqual([
      ["ACTION_BEGUN", "info", null],
      ["ACTION_ENDED", "warn", "refused"],
    ]);
  });

  test("a daemon that is down and no longer wanted is a change, to who asked and in the audit", async () => {
    using directory = new TemporaryDirectory();
    await using service = await TestService.open(directory, [declaration("d", directory)]);
    await service.invoke("daemon.start", "d");
    using pidfd = PidFd.open(Number(readFileSync(directory.file("d.pid"), "utf8")));
    pidfd?.sendSignal(9);
    await pidfd?.exited();
    const { outcome, message } = await service.invoke("daemon.stop", "d");
    expect(outcome).toBe("done");
    expect(message).toContain("from now on it is wanted down");
    const rows = await service.service.events({ limit: 100, target: "n1/daemon/d" });
    expect(rows.findLast(({ code }) => code === "ACTION_ENDED")).toMatchObject({ outcome, message });
  });

  test("what is wanted outlives the command: a daemon killed by another hand has failed", async () => {
    using directory = new TemporaryDirectory();
    const daemons = [declaration("d", directory)];
    {
      await using service = await TestService.open(directory, daemons);
      await service.invoke("daemon.start", "d");
      process.kill(Number(readFileSync(directory.file("d.pid"), "utf8")), "SIGKILL");
    }
    await using later = await TestService.open(directory, daemons, { mode: "watch" });
    await later.untilState("d", "failed");
    expect(later.daemon("d")).toMatchObject({
      wanted: "up",
      problems: [{ code: "STALE_PID_FILE" }, { code: "NOT_UP" }],
    });
  });

  test("since when a daemon has failed outlives the service, unless its pid file was written in between", async () => {
    using directory = new TemporaryDirectory();
    const daemons = [declaration("d", directory)];
    let failedAt: string | undefined;
    {
      await using service = await TestService.open(directory, daemons, { mode: "watch" });
      await service.local.ready;
      await service.invoke("daemon.start", "d");
      process.kill(Number(readFileSync(directory.file("d.pid"), "utf8")), "SIGKILL");
      failedAt = (await service.untilEvent("DAEMON_FAILED")).at;
    }
    const sinceNow = async (mode: "watch" | "once") => {
      await using service = await TestService.open(directory, daemons, { mode });
      await service.untilState("d", "failed");
      return service.daemon("d")?.since;
    };
    expect(await sinceNow("watch")).toBe(failedAt);
    expect(await sinceNow("once")).toBe(failedAt);
    // Somebody's daemon of which the journal knows nothing: when it ended nobody saw.
    writeFileSync(directory.file("d.pid"), readFileSync(directory.file("d.pid")));
    const later = Date.parse(failedAt) / 1000 + 60;
    utimesSync(directory.file("d.pid"), later, later);
    expect(await sinceNow("watch")).toBeNull();
  });

  test("a daemon that failed is stopped by wishing it down: it is failed no longer", async () => {
    using directory = new TemporaryDirectory();
    const daemons = [declaration("d", directory, { command: ["sh", "-c", "exit 5"] })];
    await using service = await TestService.open(directory, daemons);
    await service.invoke("daemon.start", "d");
    const result = await service.invoke("daemon.stop", "d");
    expect(result).toMatchObject({ outcome: "done", before: { state: "failed" }, after: { state: "down" } });
    expect(await service.invoke("daemon.stop", "d")).toMatchObject({ outcome: "unchanged" });
  });

  test("a dry run shows the plan and does nothing, and writes nothing", async () => {
    using directory = new TemporaryDirectory();
    await using peer = await Peer.daemon(directory.file("d.pid"));
    await using service = await TestService.open(directory, [declaration("d", directory, { escalation: [9] })]);
    const result = await service.invoke("daemon.stop", "d", { dryRun: true });
    expect(result.outcome).toBe("unchanged");
    expect(result.plan.map((step) => step.signal ?? step.op)).toEqual(["guard", "SIGTERM", "wait", "SIGKILL", "wait"]);
    expect(result.plan[1]).toMatchObject({ pid: peer.pid, identity: service.daemon("d")?.identity ?? "" });
    expect(existsSync(directory.file("state"))).toBe(false);
    expect(await peer.tell("on TERM exit")).toBe("ok");
  });

  test("progress is told step by step, with escalation", async () => {
    using directory = new TemporaryDirectory();
    await using _peer = await Peer.daemon(directory.file("d.pid"), "ignore");
    await using service = await TestService.open(directory, [declaration("d", directory)]);
    const told: string[] = [];
    const options = { onProgress: ({ step }: { step: { text: string } }) => told.push(step.text) };
    const result = await service.invoke("daemon.stop", "d", { arguments: { timeout: 0.05, force: true }, options });
    expect(result.outcome).toBe("done");
    expect(told.map((text) => text.split(" ").slice(0, 2).join(" "))).toEqual([
      "sent SIGTERM",
      "waiting for",
      "sent SIGKILL",
      "waiting for",
    ]);
  });

  test("environment, directory and exit are the daemon's: nothing of the operator's shell leaks in", async () => {
    using directory = new TemporaryDirectory();
    const fifo = directory.file("out");
    Bun.spawnSync(["mkfifo", fifo]);
    const command = ["sh", "-c", 'env | sort > "$OUT"; pwd >> "$OUT"; exec sleep 100'];
    const more = { command, environment: { OUT: fifo }, directory: directory.path };
    const environment = { variables: { PATH: "/usr/bin:/bin", SSH_AUTH_SOCK: "/secret" } };
    await using service = await TestService.open(directory, [declaration("d", directory, more)], { environment });
    const [seen] = await Promise.all([Bun.file(fifo).text(), service.invoke("daemon.start", "d")]);
    expect(seen).not.toContain("SSH_AUTH_SOCK");
    expect(seen).toContain("PATH=/usr/bin:/bin");
    await service.invoke("daemon.stop", "d");
  });
});

test("a daemon that a console started leaves no zombie, and its status is kept", async () => {
  using directory = new TemporaryDirectory();
  const daemons = [declaration("d", directory, { command: ["perl", "-e", "$SIG{TERM} = sub { exit 9 }; sleep 100"] })];
  await using service = await TestService.open(directory, daemons, { mode: "watch" });
  await service.untilState("d", "down");
  await service.invoke("daemon.start", "d");
  const pid = service.daemon("d")?.pid;
  await service.invoke("daemon.stop", "d");
  const event = await service.untilEvent("DAEMON_EXIT");
  expect(event.message).toContain(`process ${pid} of d has ended: exit 9`);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});

describe("refused", () => {
  test("in read-only mode, by a configuration that says so, and with a foreign tree", async () => {
    using directory = new TemporaryDirectory();
    await using peer = await Peer.daemon(directory.file("d.pid"));
    const daemons = [declaration("d", directory)];
    const modes = [
      [{ isReadOnly: true }, "READ_ONLY"],
      [{ config: { readOnly: true } }, "READ_ONLY"],
      [{ environment: { root: "/nowhere" }, config: { discover: [] } }, "UNSUPPORTED"],
    ] as const;
    for (const [mode, code] of modes) {
      await using service = await TestService.open(directory, daemons, mode);
      for (const action of [
        "daemon.stop",
        "daemon.kill",
        "daemon.restart",
        "daemon.reload",
        "daemon.signal",
      ] as const) {
        const result = await service.invoke(action, "d", {
          arguments: action === "daemon.signal" ? { signal: "TERM" } : {},
        });
        expect(result).toMatchObject({ outcome: "refused", error: { code } });
      }
    }
    expect(existsSync(directory.file("state"))).toBe(false);
    expect(await peer.tell("on TERM exit")).toBe("ok");
  });

  test("by a reload that says so; what is under way ends as it would, with both its audit rows", async () => {
    using directory = new TemporaryDirectory();
    await using _peer = await Peer.daemon(directory.file("d.pid"), "ignore");
    const daemons = [declaration("d", directory), declaration("other", directory)];
    await using service = await TestService.open(directory, daemons, { mode: "watch" });
    await service.local.ready;
    const waiting = Promise.withResolvers<void>();
    const options = { onProgress: ({ step }: { step: { op: string } }) => step.op === "wait" && waiting.resolve() };
    const stopping = service.invoke("daemon.stop", "d", { arguments: { timeout: 0.5, force: true }, options });
    await waiting.promise;
    await service.local.reload({ ...service.config, readOnly: true });
    expect(service.service.isReadOnly).toBe(true);
    const refused = await service.invoke("daemon.start", "other");
    expect(refused).toMatchObject({ outcome: "refused", error: { code: "READ_ONLY" } });
    const added = await service.invoke("category.add", "", {
      targets: [{ id: "n1/category/batch" }],
      arguments: { name: "batch" },
    });
    expect(added).toMatchObject({ outcome: "refused", error: { code: "READ_ONLY" } });
    expect(await stopping).toMatchObject({ outcome: "done", after: { state: "down" } });
    const rows = await service.service.events({ limit: 100, target: "n1/daemon/d" });
    expect(rows.findLast(({ code }) => code === "ACTION_ENDED")).toMatchObject({ outcome: "done" });
    await service.local.reload(service.config);
    expect(service.service.isReadOnly).toBe(false);
    expect(await service.invoke("daemon.start", "other")).toMatchObject({ outcome: "done" });
    expect(await service.invoke("daemon.kill", "other")).toMatchObject({ outcome: "done" });
  });

  test("by a service that began read-only, whatever a reload says: it keeps nothing", async () => {
    using directory = new TemporaryDirectory();
    const daemons = [declaration("d", directory)];
    const config = { readOnly: true };
    await using service = await TestService.open(directory, daemons, { mode: "watch", config });
    await service.local.ready;
    await service.local.reload({ ...service.config, readOnly: false });
    expect(service.service.isReadOnly).toBe(true);
    expect(await service.invoke("daemon.start", "d")).toMatchObject({ error: { code: "READ_ONLY" } });
    expect(existsSync(directory.file("state"))).toBe(false);
  });

  test("another identity than the one asked about", async () => {
    using directory = new TemporaryDirectory();
    await using peer = await Peer.daemon(directory.file("d.pid"));
    await using service = await TestService.open(directory, [declaration("d", directory)]);
    const result = await service.invoke("daemon.stop", "d", { identity: `${peer.pid}:7` });
    expect(result).toMatchObject({ outcome: "refused", error: { code: "IDENTITY_CHANGED" } });
  });

  test("what does not fit: a found daemon cannot be started, a free pid file is not signalled, no command, no signal", async () => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.file("found.pid"), `${process.pid}\n`);
    await using _peer = await Peer.daemon(directory.file("up.pid"));
    const daemons = [declaration("bare", directory, { command: null }), declaration("up", directory)];
    await using service = await TestService.open(directory, daemons);
    const found = directory.file("found.pid");
    expect((await service.invoke("daemon.start", found)).error?.code).toBe("NOT_ALLOWED_NOW");
    expect((await service.invoke("daemon.stop", found)).error?.message).toContain("does not hold the lock");
    expect((await service.invoke("daemon.reload", found)).error?.code).toBe("NOT_ALLOWED_NOW");
    expect((await service.invoke("daemon.start", "bare")).error?.message).toContain("no command");
    expect((await service.invoke("daemon.signal", "up")).error?.code).toBe("USAGE");
    expect((await service.invoke("daemon.signal", "up", { arguments: { signal: "NONE" } })).error?.code).toBe("USAGE");
    expect((await service.invoke("daemon.stop", "up", { arguments: { timeout: -1 } })).error?.code).toBe("USAGE");
    expect((await service.invoke("daemon.stop", "no-such")).error?.code).toBe("NOT_FOUND");
  });

  test("a user that does not exist", async () => {
    using directory = new TemporaryDirectory();
    await using service = await TestService.open(directory, [
      declaration("d", directory, { user: "no-such-user-here" }),
    ]);
    expect((await service.invoke("daemon.start", "d")).error?.message).toContain("no such user: no-such-user-here");
  });
});

describe("when things break", () => {
  test("a start that fails leaves the file empty, the lock free, the outcome told", async () => {
    using directory = new TemporaryDirectory();
    const daemons = [declaration("d", directory, { command: ["sh", "-c", "exit 5"] })];
    await using service = await TestService.open(directory, daemons);
    const result = await service.invoke("daemon.start", "d");
    expect(result).toMatchObject({ outcome: "failed", error: { code: "START_FAILED" }, after: { state: "failed" } });
    expect(result.message).toContain("exit 5");
    expect(readFileSync(directory.file("d.pid"), "utf8")).toBe("");
  });

  test("a journal that cannot be written does not keep an operator from stopping a daemon", async () => {
    using directory = new TemporaryDirectory();
    await using peer = await Peer.daemon(directory.file("d.pid"));
    writeFileSync(directory.file("state"), "a file where a directory should be");
    await using service = await TestService.open(directory, [declaration("d", directory)]);
    expect((await service.invoke("daemon.stop", "d")).outcome).toBe("done");
    expect(await peer.exited()).toBe(0);
    expect(service.service.snapshot().shelves.events.error).not.toBeNull();
  });

  test("kill -9 in the middle of a stop: the lock is free, and the next muster says the outcome is unknown", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using _peer = await Peer.daemon(pidFile, "ignore");
    const program = join(import.meta.dir, "../../harness/stop-forever.ts");
    const child = Bun.spawn([process.execPath, program, directory.path], { stdout: "pipe" });
    // It says so when the signal is sent and the audit row written; then it waits, and dies.
    await child.stdout.getReader().read();
    child.kill("SIGKILL");
    await child.exited;
    expect(Bun.spawnSync(["flock", "-n", directory.file("d.lock"), "true"]).exitCode).toBe(0);
    await using service = await TestService.open(directory, [declaration("d", directory)], { mode: "watch" });
    const event = await service.untilEvent("ACTION_UNFINISHED");
    expect(event).toMatchObject({
      severity: "error",
      action: "daemon.stop",
      outcome: "unknown",
      target: "n1/daemon/d",
    });
    expect(service.daemon("d")?.state).toBe("up");
  });
});
