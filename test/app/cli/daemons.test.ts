/** Commands on real daemons, as an operator gives them. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { SCHEMAS } from "#core/output/schema-definitions.ts";
import { CommandLine } from "#test/harness/cli.ts";

/** Each test runs several processes: under load that takes its time. */
setDefaultTimeout(60_000);

const STUBBORN = "trap '' TERM; echo x > READY; while :; do sleep 0.1; done";

/** web ends when it is told to, slow does not. */
function configured(): CommandLine {
  const cli = new CommandLine();
  const file = (name: string) => join(cli.runDirectory, name);
  const stubborn = STUBBORN.replace("READY", join(cli.path, "slow-is-ready"));
  cli.configure(`
[daemon.web]
pid_file = "${file("web.pid")}"
command = ["/bin/sleep", "1000"]
[daemon.slow]
pid_file = "${file("slow.pid")}"
command = ["/bin/sh", "-c", "${stubborn}"]
stop_deadline = 60
[daemon.broken]
pid_file = "${file("broken.pid")}"
command = ["/nonexistent-muster-test/program"]
`);
  cli.defer(() => {
    for (const name of ["web.pid", "slow.pid", "run.pid"]) {
      const pid = Number(readText(file(name)));
      if (pid > 1) kill(pid);
    }
  });
  return cli;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return; // it has ended
  }
}

async function report(cli: CommandLine, ...args: string[]) {
  const { exitCode, stdout, stderr } = await cli.run(["daemons", ...args, "--json"]);
  const document = v.parse(SCHEMAS.action[1], JSON.parse(stdout));
  return { exitCode, stderr, document, outcomes: document.results.map(({ outcome }) => outcome) };
}

/** A process that holds the lock of a pid file, as a daemon does; `pid` is what it writes there, `$$` itself. */
async function holder(cli: CommandLine, path: string, pid: string): Promise<void> {
  const script = `exec 9<>"${path}"; flock 9; echo ${pid} > "${path}"; echo ready; read`;
  const child = Bun.spawn(["bash", "-c", script], { stdin: "pipe", stdout: "pipe" });
  cli.defer(() => child.kill(9));
  for await (const chunk of child.stdout) if (new TextDecoder().decode(chunk).includes("ready")) return;
}

