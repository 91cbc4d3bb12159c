import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { loadConfig } from "#core/config/load.ts";
import { CONFIG_DEFAULTS } from "#core/model/config-defaults.ts";
import { JOB_DEFAULTS, PAGG_DEFAULTS } from "#core/model/pagg-settings.ts";
import { PSM_DEFAULTS } from "#core/model/psm-settings.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

class ConfigDirectory extends TemporaryDirectory {
  readonly main = this.file("muster.toml");

  constructor() {
    super();
    mkdirSync(this.file("daemons.d"));
  }

  load(root = "") {
    return loadConfig({ configFile: this.main, root });
  }

  /** Problems as `file:line: reason`, files by their names within the directory. */
  async problems(): Promise<string[]> {
    const { problems } = await this.load();
    return problems.map(({ file, line, reason }) =>
      `${file}${line === null ? "" : `:${line}`}: ${reason}`.replaceAll(`${this.path}/`, ""),
    );
  }
}

const FULL = `
read_only = true
discover = ["/run", "/var/run/x"]
[daemon.web]
pid_file = "/run/web.pid"
guard_file = "/run/web.guard"
command = ["/usr/sbin/web", "-f"]
daemonizes = true
user = "www"
group = "#33"
directory = "/srv"
environment = { PORT = "80", "A.B" = "c" }
stop_signal = "int"
stop_deadline = 0.5
escalation = ["SIGQUIT", 9]
reload_signal = 10
start_deadline = 86400
description = "front end"
[daemon.db]
pid_file = "/run/db.pid"
[daemon.db.environment]
LANG = "C"
`;

test("everything that can be said", async () => {
  using directory = new ConfigDirectory();
  writeFileSync(directory.main, FULL);
  expect(await directory.load()).toEqual({
    ...CONFIG_DEFAULTS,
    readOnly: true,
    discover: ["/run", "/var/run/x"],
    daemons: [
      {
        name: "web",
        description: "front end",
        pidFile: "/run/web.pid",
        guardFile: "/run/web.guard",
        command: ["/usr/sbin/web", "-f"],
        daemonizes: true,
        user: "www",
        group: "#33",
        directory: "/srv",
        environment: { PORT: "80", "A.B": "c" },
        stopSignal: 2,
        stopDeadlineSeconds: 0.5,
        escalation: [3, 9],
        reloadSignal: 10,
        startDeadlineSeconds: 86_400,
      },
      {
        name: "db",
        description: null,
        pidFile: "/run/db.pid",
        guardFile: "/run/db.lock",
        command: null,
        daemonizes: false,
        user: null,
        group: null,
        directory: "/",
        environment: { LANG: "C" },
        stopSignal: 15,
        stopDeadlineSeconds: 10,
        escalation: [],
        reloadSignal: 1,
        startDeadlineSeconds: 30,
      },
    ],
  });
});

test("no file, no directory: the defaults and no problem", async () => {
  using directory = new TemporaryDirectory();
  const config = await loadConfig({ configFile: directory.file("none/muster.toml"), root: "" });
  expect(config).toEqual(CONFIG_DEFAULTS);
  expect(config).toMatchObject({ readOnly: false, discover: ["/run"], daemons: [], problems: [] });
});

