/** daemonControl() against daemons that are not muster's: the table of facts for each phase, lock and action. */
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { OPEN, openFd } from "#ffi/fd.ts";
import { tryLock } from "#ffi/flock.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { CHECK, control, start, startCommand, stop } from "#test/harness/control.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Peer } from "#test/harness/peer.ts";

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

function isFree(path: string): boolean {
  using fd = openFd(path, OPEN.READ_WRITE);
  return tryLock(fd, "exclusive");
}

describe("check", () => {
  test("no file, no directory, an empty free file: not running", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    expect((await control(pidFile, CHECK)).status).toBe("notRunning");
    writeFileSync(pidFile, "");
    expect((await control(pidFile, CHECK)).status).toBe("notRunning");
  });

  test("the guard file is made and its lock given back", async () => {
    using directory = new TemporaryDirectory();
    await control(directory.file("d.pid"), CHECK);
    expect(isFree(directory.file("d.lock"))).toBe(true);
  });

  test.each(["812\n", "(starting)\n", "-5\n", "rubbish that is long"])("%j and free: stale", async (content) => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.file("d.pid"), content);
    expect((await control(directory.file("d.pid"), CHECK)).status).toBe("stale");
  });

  test.each([
    ["\\p\\n", "ok"],
    ["", "ok"],
    ["(starting)\\n", "error"],
    ["-5\\n", "error"],
    ["0\\n", "error"],
    ["12 34\\n", "error"],
    ["99999999999\\n", "error"],
  ] as const)("%j and locked: %s", async (content, status) => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.start();
    await peer.tell(`lock ${pidFile} ex`);
    await peer.tell(`write ${content}`);
    expect((await control(pidFile, CHECK)).status).toBe(status);
  });

  test("a directory, a FIFO, a device: an error that names it, and no hanging", async () => {
    using directory = new TemporaryDirectory();
    mkdirSync(directory.file("dir.pid"));
    Bun.spawnSync(["mkfifo", directory.file("fifo.pid")]);
    for (const name of ["dir.pid", "fifo.pid"]) {
      const result = await control(directory.file(name), CHECK);
      expect(result.status).toBe("error");
      expect(result.message).toContain(name);
    }
    const device = await control("/dev/null", CHECK, { guardFile: directory.file("null.lock") });
    expect(device.status).toBe("error");
  });

  test("a huge file is too long, not read", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    writeFileSync(pidFile, "1".repeat(1 << 20));
    await using peer = await Peer.start();
    await peer.tell(`lock ${pidFile} ex`);
    expect((await control(pidFile, CHECK)).message).toContain("too long");
  });

  test("the guard file is for nobody else to lock, and no link leads us to another", async () => {
    using directory = new TemporaryDirectory();
    await control(directory.file("d.pid"), CHECK);
    expect(statSync(directory.file("d.lock")).mode & 0o007).toBe(0);
    symlinkSync(directory.file("made"), directory.file("e.lock"));
    const result = await control(directory.file("e.pid"), CHECK);
    expect(result).toMatchObject({ status: "error", error: { errno: "ELOOP" } });
    expect(existsSync(directory.file("made"))).toBe(false);
  });

  test("a guard file that cannot be made is an error with errno and target", async () => {
    using directory = new TemporaryDirectory();
    const result = await control(directory.file("d.pid"), CHECK, { guardFile: directory.file("no/such/d.lock") });
    expect(result.error).toMatchObject({ errno: "ENOENT" });
    expect(result.message).toContain("no/such/d.lock");
  });
});

