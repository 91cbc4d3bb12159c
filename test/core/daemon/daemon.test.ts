/** The helpers for programs written in TypeScript, seen from outside: test/harness/demo-daemon.ts is such a program. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readProcessStat } from "#ffi/procfs.ts";
import { CHECK, control, start, stop } from "#test/harness/control.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Peer } from "#test/harness/peer.ts";

const PROGRAM = join(import.meta.dir, "../../harness/demo-daemon.ts");

function argv(directory: TemporaryDirectory, mode = ""): string[] {
  return [process.execPath, PROGRAM, directory.file("d.pid"), directory.file("out"), mode];
}

describe("daemonInit, daemonRun, daemonExit", () => {
  test("the launcher returns when the daemon's pid is written; session, directory and umask are the daemon's own", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    // Standard error stays open in the daemon, as LibUCW leaves it: a pipe would not end before the daemon does.
    const launcher = Bun.spawnSync(argv(directory), { stderr: "ignore" });
    const pid = Number(readFileSync(pidFile, "utf8"));
    expect(launcher.stdout.toString()).toBe(`launched ${pid}\n`);
    const stat = readProcessStat("/proc", pid);
    expect(stat?.session).toBe(pid);
    expect((await control(pidFile, CHECK)).status).toBe("ok");
    expect((await control(pidFile, stop())).status).toBe("ok");
    expect(readFileSync(pidFile, "utf8")).toBe("");
    expect(readFileSync(directory.file("out"), "utf8")).toBe(`body ${pid} / 22\n`);
  });

  test("muster starts it by the protocol; a second one says who has the lock", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    expect((await control(pidFile, start(argv(directory)))).status).toBe("ok");
    const second = Bun.spawnSync(argv(directory));
    expect(second.exitCode).toBe(1);
    expect(second.stderr.toString()).toContain("already running");
    await control(pidFile, stop());
  });

  test("a daemon that dies before it is ready: the launcher says how, the file is empty and free", async () => {
    using directory = new TemporaryDirectory();
    const launcher = Bun.spawnSync(argv(directory, "die-early"));
    expect(launcher.exitCode).toBe(1);
    expect(launcher.stderr.toString()).toContain("exit 7");
    expect((await control(directory.file("d.pid"), CHECK)).status).toBe("notRunning");
  });

  test("simulated, the body runs here and there is no pid file", () => {
    using directory = new TemporaryDirectory();
    expect(Bun.spawnSync(argv(directory, "simulate")).stdout.toString()).toBe("launched null\n");
    expect(existsSync(directory.file("d.pid"))).toBe(false);
  });

  test("a checker's shared lock does not make it believe that a daemon runs", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using checker = await Peer.start();
    await checker.tell(`lock ${pidFile} sh`);
    const launcher = Bun.spawn(argv(directory), { stdout: "pipe", stderr: "pipe" });
    await checker.tell("unlock");
    expect(await launcher.exited).toBe(0);
    await control(pidFile, stop());
  });

  test("the handover variable alone opens nothing", () => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.file("d.pid"), "");
    const launcher = Bun.spawnSync(argv(directory), { env: { ...process.env, MUSTER_DAEMON_HANDOVER: "1" } });
    expect(launcher.exitCode).toBe(1);
    expect(existsSync(directory.file("out"))).toBe(false);
  });

  test.each(["d.pid", "./d.pid"])("a relative path %j is refused unless the directory is kept", (pidFile) => {
    using directory = new TemporaryDirectory();
    const launcher = Bun.spawnSync([process.execPath, PROGRAM, pidFile, directory.file("out")], {
      cwd: directory.path,
    });
    expect(launcher.stderr.toString()).toContain("must be absolute");
  });
});
