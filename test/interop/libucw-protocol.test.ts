/**
 * The protocol in both directions with implementations that are not muster's: flock(1) on the lock, start-stop-daemon(8)
 * on the pid file, and a controller and a daemon in Perl that follow LibUCW's description.
 */
import { describe, expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CONTROL_STATUS } from "#core/daemon/status.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { MAIN, ownEnvironment } from "#test/harness/cli.ts";
import { CHECK, control, start, stop } from "#test/harness/control.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Peer } from "#test/harness/peer.ts";
import { peerTest } from "#test/harness/peers.ts";

const perlTest = peerTest("perl", "perl");
const flockTest = peerTest("flock", "util-linux");
const startStopTest = peerTest("start-stop-daemon", "dpkg");

const CONTROLLER = join(import.meta.dir, "../harness/ucw-control.pl");

async function perlControl(pidFile: string, action: string, ...argv: string[]): Promise<number> {
  const guardFile = pidFile.replace(/\.pid$/, ".lock");
  return Bun.spawn(["perl", CONTROLLER, pidFile, guardFile, action, ...argv]).exited;
}

/** Through the command, whose process ends: the daemon is nobody's child but init's. */
async function run(pidFile: string, argv: readonly string[]): Promise<number> {
  const command = [process.execPath, MAIN, "daemons", "run", "--pid-file", pidFile, "--", ...argv];
  const env = ownEnvironment(dirname(pidFile));
  expect(await Bun.spawn(command, { env, stdio: ["ignore", "ignore", "ignore"] }).exited).toBe(0);
  return Number(readFileSync(pidFile, "utf8"));
}

describe("the same answers in every phase", () => {
  const phases: readonly (readonly [string, string | null, boolean])[] = [
    ["never started", null, false],
    ["cleanly exited", "", false],
    ["crashed", "4194304\\n", false],
    ["crashed while starting", "(starting)\\n", false],
    ["starting", "(starting)\\n", true],
    ["running", "\\p\\n", true],
    ["exiting", "", true],
    ["rubbish", "12 34\\n", true],
    ["too long", "1234567890123456\\n", true],
  ];
  for (const [name, content, isLocked] of phases) {
    perlTest(`check, ${name}`, async () => {
      using directory = new TemporaryDirectory();
      const pidFile = directory.file("d.pid");
      await using peer = await Peer.start();
      if (content !== null && !isLocked) writeFileSync(pidFile, content.replaceAll("\\n", "\n"));
      if (content !== null && isLocked) {
        await peer.tell(`lock ${pidFile} ex`);
        await peer.tell(`write ${content}`);
      }
      expect<number>(CONTROL_STATUS[(await control(pidFile, CHECK)).status]).toBe(await perlControl(pidFile, "check"));
    });
  }
});

describe("a daemon of the one, controlled by the other", () => {
  perlTest("muster runs it, the Perl controller checks, reloads and stops it", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await run(pidFile, ["sh", "-c", 'trap "" HUP; exec sleep 100']);
    expect(await perlControl(pidFile, "check")).toBe(0);
    expect(await perlControl(pidFile, "reload")).toBe(0);
    expect(await perlControl(pidFile, "start", "false")).toBe(100);
    expect(await perlControl(pidFile, "stop")).toBe(0);
    expect(await perlControl(pidFile, "check")).toBe(103);
    expect((await control(pidFile, CHECK)).status).toBe("stale");
  });

  perlTest("a Perl daemon, started, checked and stopped by muster", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.daemon(pidFile);
    expect((await control(pidFile, start(["false"]))).status).toBe("alreadyDone");
    expect((await control(pidFile, stop())).status).toBe("ok");
    expect(await peer.exited()).toBe(0);
    expect(await perlControl(pidFile, "check")).toBe(101);
  });

  perlTest("one guard: while the other acts, muster waits, and the other way round", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using holder = await Peer.start();
    await holder.tell(`lock ${directory.file("d.lock")} ex`);
    const waited: string[] = [];
    const checking = control(pidFile, CHECK, { onStep: (step) => waited.push(step.op) });
    const perl = perlControl(pidFile, "check");
    expect(await Promise.race([checking.then(() => "muster"), perl, holder.tell("clear")])).toBe("ok");
    await holder.tell("unlock");
    expect((await checking).status).toBe("notRunning");
    expect(await perl).toBe(101);
    expect(waited).toEqual(["guard"]);
  });
});

describe("tools that know only the lock or only the pid", () => {
  flockTest("flock(1) is refused while the daemon runs and not after", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    const flock = () => Bun.spawnSync(["flock", "-n", pidFile, "true"]).exitCode;
    await run(pidFile, ["sleep", "100"]);
    expect(flock()).toBe(1);
    await control(pidFile, stop());
    expect(flock()).toBe(0);
  });

  startStopTest("start-stop-daemon(8) finds the process by the pid file", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    const status = () => Bun.spawnSync(["start-stop-daemon", "--status", "--pidfile", pidFile]).exitCode;
    const pid = await run(pidFile, ["sleep", "100"]);
    expect(readFileSync(pidFile, "utf8")).toBe(`${pid}\n`);
    expect(status()).toBe(0);
    using pidfd = PidFd.open(pid);
    await control(pidFile, stop());
    // It counts a zombie as running: init has to collect it first.
    await pidfd?.reaped();
    expect(status()).toBe(1);
  });
});