describe("stop", () => {
  test("nothing runs: already done; stale: left as it is", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    expect((await control(pidFile, stop())).status).toBe("alreadyDone");
    writeFileSync(pidFile, "812\n");
    expect((await control(pidFile, stop())).status).toBe("stale");
    expect(readFileSync(pidFile, "utf8")).toBe("812\n");
  });

  test("a daemon that exits well is stopped, its file empty, its lock free", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.daemon(pidFile);
    const result = await control(pidFile, stop());
    expect(result).toMatchObject({ status: "ok", hasActed: true });
    expect(await peer.exited()).toBe(0);
    expect(readFileSync(pidFile, "utf8")).toBe("");
    expect(isFree(directory.file("d.lock"))).toBe(true);
  });

  test("a daemon that ignores the signal: the deadline passes, each escalation is told, it is dead at the end", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using _peer = await Peer.daemon(pidFile, "ignore");
    const steps: string[] = [];
    const order = { deadlineSeconds: 0.05, escalation: [9] };
    const result = await control(pidFile, stop(order), { onStep: (step) => steps.push(step.signal ?? step.op) });
    expect(result.status).toBe("ok");
    expect(steps).toEqual(["SIGTERM", "wait", "SIGKILL", "wait"]);
    expect((await control(pidFile, CHECK)).status).toBe("stale");
  });

  test("without escalation it fails, says who still holds the lock, and the guard is free again", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.daemon(pidFile, "ignore");
    const result = await control(pidFile, stop({ deadlineSeconds: 0.05 }));
    expect(result.error?.code).toBe("TIMED_OUT");
    expect(result.message).toContain(`process ${peer.pid} still holds`);
    expect(isFree(directory.file("d.lock"))).toBe(true);
    expect(await peer.tell("clear")).toBe("ok");
  });

  test("a child that kept the lock is named, not waited for without end, not signalled", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    const family = Bun.spawn(["perl", "-MFcntl=:flock", "-e", CHILD_KEEPS_LOCK, pidFile], {
      stdin: "pipe",
      stdout: "pipe",
    });
    const line = new TextDecoder().decode((await family.stdout.getReader().read()).value);
    const [daemon, keeper] = line.trim().split(" ");
    const signals: string[] = [];
    const onStep = (step: { signal?: string }) => signals.push(step.signal ?? "");
    const result = await control(pidFile, stop({ deadlineSeconds: 0.2, escalation: [9] }), { onStep });
    expect(result.message).toContain(`process ${daemon} has ended, but process ${keeper} still holds the lock`);
    expect(signals.filter((signal) => signal !== "")).toEqual(["SIGTERM"]);
    family.stdin.end();
    expect(await family.exited).toBe(0);
  });

  test("an exiting daemon (locked, empty) is waited for without a signal", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.daemon(pidFile);
    await peer.tell("clear");
    const steps: string[] = [];
    const waiting = Promise.withResolvers<void>();
    const onStep = ({ op }: { op: string }) => {
      steps.push(op);
      if (op === "wait") waiting.resolve();
    };
    const stopped = control(pidFile, stop(), { onStep });
    await waiting.promise;
    await peer.tell("unlock");
    expect((await stopped).status).toBe("ok");
    expect(steps).toEqual(["wait"]);
  });

  test("a program that knows nothing of its pid file has it emptied when it was ended, if that is asked for", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using _peer = await Peer.daemon(pidFile, "exit");
    expect((await control(pidFile, stop({ clearsPidFile: true }))).status).toBe("ok");
    expect(readFileSync(pidFile, "utf8")).toBe("");
  });

  test("a program that takes its pid file away, or puts a link there, has been stopped like any other", async () => {
    using directory = new TemporaryDirectory();
    const [pidFile, elsewhere] = [directory.file("d.pid"), directory.file("elsewhere")];
    for (const put of [() => {}, () => symlinkSync(elsewhere, pidFile)]) {
      await using peer = await Peer.daemon(pidFile, "exit");
      writeFileSync(elsewhere, `${peer.pid}\n`);
      const onStep = ({ op }: { op: string }) => {
        if (op !== "signal") return;
        rmSync(pidFile);
        put();
      };
      expect((await control(pidFile, stop({ clearsPidFile: true }), { onStep })).status).toBe("ok");
      expect(readFileSync(elsewhere, "utf8")).toBe(`${peer.pid}\n`);
      rmSync(pidFile, { force: true });
    }
  });

  test("a process that lives on without its lock is not said to have ended", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.daemon(pidFile, "unlock");
    expect(await control(pidFile, stop())).toMatchObject({
      status: "ok",
      message: `process ${peer.pid} has given back its lock, but still lives`,
    });
  });

  test("an abort ends the wait; the guard is free; what was sent stays sent", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using _peer = await Peer.daemon(pidFile, "ignore");
    const abort = new AbortController();
    const onStep = (step: { op: string }) => {
      if (step.op === "wait") abort.abort();
    };
    const result = await control(pidFile, stop({ deadlineSeconds: null }), { abort: abort.signal, onStep });
    expect(result).toMatchObject({ status: "error", hasActed: true });
    expect(result.error?.code).toBe("CANCELLED");
    expect(isFree(directory.file("d.lock"))).toBe(true);
  });
});

