/** The command line as a process: what scripts see. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { COMMANDS } from "#app/cli/commands.ts";
import { SCHEMAS } from "#core/output/schema-definitions.ts";
import { CommandLine, type RunResult } from "#test/harness/cli.ts";

/** Each test runs several processes: under load that takes its time. */
setDefaultTimeout(60_000);

const ONE = '[daemon.one]\npid_file = "/nonexistent-muster-test/one.pid"\n';

function documentOf(result: RunResult): Record<string, unknown> {
  expect(result.stdout.endsWith("\n")).toBe(true);
  expect(result.stdout.slice(0, -1)).not.toContain("\n");
  return JSON.parse(result.stdout);
}

/** The error line, checked against its schema. */
function errorOf({ stderr }: RunResult): { code: string; message: string; hint: string | null; exitCode: number } {
  const lines = stderr.split("\n").slice(0, -1);
  expect(lines).toHaveLength(1);
  const { error, exitCode } = v.parse(SCHEMAS.error[1], JSON.parse(lines[0] ?? ""));
  return { ...error, exitCode };
}

describe("one JSON document, whatever the command and whatever there is", () => {
  const lines = [
    "daemons",
    "daemons list",
    "categories",
    "categories list --filter well",
    "members",
    "members list --record",
    "snapshot",
    "events",
    "doctor",
    "schema",
    "schema daemons",
    "serve --stop",
    "help",
    "man",
    "--version",
    "completions zsh",
    "daemons --help",
    "help daemons stop",
    "daemons list --json=name,lock.held",
    "events --since 10m --limit 3",
  ];
  test.each(
    lines.flatMap((line) => [
      [line, ""],
      [line, ONE],
    ]),
  )("%s, configured as %j", async (line, toml) => {
    using cli = new CommandLine(toml);
    const result = await cli.run([...line.split(" "), ...(line.includes("--json") ? [] : ["--json"])]);
    expect(result).toMatchObject({ exitCode: 0, stderr: "" });
    expect(documentOf(result)).toBeObject();
  });

  test("every command of the table is among them, or is tested with its kind or with the service", () => {
    const others = COMMANDS.map(({ name }) => name).filter(
      (name) =>
        !/^(daemons|categories|members|modules|jobs|attachments|endpoints|policies|containers|processes|root|fixture) |^(serve|record|play)$|^$/.test(
          name,
        ),
    );
    for (const name of others) expect(lines.some((line) => line.startsWith(name))).toBe(true);
  });
});

test("documents are what their schemas say", async () => {
  using cli = new CommandLine(ONE);
  for (const [line, name] of [
    ["daemons list", "daemons"],
    ["daemons get one", "daemons"],
    ["snapshot", "snapshot"],
    ["events", "events"],
    ["--version", "version"],
    ["doctor", "doctor"],
  ] as const) {
    const document = documentOf(await cli.run([...line.split(" "), "--json"]));
    expect(v.safeParse(SCHEMAS[name][1], document).issues).toBeUndefined();
  }
});

test("a list is a list with no item, with one, and with a limit", async () => {
  using cli = new CommandLine();
  expect(documentOf(await cli.run(["daemons", "list", "--json"])).items).toEqual([]);
  cli.configure(`${ONE}[daemon.two]\npid_file = "/nonexistent-muster-test/two.pid"\n`);
  expect(documentOf(await cli.run(["daemons", "list", "--json=name", "--limit", "1"])).items).toEqual([
    { name: "one" },
  ]);
  expect(documentOf(await cli.run(["daemons", "list", "--json=name", "--sort", "-name"])).items).toEqual([
    { name: "two" },
    { name: "one" },
  ]);
  expect(documentOf(await cli.run(["daemons", "list", "--json=name", "--filter", "tw state=down"])).items).toEqual([
    { name: "two" },
  ]);
});