describe("actions", () => {
  test("start, start again, restart, stop, stop again: done and unchanged are both success", async () => {
    using cli = configured();
    expect(await report(cli, "start", "web")).toMatchObject({ exitCode: 0, outcomes: ["done"], stderr: "" });
    expect(await report(cli, "start", "web")).toMatchObject({ exitCode: 0, outcomes: ["unchanged"] });
    expect(await report(cli, "restart", "web", "--yes")).toMatchObject({ exitCode: 0, outcomes: ["done"] });
    expect(await report(cli, "stop", "web", "--yes")).toMatchObject({ exitCode: 0, outcomes: ["done"] });
    expect(await report(cli, "stop", "web", "--yes")).toMatchObject({ exitCode: 0, outcomes: ["unchanged"] });
  });

  test("several targets: one that fails makes it partial, and the others are done", async () => {
    using cli = configured();
    const several = await report(cli, "start", "web", "nope", "broken");
    expect(several).toMatchObject({ exitCode: 3, outcomes: ["done", "failed", "refused"] });
    expect(JSON.parse(several.stderr).error.code).toBe("PARTIAL");
    expect(several.document.results.map(({ error }) => error?.code ?? null).slice(2)).toEqual(["NOT_FOUND"]);
  });

  test("a dry run tells the plan, needs no --yes and does nothing", async () => {
    using cli = configured();
    await report(cli, "start", "web");
    const dry = await report(cli, "stop", "web", "--dry-run");
    expect(dry).toMatchObject({ exitCode: 0, document: { dryRun: true } });
    expect(dry.document.results[0]?.plan.map(({ op }) => op)).toEqual(["guard", "signal", "wait"]);
    expect((await cli.run(["daemons", "check", "web"])).exitCode).toBe(0);
  });

  test("what cannot be asked is refused before anything happens", async () => {
    using cli = configured();
    await report(cli, "start", "web");
    for (const args of [
      ["stop", "web", "--json"],
      ["stop", "web"],
      ["kill", "web", "--no-input"],
      ["restart", "web"],
    ]) {
      const { exitCode, stdout, stderr } = await cli.run(["daemons", ...args]);
      expect(exitCode).toBe(64);
      expect(stdout).toBe("");
      expect(stderr).toContain("needs --yes");
    }
    expect((await cli.run(["daemons", "check", "web"])).exitCode).toBe(0);
  });

  test("for people: the result on stdout, progress on stderr, nothing of it with -q", async () => {
    using cli = configured();
    const start = await cli.run(["daemons", "start", "web"]);
    expect(start.stdout).toMatch(/^web: done: .*process \d+\n$/);
    expect(start.stderr).toMatch(/^web: running \/bin\/sleep 1000 \(\d+\.\d s\)\n$/);
    expect(await cli.run(["daemons", "stop", "web", "--yes", "-q"])).toMatchObject({ exitCode: 0, stderr: "" });
    const failed = await cli.run(["daemons", "start", "broken"]);
    expect(failed.stdout).toBe("");
    expect(failed.stderr).toContain("muster: ");
    expect(failed.exitCode).toBe(3);
  });

  test("read-only by option and by configuration: nothing changes, nothing gets around it", async () => {
    using cli = configured();
    cli.configure(`read_only = true\n${readText(cli.configFile)}`);
    const lines = [
      ["start", "web"],
      ["stop", "web", "--yes"],
      ["run", "--pid-file", join(cli.runDirectory, "run.pid"), "--", "/bin/sleep", "9"],
    ];
    for (const args of lines) expect((await cli.run(["daemons", ...args])).exitCode).toBe(77);
    const control = ["control", "--start", "--pid-file", join(cli.runDirectory, "run.pid"), "--", "/bin/true"];
    expect((await cli.run(["daemons", ...control])).stderr).toContain("read-only");
    expect((await cli.run(["--read-only", "daemons", ...control], { env: { MUSTER_CONFIG: "" } })).stderr).toContain(
      "read-only",
    );
    expect((await cli.run(["daemons", "check", "web"])).exitCode).toBe(1);
    expect(Array.from(new Bun.Glob("*").scanSync(cli.runDirectory))).toEqual([]);
  });

  test("control is not held up by a configuration file that is no file", async () => {
    using cli = configured();
    const fifo = join(cli.path, "fifo.toml");
    expect(Bun.spawnSync(["mkfifo", fifo]).exitCode).toBe(0);
    const args = ["daemons", "control", "--check", "--pid-file", join(cli.runDirectory, "none.pid")];
    expect((await cli.run(args, { env: { MUSTER_CONFIG: fifo } })).exitCode).toBe(101);
    expect((await cli.run(args, { env: { MUSTER_CONFIG: cli.runDirectory } })).exitCode).toBe(101);
    expect((await cli.run(args, { env: { MUSTER_CONFIG: "/dev/zero" } })).exitCode).toBe(101);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s while it waits: given up, reported, exit %d", async (signal, exitCode) => {
    using cli = configured();
    await report(cli, "start", "slow");
    await until(() => readText(join(cli.path, "slow-is-ready")) !== "");
    const child = cli.spawn(["daemons", "stop", "slow", "--yes"]);
    for await (const chunk of child.stderr) if (new TextDecoder().decode(chunk).includes("waiting")) break;
    child.kill(signal);
    expect(await child.exited).toBe(exitCode);
    const { stdout } = await cli.run(["events", "--json=outcome", "--filter", "code=ACTION_ENDED", "--sort", "-at"]);
    expect(JSON.parse(stdout).items[0]).toEqual({ outcome: "unknown" });
    expect((await cli.run(["daemons", "check", "slow"])).exitCode).toBe(0);
    expect(await report(cli, "stop", "slow", "--yes", "--force", "--timeout", "100ms")).toMatchObject({ exitCode: 0 });
  });

  test("a deadline that passes", async () => {
    using cli = configured();
    await report(cli, "start", "slow");
    await until(() => readText(join(cli.path, "slow-is-ready")) !== "");
    const stop = await report(cli, "stop", "slow", "--yes", "--timeout", "50ms");
    expect(stop).toMatchObject({ outcomes: ["failed"] });
    expect([3, 75]).toContain(stop.exitCode);
    expect(await report(cli, "kill", "slow", "--yes")).toMatchObject({ exitCode: 0, outcomes: ["done"] });
  });

  test("each action has its two audit rows under one id", async () => {
    using cli = configured();
    const { document } = await report(cli, "start", "web");
    const { stdout } = await cli.run(["events", "--json", "--filter", `requestId=${document.requestId}`]);
    const rows = JSON.parse(stdout).items.filter((event: { action: string | null }) => event.action !== null);
    expect(rows).toMatchObject([
      { code: "ACTION_BEGUN", action: "daemon.start" },
      { code: "ACTION_ENDED", outcome: "done" },
    ]);
  });
});