const CHILD_KEEPS_LOCK = `
  $| = 1; open(my $f, "+>", $ARGV[0]); flock($f, LOCK_EX) or die; pipe(my $r, my $w);
  my $daemon = fork();
  if (!$daemon) { my $keeper = fork(); if (!$keeper) { close STDOUT; <STDIN>; exit }
    seek($f,0,0); syswrite($f, "$$\\n"); truncate($f, length "$$\\n"); print "$$ $keeper\\n"; close STDOUT; sleep 1000; }
  close $f; waitpid($daemon, 0); <STDIN>;`;

describe("never the wrong process", () => {
  test("a pid whose process does not hold the lock is not signalled", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using bystander = await Peer.start();
    await using peer = await Peer.start();
    await peer.tell(`lock ${pidFile} ex`);
    await peer.tell(`write ${bystander.pid}\\n`);
    for (const action of [stop(), { type: "signal", signal: 9 } as const]) {
      const result = await control(pidFile, action);
      expect(result.error?.code).toBe("IDENTITY_CHANGED");
      expect(result.hasActed).toBe(false);
    }
    expect(await bystander.tell("on TERM ignore")).toBe("ok");
  });

  test("an identity other than the one asked about is refused, the right one is taken", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.daemon(pidFile);
    const ticks = processIdentityTicks("/proc", peer.pid);
    const wrong = await control(pidFile, stop(), { identity: `${peer.pid}:1` });
    expect(wrong.error?.code).toBe("IDENTITY_CHANGED");
    expect((await control(pidFile, stop(), { identity: `${peer.pid}:${ticks}` })).status).toBe("ok");
  });

  test.skipIf(!isRoot)(
    "another user's link to a daemon's pid file is not that daemon's; one of our own is",
    async () => {
      using directory = new TemporaryDirectory();
      const [other, link] = [directory.file("other.pid"), directory.file("d.pid")];
      await using victim = await Peer.daemon(other);
      symlinkSync(other, link);
      lchownSync(link, NOBODY, NOBODY);
      for (const action of [stop(), { type: "signal", signal: 9 } as const, CHECK]) {
        const result = await control(link, action);
        expect(result).toMatchObject({ hasActed: false, error: { errno: "ELOOP" } });
      }
      expect(await victim.tell("on TERM clear")).toBe("ok");
      rmSync(link);
      symlinkSync("other.pid", link);
      expect((await control(link, stop())).status).toBe("ok");
      expect(await victim.exited()).toBe(0);
    },
  );

  test.each(["-5\\n", "-1\\n", "0\\n"])("%j never reaches kill", async (content) => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.start();
    await peer.tell(`lock ${pidFile} ex`);
    await peer.tell(`write ${content}`);
    const result = await control(pidFile, { type: "signal", signal: 15 });
    expect(result.error?.code).toBe("BAD_PID_FILE");
    expect(await peer.tell("clear")).toBe("ok");
  });
});

describe("signal", () => {
  test("reaches the daemon; stopped 101, stale 103, exiting 101", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    const hup = { type: "signal", signal: 1 } as const;
    expect((await control(pidFile, hup)).status).toBe("notRunning");
    {
      await using peer = await Peer.daemon(pidFile);
      await peer.tell("on HUP exit");
      expect((await control(pidFile, hup)).status).toBe("ok");
      expect(await peer.exited()).toBe(3);
    }
    expect((await control(pidFile, hup)).status).toBe("stale");
    await using peer = await Peer.daemon(pidFile);
    await peer.tell("clear");
    expect((await control(pidFile, hup)).status).toBe("notRunning");
    expect(isFree(directory.file("d.lock"))).toBe(true);
  });
});

