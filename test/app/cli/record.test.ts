/** `muster record` as its users have it: what it writes, how it ends, and what it says when it cannot. */
import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { CommandLine, MAIN } from "#test/harness/cli.ts";

const isRoot = process.getuid?.() === 0;

function records(path: string): Record<string, unknown>[] {
  const bytes = readFileSync(path);
  const text = path.endsWith(".gz") ? gunzipSync(bytes).toString() : bytes.toString();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** What a process writes to standard error, as it comes. */
class Heard {
  text = "";
  readonly end: Promise<void>;
  #waiting: (() => void)[] = [];
  #isOver = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.end = this.#listen(stream);
  }

  async until(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      if (this.#isOver) throw new Error(`it ended without '${text}': ${this.text}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async #listen(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      this.text += decoder.decode(bytes, { stream: true });
      this.#wake();
    }
    this.#isOver = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

test("for a while: a whole recording, which plays", async () => {
  using cli = new CommandLine();
  cli.write("run/a.pid", "999999\n");
  const { exitCode, stdout, stderr } = await cli.run(["record", "r.muster.ndjson", "--for", "100ms"]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
  expect(stderr).toContain("recording to r.muster.ndjson; Ctrl-C ends it");
  expect(stderr).toMatch(/wrote r\.muster\.ndjson: \d+ records, \d+ bytes/);
  const path = join(cli.path, "r.muster.ndjson");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const [header, ...others] = records(path);
  expect(header).toMatchObject({ muster: 1, redacted: ["secrets"] });
  for (const kind of ["daemons", "members", "jobs", "endpoints", "events"]) {
    expect(others.filter(({ src }) => src === kind)[0]?.op).toMatch(/^(reset|unavailable)$/);
  }
  expect(others.at(-1)?.end).toEqual({ reason: "time" });
  const played = await cli.run(["play", path, "--json", "--speed", "max"]);
  expect(played.exitCode).toBe(0);
  expect(JSON.parse(played.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ type: "end", exitCode: 0 });
});

test("a document for programs; a packed file; names taken out; some kinds", async () => {
  using cli = new CommandLine();
  const args = ["record", "r.gz", "--for", "50ms", "--json", "--redact", "hosts,users", "--kinds", "daemons,events"];
  const { exitCode, stdout, stderr } = await cli.run(args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({
    schema: "muster/1",
    kind: "Recording",
    path: "r.gz",
    reason: "time",
    lost: 0,
    kinds: ["daemons", "events"],
    redacted: ["secrets", "hosts", "users"],
    flights: [],
  });
  const [header, ...others] = records(join(cli.path, "r.gz"));
  expect(header?.host).toMatch(/^host-[0-9a-f]{8}$/);
  expect(others.length).toBe(document.records);
  expect(others.find(({ src }) => src === "jobs")).toMatchObject({ op: "unavailable" });
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends it in order", async (signal) => {
  using cli = new CommandLine();
  const child = cli.spawn(["record", "r"]);
  await new Heard(child.stderr).until("Ctrl-C ends it");
  child.kill(signal);
  expect(await child.exited).toBe(0);
  expect(records(join(cli.path, "r")).at(-1)?.end).toEqual({ reason: "stopped" });
});

test("the last minutes: SIGUSR1 writes them to a file of its own, the end to the one that was named", async () => {
  using cli = new CommandLine();
  const child = cli.spawn(["record", "r.muster.ndjson", "--last", "10s"]);
  const heard = new Heard(child.stderr);
  await heard.until("keeping the last 10 s");
  expect(existsSync(join(cli.path, "r.muster.ndjson"))).toBe(false);
  child.kill("SIGUSR1");
  await heard.until("wrote r.");
  child.kill("SIGTERM");
  await heard.end;
  expect(await child.exited).toBe(0);
  const names = readdirSync(cli.path).filter((name) => name.startsWith("r."));
  expect(names.sort()).toEqual([expect.stringMatching(/^r\.\d{8}T\d{6}\.\d{3}Z\.muster\.ndjson$/), "r.muster.ndjson"]);
  for (const name of names) expect(heard.text).toContain(`wrote ${name}: `);
  for (const name of names) expect(records(join(cli.path, name))[0]).toMatchObject({ muster: 1 });
});

test("what is there stays, unless it is to be replaced", async () => {
  using cli = new CommandLine();
  const path = cli.write("r", "precious");
  for (const more of [[], ["--last", "10s"]]) {
    const { exitCode, stderr } = await cli.run(["record", "r", "--for", "50ms", ...more]);
    expect(exitCode).toBe(64);
    expect(stderr).toBe("muster: r exists already\n  another name, or --force to replace it\n");
    expect(readFileSync(path, "utf8")).toBe("precious");
  }
  expect((await cli.run(["record", "r", "--for", "50ms", "--force"])).exitCode).toBe(0);
  expect(records(path)[0]?.muster).toBe(1);
});

const WRONG: readonly (readonly [args: readonly string[], problem: string])[] = [
  [[], "FILE"],
  [["r", "--for", "0"], "--for must be more than 0"],
  [["r", "--last", "0"], "--last must be more than 0"],
  [["r", "--for", "soon"], "--for needs a time"],
  [["r", "--kinds", "deamons"], "--kinds does not know 'deamons'"],
  [["r", "--redact", "names"], "--redact does not know 'names'"],
  [["r", "--redact", "argv", "--keep-argv"], "--keep-argv and --redact argv exclude each other"],
  [["r", "--max-size", "many"], "--max-size needs a size such as 500K, 100M or 2G"],
  [["r", "--max-size", "1K"], "--max-size must be at least 4096 bytes"],
  [["r", "--keys", "--last", "1m"], "--keys and --last exclude each other"],
];

test.each(WRONG)("wrong: %p", async (args, problem) => {
  using cli = new CommandLine();
  const { exitCode, stderr } = await cli.run(["record", ...args]);
  expect(stderr).toContain(problem);
  expect(exitCode).toBe(64);
  expect(existsSync(join(cli.path, "r"))).toBe(false);
});

test("keys need a terminal, and nothing is left behind without one", async () => {
  using cli = new CommandLine();
  const { exitCode } = await cli.run(["record", "r", "--keys"]);
  expect(exitCode).toBe(2);
  expect(existsSync(join(cli.path, "r"))).toBe(false);
});

test("a directory that is not there", async () => {
  using cli = new CommandLine();
  for (const more of [[], ["--last", "10s"]]) {
    const { exitCode, stderr } = await cli.run(["record", "none/r", "--for", "50ms", ...more]);
    expect(stderr).toContain("cannot write none/r: ENOENT");
    expect(exitCode).toBe(74);
  }
});

test.skipIf(isRoot)("a directory that may not be written (not as root: to root all may be)", async () => {
  using cli = new CommandLine();
  mkdirSync(join(cli.path, "closed"));
  chmodSync(join(cli.path, "closed"), 0o500);
  const { exitCode, stderr } = await cli.run(["record", "closed/r", "--for", "50ms"]);
  expect(stderr).toContain("cannot write closed/r: EACCES");
  expect(exitCode).toBe(77);
});

/** Pid files enough that what is known at the beginning is larger than 64 KiB. */
function crowded(cli: CommandLine): void {
  for (let index = 0; index < 300; index++) writeFileSync(join(cli.runDirectory, `d${index}.pid`), "999999\n");
}

for (const name of ["r.muster.ndjson", "r.muster.ndjson.gz"]) {
  test(`a limit of the size of files ends it with whole records (${name})`, async () => {
    using cli = new CommandLine();
    crowded(cli);
    const limit = name.endsWith(".gz") ? 4 : 64;
    const { exitCode, stderr } = await cli.shell(`ulimit -f ${limit}; muster record ${name} --for 500ms`);
    expect(stderr).toContain(`cannot write ${name}: EFBIG`);
    expect(stderr).toContain("(it cannot go on)");
    expect(exitCode).toBe(74);
    expect(records(join(cli.path, name))[0]?.muster).toBe(1);
    const played = await cli.run(["play", join(cli.path, name), "--json"]);
    expect(played.exitCode).toBe(0);
  });
}

const cannotMount =
  isRoot && Bun.spawnSync(["unshare", "-m", "true"]).exitCode === 0 ? null : "needs root and unshare(1)";
if (cannotMount !== null) process.stderr.write(`skipped: a full disk: ${cannotMount}\n`);

test.skipIf(cannotMount !== null)(
  "a full disk ends it with whole records, and where there is no room at all no file is left",
  async () => {
    using cli = new CommandLine();
    crowded(cli);
    mkdirSync(join(cli.path, "disk"));
    const script = `mount -t tmpfs -o size=32k none disk
${process.execPath} ${MAIN} record disk/r --for 30s; echo $?; tail -n +2 disk/r | wc -l; head -c 10 disk/r; echo
head -c 100000 /dev/zero > disk/zero 2>/dev/null
${process.execPath} ${MAIN} record disk/s --for 30s; echo $?; ls disk`;
    const child = Bun.spawn(["unshare", "-m", "sh", "-c", script], {
      cwd: cli.path,
      env: cli.env,
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    const lines = stdout.trim().split("\n");
    expect(stderr).toContain("cannot write disk/r: ENOSPC");
    expect(stderr).toContain("the disk is full: what was recorded until then can be played");
    expect(stderr).toContain("cannot write disk/s: ENOSPC\n  the disk is full: nothing was recorded\n");
    expect(lines[0]).toBe("74");
    expect(lines[2]).toBe('{"muster":');
    expect(lines.slice(3)).toEqual(["74", "r", "zero"]);
  },
);

test("the size is kept to", async () => {
  using cli = new CommandLine();
  crowded(cli);
  const { exitCode, stdout } = await cli.run(["record", "r", "--for", "30s", "--max-size", "8K", "--json"]);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ reason: "size" });
  expect(statSync(join(cli.path, "r")).size).toBeLessThanOrEqual(8192);
});

test("a service that runs alone is recorded over its socket", async () => {
  using cli = new CommandLine();
  const service = cli.spawn(["serve", "--foreground"]);
  cli.defer(() => service.kill("SIGKILL"));
  await new Heard(service.stderr).until("listens as process");
  const child = cli.spawn(["record", "r"]);
  await new Heard(child.stderr).until("Ctrl-C ends it");
  const added = await cli.run(["categories", "add", "recorded"]);
  expect(added.exitCode).toBe(0);
  child.kill("SIGINT");
  expect(await child.exited).toBe(0);
  const ids = records(join(cli.path, "r")).flatMap(({ op, item }) =>
    op === "upsert" ? [(item as { id: string }).id] : [],
  );
  expect(ids.some((id) => id.endsWith("/category/recorded"))).toBe(true);
  service.kill("SIGTERM");
  expect(await service.exited).toBe(0);
});