test("the same facts make the same document, but for the time", async () => {
  using cli = new CommandLine(ONE);
  const runs = await Promise.all([1, 2, 3].map(() => cli.run(["daemons", "list", "--json"])));
  expect(new Set(runs.map(({ stdout }) => stdout.replace(/"generatedAt":"[^"]*"/, ""))).size).toBe(1);
});

test("MUSTER_OUTPUT=json is --json, --pretty indents", async () => {
  using cli = new CommandLine(ONE);
  const env = { MUSTER_OUTPUT: "json" };
  expect(documentOf(await cli.run(["daemons", "list"], { env })).kind).toBe("DaemonList");
  const pretty = await cli.run(["daemons", "list", "--pretty"], { env });
  expect(pretty.stdout).toStartWith('{\n  "schema": "muster/1",\n  "kind": "DaemonList"');
  expect((await cli.run(["daemons", "list", "--pretty", "--compact"], { env })).exitCode).toBe(64);
});

describe("failures: stdout empty, one line on stderr, the exit code of the error code", () => {
  test.each([
    ["", 2, "NO_TERMINAL"],
    ["deamons", 64, "USAGE"],
    ["daemons list --nope", 64, "USAGE"],
    ["daemons list --json=nope", 64, "UNKNOWN_FIELD"],
    ["daemons list --filter nope=1", 64, "UNKNOWN_FIELD"],
    ["daemons list --root /nonexistent", 64, "USAGE"],
    ["daemons list --config /nonexistent.toml", 78, "BAD_CONFIG"],
    ["daemons get nope", 1, "NOT_FOUND"],
    ["daemons check nope", 1, "NOT_FOUND"],
    ["daemons start nope nix", 3, "PARTIAL"],
    ["daemons stop one", 64, "USAGE"],
    ["daemons signal one --signal nope --yes", 64, "USAGE"],
    ["daemons run --pid-file relative.pid -- /bin/true", 64, "USAGE"],
    ["daemons run --read-only --pid-file /x.pid -- /bin/true", 77, "READ_ONLY"],
    ["daemons start one --read-only", 77, "READ_ONLY"],
    ["daemons start one", 4, "NOT_ALLOWED_NOW"],
    ["snapshot --json=x", 64, "USAGE"],
    ["schema nope", 64, "USAGE"],
    ["completions tcsh", 64, "USAGE"],
    ["help nope", 64, "USAGE"],
    ["events --since yesterday", 64, "USAGE"],
    ["events --follow --sort at", 64, "USAGE"],
    ["daemons watch --every 0", 64, "USAGE"],
  ])("%s", async (line, exitCode, code) => {
    using cli = new CommandLine(ONE);
    const words = line.split(" ").filter((word) => word !== "");
    const at = words.indexOf("--");
    const json = words.some((word) => word.startsWith("--json")) ? [] : ["--json"];
    const args = at < 0 ? [...words, ...json] : [...words.slice(0, at), ...json, ...words.slice(at)];
    const result = await cli.run(args);
    expect(errorOf(result)).toMatchObject({ code, exitCode });
    expect(result.exitCode).toBe(exitCode);
    if (result.stdout !== "") expect(documentOf(result).kind).toBe("ActionResult");
    if (line.includes("--json")) return;
    const human = await cli.run(args.filter((word) => word !== "--json"));
    expect(human.exitCode).toBe(exitCode);
    expect(human.stderr).toStartWith("muster: ");
  });

  test("a wrong name is answered with the near one; one that fits two with both", async () => {
    using cli = new CommandLine('[daemon.web]\npid_file = "/nonexistent-muster-test/web.pid"\n');
    expect(errorOf(await cli.run(["daemons", "get", "wbe", "--json"])).hint).toBe("did you mean 'web'?");
    cli.write("run/a/x.pid", "");
    cli.write("run/b/x.pid", "");
    const error = errorOf(await cli.run(["daemons", "get", "x", "--json"]));
    expect(error).toMatchObject({ code: "AMBIGUOUS", exitCode: 64 });
    expect(error.hint).toContain(join(cli.runDirectory, "a/x.pid"));
    const id = documentOf(await cli.run(["daemons", "get", join(cli.runDirectory, "a/x.pid"), "--json=id"])).items;
    expect(id).toHaveLength(1);
  });

  test("some found, some not: the document has both, and it is partial", async () => {
    using cli = new CommandLine(ONE);
    const result = await cli.run(["daemons", "get", "one", "nope", "--json"]);
    expect(result.exitCode).toBe(3);
    expect(documentOf(result)).toMatchObject({ complete: false, warnings: [{ code: "NOT_FOUND", target: "nope" }] });
  });
});

describe("mistakes in the configuration", () => {
  const BAD = '[daemon.bad]\npid_file = "run/x.pid"\n';

  test("are warnings, and the rest works", async () => {
    using cli = new CommandLine(ONE + BAD);
    const document = documentOf(await cli.run(["daemons", "list", "--json"]));
    const target = `${cli.configFile}:5`;
    expect(document).toMatchObject({ complete: false, warnings: [{ code: "CONFIG_PROBLEM", target }] });
    expect(document.items).toHaveLength(1);
    const human = await cli.run(["daemons", "list"]);
    expect(human.stderr).toBe(`muster: ${target}: pid_file must be an absolute path, not 'run/x.pid'\n`);
    expect((await cli.run(["daemons", "list", "-q"])).stderr).toBe("");
  });

  test("are errors with --strict, and doctor shows them all", async () => {
    using cli = new CommandLine(ONE + BAD);
    const strict = await cli.run(["daemons", "list", "--strict", "--json"]);
    expect(strict).toMatchObject({ exitCode: 78, stdout: "" });
    expect(errorOf(strict).code).toBe("BAD_CONFIG");
    const doctor = await cli.run(["doctor", "--json"]);
    expect(doctor).toMatchObject({ exitCode: 1, stderr: "" });
    expect(doctor.stdout).toContain("pid_file must be an absolute path");
  });

  test("incomplete data is an error with --strict only", async () => {
    using cli = new CommandLine('discover = ["/nonexistent-muster-test"]\n');
    const loose = await cli.run(["daemons", "list", "--json"]);
    expect(documentOf(loose)).toMatchObject({ complete: false });
    expect(loose.exitCode).toBe(0);
    const strict = await cli.run(["daemons", "list", "--json", "--strict"]);
    expect(strict.exitCode).toBe(3);
    expect(errorOf(strict).code).toBe("PARTIAL");
    documentOf(strict);
  });

  test("a MUSTER_CONFIG that names nothing is told of", async () => {
    using cli = new CommandLine();
    const env = { MUSTER_CONFIG: "/nonexistent-muster-test.toml" };
    const { stdout } = await cli.run(["daemons", "list", "--json=id", "--limit", "0"], { env });
    expect(stdout).toContain("MUSTER_CONFIG names it");
  });
});

test("--root looks at a tree and changes nothing in it", async () => {
  using cli = new CommandLine();
  const tree = join(cli.path, "tree");
  mkdirSync(join(tree, "etc/muster"), { recursive: true });
  mkdirSync(join(tree, "proc/sys/kernel"), { recursive: true });
  mkdirSync(join(tree, "run"));
  writeFileSync(join(tree, "proc/sys/kernel/hostname"), "othernode\n");
  writeFileSync(join(tree, "run/web.pid"), "812\n");
  writeFileSync(join(tree, "etc/muster/muster.toml"), '[daemon.web]\npid_file = "/run/web.pid"\ncommand = ["/x"]\n');
  const env = { MUSTER_CONFIG: "", MUSTER_STATE_DIR: "", MUSTER_RUNTIME_DIR: "" };
  const before = Bun.spawnSync(["find", tree, "-printf", "%p %T@ %C@\n"]).stdout.toString();
  const list = documentOf(await cli.run(["daemons", "list", "--root", tree, "--json"], { env }));
  expect(list).toMatchObject({ host: "othernode", source: { type: "tree", root: tree } });
  expect(list.items).toMatchObject([
    { id: "othernode/daemon/web", state: "stale", pidFile: join(tree, "run/web.pid") },
  ]);
  const check = await cli.run(["daemons", "check", "web", "--lsb", "--root", tree, "--json"], { env });
  expect(check.exitCode).toBe(1);
  const start = await cli.run(["daemons", "start", "web", "--root", tree, "--json"], { env });
  expect(errorOf(start)).toMatchObject({ code: "UNSUPPORTED", exitCode: 2 });
  for (const words of [
    ["control", "--check", "--pid-file", "/x.pid"],
    ["run", "--pid-file", "/x.pid", "--", "/bin/true"],
  ]) {
    expect((await cli.run(["--root", tree, "daemons", ...words], { env })).exitCode).toBe(2);
  }
  expect(Bun.spawnSync(["find", tree, "-printf", "%p %T@ %C@\n"]).stdout.toString()).toBe(before);
});

test("text from outside cannot act on the terminal", async () => {
  using cli = new CommandLine();
  cli.write("run/\x1b[2Jevil\n.pid", "");
  const { stdout, stderr } = await cli.run(["daemons", "list"]);
  expect(stdout + stderr).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
  expect(stdout.split("\n")).toHaveLength(2);
  const document = documentOf(await cli.run(["daemons", "list", "--json=name"]));
  expect(document.items).toMatchObject([{ name: expect.stringContaining("\x1b[2Jevil\n") }]);
});

describe("outputs that cannot be written, or that nobody reads", () => {
  test.each(["daemons list --json", "daemons list", "man", "daemons watch --json", "daemons watch"])(
    "%s on a full disk",
    async (line) => {
      using cli = new CommandLine(ONE);
      const result = await cli.shell(`muster ${line} > /dev/full`);
      expect(result.exitCode).toBe(74);
      if (line.includes("--json")) expect(errorOf(result)).toMatchObject({ code: "OUTPUT", exitCode: 74 });
      else expect(result.stderr).toContain("cannot write standard output: ENOSPC");
    },
  );

  test.each([
    "man",
    "daemons list --json",
    "help --json",
    "daemons watch --json",
    "events --follow --json",
    "daemons watch",
  ])("%s | head -1", async (line) => {
    using cli = new CommandLine(ONE);
    const result = await cli.shell(`muster ${line} | head -1; echo "\${PIPESTATUS[0]}" >&2`);
    expect(result.stderr).toBe("0\n");
    expect(result.stdout.split("\n")).toHaveLength(2);
  });

  test("closed standard output and standard error", async () => {
    using cli = new CommandLine(ONE);
    expect((await cli.shell("muster daemons list --json >&-")).exitCode).toBe(0);
    expect((await cli.shell("muster daemons list --json 2>&-")).exitCode).toBe(0);
    expect((await cli.shell("muster nope >&- 2>&-")).exitCode).toBe(64);
    expect((await cli.shell("muster nope --json >/dev/null")).stderr).toContain('"code":"USAGE"');
  });

  test("ten megabytes through a slow pipe come whole", async () => {
    using cli = new CommandLine();
    const text = "x".repeat(30_000);
    for (let n = 100; n < 460; n++) {
      const toml = `[daemon.d${n}]\npid_file = "/nonexistent-muster-test/${n}.pid"\ndescription = "${text}"\n`;
      cli.write(`etc/daemons.d/${n}.toml`, toml);
    }
    const result = await cli.shell("muster daemons list --json | (sleep 0.2; dd bs=4096 status=none)");
    expect(result.stdout.length).toBeGreaterThan(10_000_000);
    const { items } = JSON.parse(result.stdout);
    expect(items).toHaveLength(360);
    expect(items[359].description).toBe(text);
  });
});

test("an internal error says that it is one (70), with a stack only if that is asked for", () => {
  const fail = (variables: object) => {
    const script = `
      import { fail } from "${import.meta.dir}/../../../app/cli/context.ts";
      process.exit(fail({ isJson: true, variables: ${JSON.stringify(variables)} }, new TypeError("x is not a function")));
    `;
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, "-e", script]);
    return { exitCode, stdout: "", stderr: stderr.toString() };
  };
  expect(fail({}).exitCode).toBe(70);
  expect(errorOf(fail({}))).toMatchObject({ code: "INTERNAL", message: "x is not a function", exitCode: 70 });
  expect(fail({ MUSTER_DEBUG: "1" }).stderr).toContain("TypeError: x is not a function");
});