test("events --limit takes the newest of those that fit the filter", async () => {
  using cli = configured();
  await report(cli, "start", "web");
  await report(cli, "stop", "web", "--yes");
  await report(cli, "start", "web");
  const { stdout } = await cli.run(["events", "--json=code,action", "--filter", "code=ACTION_BEGUN", "--limit", "2"]);
  expect(JSON.parse(stdout).items.map((event: { action: string }) => event.action)).toEqual([
    "daemon.stop",
    "daemon.start",
  ]);
  const sorted = await cli.run([
    "events",
    "--json=action",
    "--filter",
    "code=ACTION_BEGUN",
    "--limit",
    "2",
    "--sort",
    "action",
  ]);
  expect(JSON.parse(sorted.stdout).items[0]).toEqual({ action: "daemon.start" });
  expect(JSON.parse((await cli.run(["events", "--json", "--limit", "0"])).stdout).items).toEqual([]);
});

describe("check", () => {
  const cases: readonly (readonly [string, number, number, (cli: CommandLine, path: string) => unknown])[] = [
    ["running", 0, 0, (cli, path) => holder(cli, path, "$$")],
    ["dead, its pid file left", 1, 1, (_, path) => writeFileSync(path, "999999\n")],
    ["dead, its lock held by a child", 2, 0, (cli, path) => holder(cli, path, "999999")],
    ["not running", 3, 1, () => undefined],
    ["unknown", 4, 3, (_, path) => mkdirSync(path)],
  ];
  test.each(cases)("%s: --lsb %d, else %d", async (_, lsb, plain, prepare) => {
    using cli = configured();
    await prepare(cli, join(cli.runDirectory, "web.pid"));
    expect((await cli.run(["daemons", "check", "web", "--lsb", "--json"])).exitCode).toBe(lsb);
    expect((await cli.run(["daemons", "check", "web"])).exitCode).toBe(plain);
    const looking = await cli.run(["--read-only", "daemons", "check", "web", "--lsb"]);
    expect(looking.exitCode).toBe(lsb);
  });
});

test("run: any command becomes a daemon that control and check know", async () => {
  using cli = configured();
  const pidFile = join(cli.runDirectory, "run.pid");
  // A daemon may keep the standard error it was started with, as LibUCW's do: into a file, not into our pipe.
  const run = await cli.shell(`muster daemons run --json --pid-file ${pidFile} --settle 10ms -- /bin/sleep 1000 2>err`);
  expect(run.exitCode).toBe(0);
  expect(v.parse(SCHEMAS.run[1], JSON.parse(run.stdout))).toMatchObject({
    kind: "DaemonRun",
    pidFile,
    pid: Number(readText(pidFile)),
  });
  expect((await cli.run(["daemons", "control", "--check", "--pid-file", pidFile])).exitCode).toBe(0);
  expect((await cli.run(["daemons", "check", "run"])).exitCode).toBe(0);
  const again = await cli.shell(`muster daemons run --pid-file ${pidFile} -- /bin/sleep 1000 2>err`);
  expect(again.exitCode).toBe(4);
  expect((await cli.run(["daemons", "control", "--stop", "--pid-file", pidFile])).exitCode).toBe(0);
  expect(await cli.run(["daemons", "control", "--nope"])).toMatchObject({ exitCode: 1, stdout: "" });
});