/** A daemon in a few lines of Perl, as LibUCW would start it: the parent ends when the child's pid is written. */
const DAEMON = `
  open(my $f, ">>", $ARGV[0]); flock($f, LOCK_EX|LOCK_NB) or exit 1; truncate($f, 0); syswrite($f, "(starting)\\n");
  $SIG{TERM} = sub { truncate($f, 0); exit 0 }; my $pid = fork(); if (!$pid) { close STDOUT; close STDERR; sleep 1 while 1 }
  truncate($f, 0); syswrite($f, "$pid\\n"); exit 0`;
const daemonArgv = (pidFile: string) => ["perl", "-MFcntl=:flock", "-e", DAEMON, pidFile];

describe("start and restart", () => {
  test("a daemon of its own protocol is started, controlled and stopped; a second start is already done", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    expect((await control(pidFile, start(daemonArgv(pidFile)))).status).toBe("ok");
    expect((await control(pidFile, CHECK)).status).toBe("ok");
    expect((await control(pidFile, start(["/no/such/program"]))).status).toBe("alreadyDone");
    expect((await control(pidFile, stop())).status).toBe("ok");
  });

  test("over a stale file it succeeds and says stale", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    writeFileSync(pidFile, "99999999\n");
    const result = await control(pidFile, start(daemonArgv(pidFile)));
    expect(result).toMatchObject({ status: "stale", error: null });
    await control(pidFile, stop());
  });

  test("restart gives another process under the same guard", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await control(pidFile, start(daemonArgv(pidFile)));
    const first = readFileSync(pidFile, "utf8");
    const order = { signal: 15, deadlineSeconds: 10, escalation: [], clearsPidFile: false };
    const result = await control(pidFile, { type: "restart", order, command: startCommand(daemonArgv(pidFile)) });
    expect(result.status).toBe("ok");
    expect(readFileSync(pidFile, "utf8")).not.toBe(first);
    await control(pidFile, stop());
  });

  test.each([
    ["is missing", ["/no/such/program"], "ENOENT"],
    ["is not along PATH", ["no-such-program"], "PATH"],
    ["exits 102", ["sh", "-c", "exit 102"], "exit 102"],
    ["is killed", ["sh", "-c", "kill -SEGV $$"], "SIGSEGV"],
    ["ends well without a pid file", ["true"], "nobody holds the lock"],
  ])("a command that %s has not started", async (_what, argv, words) => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    const result = await control(pidFile, start(argv));
    expect(result.error?.code).toBe("START_FAILED");
    expect(result.message).toContain(words);
    expect(isFree(directory.file("d.lock"))).toBe(true);
  });

  test("a command that locks and never writes its pid has not started when the deadline passes", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.start();
    await peer.tell(`lock ${pidFile} ex`);
    await peer.tell("write (starting)\\n");
    const result = await control(pidFile, start(["true"], { deadlineSeconds: 0.05 }));
    expect(result.status).toBe("error");
    expect(result.message).toContain("still starting");
  });

  test("a command that stays in the foreground has not started when the deadline passes", async () => {
    using directory = new TemporaryDirectory();
    const result = await control(directory.file("d.pid"), start(["sleep", "3"], { deadlineSeconds: 0.05 }));
    expect(result.error?.hint).toContain("daemons run");
  });

  test("of many starters at once exactly one starts", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    const results = await Promise.all(Array.from({ length: 50 }, () => control(pidFile, start(daemonArgv(pidFile)))));
    const statuses = results.map((result) => result.status);
    expect(statuses.filter((status) => status === "ok")).toHaveLength(1);
    expect(statuses.filter((status) => status === "alreadyDone")).toHaveLength(49);
    await control(pidFile, stop());
  });
});

test.skipIf(process.getuid?.() === 0)(
  "what may not be read is an error that names it (root may read all)",
  async () => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.file("d.pid"), "1\n");
    chmodSync(directory.file("d.pid"), 0);
    const result = await control(directory.file("d.pid"), CHECK);
    expect(result.error).toMatchObject({ code: "PERMISSION_DENIED", errno: "EACCES" });
  },
);

test("a pid file that vanishes between two actions is no pid file", async () => {
  using directory = new TemporaryDirectory();
  const pidFile = directory.file("d.pid");
  writeFileSync(pidFile, "1\n");
  rmSync(pidFile);
  expect((await control(pidFile, CHECK)).status).toBe("notRunning");
  expect(existsSync(pidFile)).toBe(false);
});
