/** Any program as a daemon under the protocol. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import { type RunOptions, runCommand } from "#core/daemon/run-command.ts";
import { MusterError } from "#core/model/error.ts";
import { readProcessStat } from "#ffi/procfs.ts";
import { CHECK, control, stop } from "#test/harness/control.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Peer } from "#test/harness/peer.ts";

function options(pidFile: string, argv: readonly string[], more: Partial<RunOptions> = {}): RunOptions {
  return {
    pidFile,
    argv,
    user: null,
    group: null,
    preserveCwd: false,
    settleSeconds: 0.05,
    variables: { PATH: "/usr/bin:/bin" },
    procRoot: "/proc",
    clock: systemClock,
    stderr: "null",
    ...more,
  };
}

async function failure(promise: Promise<unknown>): Promise<MusterError> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof MusterError) return thrown;
    throw thrown;
  }
  throw new Error("it did not fail");
}

describe("daemons run", () => {
  test("the program holds the lock, its pid is in the file, it leads a session of its own in /", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    const { pid } = await runCommand(options(pidFile, ["sleep", "100"]));
    expect(readFileSync(pidFile, "utf8")).toBe(`${pid}\n`);
    expect(readProcessStat("/proc", pid)?.session).toBe(pid);
    const flock = Bun.spawnSync(["flock", "-n", pidFile, "true"]);
    expect(flock.exitCode).toBe(1);
    expect((await control(pidFile, stop())).status).toBe("ok");
    expect(Bun.spawnSync(["flock", "-n", pidFile, "true"]).exitCode).toBe(0);
  });

  test("where a link stands in the place of the pid file nothing is started, and what it leads to is left alone", async () => {
    using directory = new TemporaryDirectory();
    const [pidFile, precious] = [directory.file("d.pid"), directory.file("precious")];
    writeFileSync(precious, "root:x:0:0\n");
    symlinkSync(precious, pidFile);
    await expect(runCommand(options(pidFile, ["sleep", "100"]))).rejects.toThrow("ELOOP");
    expect(readFileSync(precious, "utf8")).toBe("root:x:0:0\n");
  });

  test("what the program sees: null streams, umask 022, working directory, default signals", async () => {
    using directory = new TemporaryDirectory();
    const script = `streams=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)
      { echo $streams; umask; pwd; grep SigIgn /proc/self/status; } > $OUT; exec sleep 100`;
    const out = directory.file("out");
    Bun.spawnSync(["mkfifo", out]);
    const pidFile = directory.file("d.pid");
    await runCommand(options(pidFile, ["sh", "-c", script], { variables: { PATH: "/usr/bin:/bin", OUT: out } }));
    const seen = await Bun.file(out).text();
    expect(seen.split("\n")).toEqual(["/dev/null /dev/null /dev/null", "0022", "/", "SigIgn:\t0000000000000000", ""]);
    await control(pidFile, stop());
  });

  test.skipIf(process.getuid?.() !== 0)(
    "user and group by name and by #id; root's groups are dropped (needs root)",
    async () => {
      using directory = new TemporaryDirectory();
      for (const [user, group] of [
        ["nobody", null],
        ["#65534", "#65534"],
      ] as const) {
        const pidFile = directory.file("d.pid");
        const { pid } = await runCommand(options(pidFile, ["sleep", "100"], { user, group }));
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        expect(status).toMatch(/Uid:\t65534\t65534\t65534\t65534/);
        expect(status).toMatch(/Gid:\t65534\t65534\t65534\t65534/);
        expect(status).toMatch(/Groups:\t65534 ?\n/);
        await control(pidFile, stop());
      }
    },
  );

  test("a second one is refused and disturbs nothing", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.daemon(pidFile);
    expect((await failure(runCommand(options(pidFile, ["sleep", "100"])))).code).toBe("LOCK_HELD");
    expect(readFileSync(pidFile, "utf8")).toBe(`${peer.pid}\n`);
  });

  test.each([
    ["is missing", ["/no/such/program"], "ENOENT"],
    ["may not be executed", ["/etc/passwd"], "EACCES"],
    ["ends at once", ["sh", "-c", "exit 102"], "exit 102"],
    ["goes into the background by itself", ["sh", "-c", "sleep 0.2 & exit 0"], "exit 0"],
    [
      "closes the descriptor with the lock",
      ["perl", "-e", "use POSIX; POSIX::close($_) for 3..255; sleep 100"],
      "closed descriptor",
    ],
  ])("a program that %s has not started, and the file says so", async (_what, argv, words) => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    const error = await failure(runCommand(options(pidFile, argv, { settleSeconds: 0.15 })));
    expect(error.code).toBe("START_FAILED");
    expect(error.message).toContain(words);
    expect(readFileSync(pidFile, "utf8")).toBe("");
  });

  test.each([
    ["no-such-user-here", null, "NOT_FOUND"],
    ["#x", null, "USAGE"],
    ["#4294967295", null, "USAGE"],
    [null, "no-such-group-here", "NOT_FOUND"],
  ] as const)("user %j, group %j: %s, and nothing is made", async (user, group, code) => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    expect((await failure(runCommand(options(pidFile, ["true"], { user, group })))).code).toBe(code);
    expect(existsSync(pidFile)).toBe(false);
  });

  test("a relative pid file is refused, unless the directory is kept", async () => {
    expect((await failure(runCommand(options("d.pid", ["true"])))).code).toBe("USAGE");
  });

  test("a working directory that is missing is named", async () => {
    using directory = new TemporaryDirectory();
    const gone = directory.file("gone");
    const error = await failure(runCommand(options(directory.file("d.pid"), ["sleep", "1"], { directory: gone })));
    expect(error.message).toContain(gone);
  });

  test("when muster is killed before the pid is written, the program never begins", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    const marker = directory.file("marker");
    // Killed at many different instants; whenever it was, either nothing runs or all is as it should be.
    for (let delayMs = 0; delayMs < 60; delayMs += 6) {
      const code = `import { runCommand } from "#core/daemon/run-command.ts"; import { systemClock } from "#app/cli/system-clock.ts";
        runCommand({ pidFile: ${JSON.stringify(pidFile)}, argv: ["sh", "-c", "touch ${marker}; exec sleep 100"], user: null, group: null,
          preserveCwd: false, settleSeconds: 1, variables: { PATH: "/usr/bin:/bin" }, procRoot: "/proc", clock: systemClock, stderr: "null" })`;
      const child = Bun.spawn([process.execPath, "-e", code], {
        cwd: `${import.meta.dir}/../../..`,
        stdio: ["ignore", "ignore", "ignore"],
        timeout: 20 + delayMs,
        killSignal: "SIGKILL",
      });
      await child.exited;
      const { status } = await control(pidFile, CHECK);
      const content = existsSync(pidFile) ? readFileSync(pidFile, "utf8") : "";
      if (status === "ok") expect(content).toMatch(/^[1-9][0-9]*\n$/);
      if (existsSync(marker)) expect(statSync(pidFile).size).toBeGreaterThan(0);
      await control(pidFile, stop());
    }
  });
});