describe("streams", () => {
  interface Line {
    readonly type: string;
    readonly seq: number;
    readonly item?: { readonly name: string; readonly state: string };
    readonly event?: { readonly code: string };
    readonly changed?: readonly string[];
  }

  /** Lines as they come; each is checked against the schema and its number. */
  async function* linesOf(child: { readonly stdout: ReadableStream<Uint8Array> }): AsyncGenerator<Line> {
    let rest = "";
    let seq = 0;
    for await (const chunk of child.stdout) {
      const lines = (rest + new TextDecoder().decode(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) {
        const line = v.parse(SCHEMAS.stream[1], JSON.parse(text)) as Line;
        expect(line.seq).toBe(seq++);
        yield line;
      }
    }
    expect(rest).toBe("");
  }

  test.each(["SIGINT", "SIGTERM"] as const)("watch: what is there, what changes, and the end on %s", async (signal) => {
    using cli = configured();
    const child = cli.spawn(["daemons", "watch", "web", "--json"]);
    const seen: Line[] = [];
    let isTold = false;
    for await (const line of linesOf(child)) {
      seen.push(line);
      if (line.type === "sync") expect((await cli.run(["daemons", "start", "web"])).exitCode).toBe(0);
      // Once: a second signal means that it shall end at once.
      if (line.item?.state === "up" && !isTold) child.kill(signal);
      isTold ||= line.item?.state === "up";
    }
    expect(seen.slice(0, 3).map(({ type }) => type)).toEqual(["hello", "upsert", "sync"]);
    expect(seen[1]?.item).toMatchObject({ name: "web", state: "down" });
    expect(seen.flatMap(({ changed }) => changed ?? [])).toContain("state");
    expect(seen.at(-1)).toMatchObject({ type: "end", reason: "signal", exitCode: 0 });
    expect(await child.exited).toBe(0);
  });

  test("watch of a name that is not there: the error in the stream and on stderr, and the end", async () => {
    using cli = configured();
    const { exitCode, stdout, stderr } = await cli.run(["daemons", "watch", "nope", "--json"]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr).error.code).toBe("NOT_FOUND");
    expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
      type: "end",
      reason: "error",
      exitCode: 1,
    });
  });

  test("watch --every writes all of it again", async () => {
    using cli = configured();
    const child = cli.spawn(["daemons", "watch", "--filter", "web", "--every", "20ms", "--json"]);
    let syncs = 0;
    for await (const line of linesOf({ stdout: child.stdout })) {
      if (line.type === "sync" && ++syncs === 3) child.kill("SIGTERM");
    }
    expect(syncs).toBeGreaterThanOrEqual(3);
    expect(await child.exited).toBe(0);
  });

  test("events --follow: the history, then what happens", async () => {
    using cli = configured();
    await report(cli, "start", "web");
    const child = cli.spawn(["events", "--follow", "--json"]);
    const codes: string[] = [];
    let isSynced = false;
    for await (const line of linesOf(child)) {
      if (line.event) codes.push(isSynced ? `new ${line.event.code}` : line.event.code);
      if (line.type === "sync") {
        isSynced = true;
        await report(cli, "stop", "web", "--yes");
      }
      // At that line alone: a second signal means that it shall end at once.
      if (line.event && codes.at(-1) === "new ACTION_ENDED") child.kill("SIGINT");
    }
    expect(codes).toContain("ACTION_BEGUN");
    expect(codes.filter((code) => code === "new ACTION_BEGUN")).toHaveLength(1);
    expect(await child.exited).toBe(0);
  });
});

/** For what has no event of its own: a file that a shell script makes. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