test("drop-ins in the order of their names; others and hidden files are not read", async () => {
  using directory = new ConfigDirectory();
  writeFileSync(directory.file("daemons.d/b.toml"), '[daemon.b]\npid_file = "/run/b.pid"\n');
  writeFileSync(directory.file("daemons.d/a.toml"), '[daemon.a]\npid_file = "/run/a.pid"\n');
  writeFileSync(directory.file("daemons.d/.c.toml"), "broken");
  writeFileSync(directory.file("daemons.d/d.toml~"), "broken");
  const { daemons, problems } = await directory.load();
  expect(daemons.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(problems).toEqual([]);
});

test("under another root pid and guard files are below it", async () => {
  using directory = new ConfigDirectory();
  writeFileSync(directory.main, '[daemon.a]\npid_file = "/run/a.pid"\n');
  const { daemons, discover } = await directory.load("/mnt");
  expect(daemons[0]).toMatchObject({ pidFile: "/mnt/run/a.pid", guardFile: "/mnt/run/a.lock" });
  expect(discover).toEqual(["/run"]);
});

const daemon = (line: string) => `[daemon.web]\npid_file = "/run/web.pid"\n${line}\n`;

test.each([
  [daemon('comand = ["/x"]'), "muster.toml:3: comand is not a key of a daemon; did you mean 'command'?"],
  [daemon('pid-file = "/x"'), "muster.toml:3: pid-file is not a key of a daemon; did you mean 'pid_file'?"],
  [daemon('colour = "red"'), "muster.toml:3: colour is not a key of a daemon"],
  [daemon("command = []"), "muster.toml:3: command is empty: the first element is the program"],
  [daemon('command = ["web"]'), "muster.toml:3: command must begin with an absolute path, not 'web'"],
  [daemon('command = ["/x", 1]'), "muster.toml:3: command element 2 must be a string, not a number"],
  [daemon('command = "/x"'), "muster.toml:3: command must be a list, not a string"],
  [daemon('daemonizes = "yes"'), "muster.toml:3: daemonizes must be true or false, not a string"],
  [daemon("user = 33"), 'muster.toml:3: user must be a string: write "#33" for an id'],
  [daemon('user = "#x"'), "muster.toml:3: user is not a name or \"#id\": '#x'"],
  [daemon('group = ""'), "muster.toml:3: group is empty"],
  [daemon('directory = "srv"'), "muster.toml:3: directory must be an absolute path, not 'srv'"],
  [daemon("environment = 1"), "muster.toml:3: environment must be a table of strings"],
  [daemon("environment = { A = 1 }"), "muster.toml:3: environment.A must be a string, not a number"],
  [daemon('environment = { "A=B" = "" }'), "muster.toml:3: environment.A=B is not a name of a variable"],
  [daemon('stop_signal = "SIGNOPE"'), "muster.toml:3: stop_signal is not a signal: 'SIGNOPE'"],
  [daemon("stop_signal = 0"), "muster.toml:3: stop_signal is not a signal: '0'"],
  [daemon("reload_signal = [1]"), "muster.toml:3: reload_signal must be a signal's name or number, not a list"],
  [daemon('escalation = ["KILL", "X"]'), "muster.toml:3: escalation element 2 is not a signal: 'X'"],
  [daemon("stop_deadline = 0"), "muster.toml:3: stop_deadline must be more than 0 and at most 86400 seconds, not 0"],
  [
    daemon("stop_deadline = nan"),
    "muster.toml:3: stop_deadline must be more than 0 and at most 86400 seconds, not NaN",
  ],
  [daemon("start_deadline = 1979-05-27"), "muster.toml:3: start_deadline must be a number of seconds, not a date"],
  [daemon('description = "a\\u0000b"'), "muster.toml:3: description holds a NUL character"],
  [daemon('[daemon.web.command]\nx = "y"'), "muster.toml:3: command must be a list, not a table"],
  ['[daemon.web]\npid_file = "run/web.pid"\n', "muster.toml:2: pid_file must be an absolute path, not 'run/web.pid'"],
  ['[daemon.web]\ncommand = ["/x"]\n', "muster.toml:1: daemon 'web' has no pid_file"],
  ['[daemon.web]\npid_file = "/run/web"\n', "muster.toml:1: guard_file is needed: pid_file does not end in .pid"],
  [daemon('guard_file = "/run/web.pid"'), "muster.toml:3: guard_file must differ from pid_file"],
  ["[daemon]\nweb = 5\n", "muster.toml:2: daemon 'web' must be a table"],
  ["daemon = 5\n", "muster.toml:1: daemon must be a table: write [daemon.NAME]"],
  [
    '[daemon."a/b"]\npid_file = "/run/a.pid"\n',
    "muster.toml:1: 'a/b' is not a name of a daemon: letters, digits and . _ @ - only",
  ],
  ["[demon.web]\nx = 1\n", "muster.toml:1: 'demon' is not a key; did you mean 'daemon'?"],
  ["readonly = true\n", "muster.toml:1: 'readonly' is not a key; did you mean 'read_only'?"],
  ['discover = ["run"]\n', "muster.toml:1: discover element 1 must be an absolute path, not 'run'"],
  ["read_only = 1\n", "muster.toml:1: read_only must be true or false, not a number; taken as true"],
])("%j", async (text, problem) => {
  using directory = new ConfigDirectory();
  writeFileSync(directory.main, text);
  writeFileSync(directory.file("daemons.d/good.toml"), '[daemon.good]\npid_file = "/run/good.pid"\n');
  expect(await directory.problems()).toEqual([problem]);
  expect((await directory.load()).daemons.map(({ name }) => name)).toEqual(["good"]);
});

test("a table that is not TOML costs itself only", async () => {
  using directory = new ConfigDirectory();
  const good = (name: string) => `[daemon.${name}]\npid_file = "/run/${name}.pid"\n`;
  writeFileSync(
    directory.main,
    `${good("a")}[daemon.bad]\npid_file = "/run\n[daemon.bad.environment]\nX = "1"\n${good("b")}`,
  );
  expect(await directory.problems()).toEqual([expect.stringMatching(/^muster\.toml:4: not valid TOML: /)]);
  expect((await directory.load()).daemons.map(({ name }) => name)).toEqual(["a", "b"]);
});

test("a string so long that the parser gives up costs its table only", async () => {
  using directory = new ConfigDirectory();
  const long = `[daemon.long]\npid_file = "/run/l.pid"\ndescription = "${"x".repeat(900_000)}"\n`;
  writeFileSync(directory.main, `[daemon.a]\npid_file = "/run/a.pid"\n${long}`);
  expect(await directory.problems()).toEqual([expect.stringMatching(/^muster\.toml:3: cannot be parsed: /)]);
  expect((await directory.load()).daemons.map(({ name }) => name)).toEqual(["a"]);
});

test("read-only stays on beside a syntax error", async () => {
  using directory = new ConfigDirectory();
  writeFileSync(directory.main, "read_only = true\nx = = 1\n");
  expect((await directory.load()).readOnly).toBe(true);
});

test("a name declared twice: the second is the problem, and names the first", async () => {
  using directory = new ConfigDirectory();
  writeFileSync(directory.main, '\n[daemon.web]\npid_file = "/run/1.pid"\n[daemon.web]\npid_file = "/run/2.pid"\n');
  writeFileSync(directory.file("daemons.d/x.toml"), '[daemon.web]\npid_file = "/run/3.pid"\nuser = 5\n');
  expect(await directory.problems()).toEqual([
    "muster.toml:4: daemon 'web' is declared already at muster.toml:2",
    "daemons.d/x.toml:1: daemon 'web' is declared already at muster.toml:2",
  ]);
  expect((await directory.load()).daemons.map(({ pidFile }) => pidFile)).toEqual(["/run/1.pid"]);
});

test("two daemons with one pid file: the second is the problem", async () => {
  using directory = new ConfigDirectory();
  writeFileSync(directory.main, '[daemon.a]\npid_file = "/run/1.pid"\n[daemon.b]\npid_file = "/run/1.pid"\n');
  expect(await directory.problems()).toEqual(["muster.toml:4: pid_file is that of 'a' (muster.toml:1)"]);
});

test("settings do not belong in drop-ins", async () => {
  using directory = new ConfigDirectory();
  writeFileSync(directory.file("daemons.d/x.toml"), "read_only = false\n");
  expect(await directory.problems()).toEqual([
    "daemons.d/x.toml:1: 'read_only' does not belong in a drop-in: only [daemon.NAME] does",
  ]);
});

test("files that are no files, too large, or no text", async () => {
  using directory = new ConfigDirectory();
  const inside = (name: string) => directory.file(`daemons.d/${name}.toml`);
  mkdirSync(inside("1-directory"));
  expect(Bun.spawnSync(["mkfifo", inside("2-fifo")]).exitCode).toBe(0);
  writeFileSync(inside("3-large"), "#".repeat(1024 * 1024 + 1));
  writeFileSync(inside("4-binary"), new Uint8Array([0xff, 0xfe, 0x00]));
  symlinkSync(inside("5-loop"), inside("5-loop"));
  symlinkSync("/dev/zero", inside("6-device"));
  symlinkSync(directory.file("nowhere"), inside("7-dangling"));
  writeFileSync(inside("8-fits"), "#".repeat(1024 * 1024));
  expect(await directory.problems()).toEqual([
    "daemons.d/1-directory.toml: is a directory",
    "daemons.d/2-fifo.toml: is not a regular file",
    "daemons.d/3-large.toml: is larger than 1 MiB",
    "daemons.d/4-binary.toml: is not UTF-8",
    "daemons.d/5-loop.toml: cannot be read: too many symbolic links",
    "daemons.d/6-device.toml: is not a regular file",
  ]);
});

test("a file that may not be read", async () => {
  using directory = new ConfigDirectory();
  writeFileSync(directory.main, "");
  chmodSync(directory.main, 0);
  // root reads everything, so another user looks
  chmodSync(directory.path, 0o755);
  const script = `
    import { loadConfig } from "${import.meta.dir}/../../../core/config/load.ts";
    process.setuid(65534);
    process.stdout.write(JSON.stringify((await loadConfig({ configFile: "${directory.main}", root: "" })).problems));
  `;
  if (process.getuid?.() !== 0) return;
  const { stdout } = Bun.spawnSync([process.execPath, "-e", script]);
  expect(JSON.parse(stdout.toString())).toEqual([
    { file: directory.main, line: null, reason: "cannot be read: permission denied" },
  ]);
});

test("no bytes whatever make it throw", async () => {
  using directory = new ConfigDirectory();
  const words = fc.constantFrom(
    "[daemon.web]",
    "pid_file",
    "=",
    '"/run/x.pid"',
    "\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    '"""',
    "a.b",
    "1",
    "#",
  );
  const text = fc.array(words, { maxLength: 30 }).map((parts) => new TextEncoder().encode(parts.join(" ")));
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), text), async (bytes) => {
      writeFileSync(directory.main, bytes);
      const { problems } = await directory.load();
      for (const { line } of problems) expect(line === null || line >= 1).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("settings of the process set: each mistake costs its own setting", async () => {
  using directory = new ConfigDirectory();
  writeFileSync(directory.main, "[psm]\ncat_max = 40\nmem_max = 20_000\nmem_autocat = false\nnoevm = 12\n");
  expect((await directory.load()).psm).toEqual({ catMax: 40, memMax: 20_000, memAutocat: false, noevm: 12 });
  writeFileSync(directory.main, '[psm]\ncat_max = -1\nmem_max = "many"\nmem_autocat = 1\nnoevm = 16\ncat_mx = 3\n');
  expect((await directory.load()).psm).toEqual(PSM_DEFAULTS);
  expect(await directory.problems()).toEqual([
    "muster.toml:2: psm.cat_max must be a whole number from 0 to 9007199254740991, not -1",
    "muster.toml:3: psm.mem_max must be a number, not a string",
    "muster.toml:4: psm.mem_autocat must be true or false, not a number",
    "muster.toml:5: psm.noevm must be a whole number from 0 to 15, not 16",
    "muster.toml:6: 'psm.cat_mx' is not a key; did you mean 'cat_max'?",
  ]);
  writeFileSync(directory.main, "psm = 3\n");
  expect(await directory.problems()).toEqual(["muster.toml:1: psm must be a table: write [psm]"]);
});

test("[pagg] and [jobs]: the modules' directories, and what the Job module is to do", async () => {
  using directory = new ConfigDirectory();
  const text = [
    "[pagg]",
    'modules = ["/etc/muster/modules"]',
    'load = ["sessions", "/etc/muster/modules/other.ts"]',
    "stall_seconds = 0.5",
    "[jobs]",
    'cgroup = "/muster//jobs/"',
    "hid = 0x7f000001",
    'jobd_socket = "/run/jobd/jobd-socket"',
    "reports = 100",
  ];
  writeFileSync(directory.main, text.join("\n"));
  const { pagg, jobs, problems } = await directory.load();
  expect(problems).toEqual([]);
  const load = ["sessions", "/etc/muster/modules/other.ts"];
  expect(pagg).toEqual({ modules: ["/etc/muster/modules"], load, stallSeconds: 0.5 });
  expect(jobs).toEqual({ cgroup: "/muster/jobs", hid: 0x7f000001, jobdSocket: "/run/jobd/jobd-socket", reports: 100 });
});

test("mistakes in [pagg] and [jobs] leave the defaults, each with its line", async () => {
  using directory = new ConfigDirectory();
  const path = `/${"x".repeat(107)}`;
  const text = [
    "[pagg]",
    'modules = ["etc"]',
    "stall_seconds = 0",
    'load = ["a", "b\\u001b"]',
    "[jobs]",
    'cgroup = "/a/../b"',
    "hid = 0x1_0000_0000",
    `jobd_socket = "${path}"`,
    "reports = -1",
    'job_socket = "/run/s"',
  ];
  writeFileSync(directory.main, text.join("\n"));
  const { pagg, jobs } = await directory.load();
  expect([pagg, jobs]).toEqual([PAGG_DEFAULTS, JOB_DEFAULTS]);
  expect(await directory.problems()).toEqual([
    "muster.toml:2: pagg.modules element 1 must be an absolute path, not 'etc'",
    "muster.toml:3: pagg.stall_seconds must be more than 0 and at most 86400 seconds, not 0",
    "muster.toml:4: pagg.load element 2 holds a control character",
    "muster.toml:6: jobs.cgroup must not hold '.' or '..'",
    "muster.toml:7: jobs.hid must be a whole number from 0 to 4294967295, not 4294967296",
    "muster.toml:8: jobs.jobd_socket is 108 bytes long: the path of a socket has at most 107",
    "muster.toml:9: jobs.reports must be a whole number from 0 to 9007199254740991, not -1",
    "muster.toml:10: 'jobs.job_socket' is not a key; did you mean 'jobd_socket'?",
  ]);
  writeFileSync(directory.main, '[jobs]\ncgroup = "/"\n');
  expect(await directory.problems()).toEqual(["muster.toml:2: jobs.cgroup must not be the root of all control groups"]);
});
