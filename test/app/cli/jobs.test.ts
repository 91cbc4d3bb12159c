/** Jobs and modules as an operator and a script give them: one service of the test's own keeps them. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import type { Job } from "#core/model/job.ts";
import { SCHEMAS } from "#core/output/schema-definitions.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { CommandLine, MAIN } from "#test/harness/cli.ts";
import { groupsMissing, ownGroup, sweepGroup } from "#test/harness/job-set.ts";
import { Perl } from "#test/harness/perl.ts";
import { TrustedDirectory } from "#test/harness/trusted-directory.ts";

/** Each test runs several processes: under load that takes its time. */
setDefaultTimeout(60_000);

const NODE = hostname();
const missing = process.getuid?.() === 0 ? groupsMissing : "it needs root";
if (missing !== null) process.stderr.write(`jobs.test.ts is left out: ${missing}\n`);
const run = test.skipIf(missing !== null);

const group = ownGroup();
let cli: CommandLine;
let modules: TrustedDirectory;

beforeAll(async () => {
  if (missing !== null) return;
  modules = new TrustedDirectory();
  cli = new CommandLine();
  cli.configure(
    `[jobs]\ncgroup = "/${group}"\njobd_socket = "${join(cli.path, "jobd/jobd-socket")}"\n[pagg]\nmodules = ["${modules.path}"]\n`,
  );
  // Others may come as far as the socket.
  for (const name of ["", "runtime"]) chmodSync(join(cli.path, name), 0o755);
  expect((await cli.run(["serve"])).exitCode).toBe(0);
});

afterAll(async () => {
  if (missing !== null) return;
  const { stdout } = await muster("jobs list --json");
  for (const { jid } of JSON.parse(stdout).items) await muster(`jobs kill --signal KILL --yes ${jid}`);
  Bun.spawnSync([process.execPath, MAIN, "serve", "--stop"], { env: cli.env });
  sweepGroup(group);
  cli[Symbol.dispose]();
  modules[Symbol.dispose]();
});

const muster = (line: string, ...more: readonly string[]) => cli.run([...line.split(" "), ...more]);
const errorOf = (stderr: string) => JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error;

/** A job of a command; its jid. */
async function create(...command: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await muster("jobs create --", ...command);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toMatch(/^0x[0-9a-f]{16}\n$/);
  return stdout.trim();
}

/** Until it has exited. */
async function kill(pid: number | null | undefined): Promise<void> {
  using held = PidFd.open(pid ?? 0);
  held?.sendSignal(9);
  await held?.exited();
}

async function attachedPids(filter: string): Promise<ReadonlySet<number>> {
  const { items } = JSON.parse((await muster(`attachments list --filter ${filter} --json`)).stdout);
  return new Set(items.map(({ pid }: { pid: number }) => pid));
}

async function action(line: string, ...more: readonly string[]) {
  const { exitCode, stdout, stderr } = await muster(line, ...more, "--json");
  const document = v.parse(SCHEMAS.action[1], JSON.parse(stdout));
  return { exitCode, stderr, results: document.results };
}

describe("a job from its creation to its report", () => {
  run("jobs create -- CMD returns at once; list, pids, wait and report tell of it", async () => {
    const jid = await create("sh", "-c", "sleep 1 & sleep 2; exit 3");
    const list = v.parse(SCHEMAS.jobs[1], JSON.parse((await muster("jobs list --json")).stdout));
    expect(list.items).toContainEqual(
      expect.objectContaining({
        id: `${NODE}/job/${jid}`,
        jid,
        user: "root",
        state: "running",
        containment: "cgroup",
        command: "sh -c sleep 1 & sleep 2; exit 3",
      }),
    );
    const pids = (await muster(`jobs pids ${jid}`)).stdout.trim().split("\n");
    expect(pids.every((pid) => /^[0-9]+$/.test(pid))).toBe(true);
    expect((await muster("jobs pids")).stdout).toContain(`${jid} ${pids.at(-1)}\n`);
    const { results } = await action(`jobs pids ${jid}`);
    expect(results[0]?.answer?.jid).toBe(jid);
    expect(await muster(`jobs wait ${jid}`)).toMatchObject({ exitCode: 0, stdout: `${jid} exit 3\n` });
    // It has ended: its report answers, by any spelling of its id.
    const short = jid.replace(/^0x0+/, "");
    expect(await muster(`jobs wait --exit-code ${short.toUpperCase()}`)).toMatchObject({ exitCode: 3 });
    const report = await muster(`jobs report ${short} --json`);
    const reports = v.parse(SCHEMAS["job-reports"][1], JSON.parse(report.stdout));
    expect(reports.items).toMatchObject([
      { jid, reason: "exit", processes: 3, exit: { status: 3 << 8, text: "exit 3" }, containment: "cgroup" },
    ]);
    const table = (await muster("jobs report --since 10m")).stdout;
    expect(table).toContain(jid);
    expect(table).toContain("exit 3");
    expect((await muster(`jobs get ${jid}`)).exitCode).toBe(1);
    const events = JSON.parse((await muster(`events --filter target=${NODE}/job/${jid} --json`)).stdout);
    expect(events.items.map(({ code }: { code: string }) => code)).toEqual(["JOB_CREATED", "JOB_ENDED"]);
  });

  run("attachments list tells of all processes, also of hundreds that have come at once", async () => {
    const script = "i=0; while [ $i -lt 900 ]; do sleep 1000 & i=$((i + 1)); done; echo all; wait";
    const child = cli.spawn(["jobs", "create", "--foreground", "--", "sh", "-c", script]);
    const { value } = await child.stdout.getReader().read();
    expect(new TextDecoder().decode(value)).toBe("all\n");
    const jobs = JSON.parse((await muster("jobs list --json")).stdout).items;
    const { jid } = jobs.find(({ command }: { command: string }) => command.includes(script));
    const inJob = await attachedPids(`job=${jid}`);
    expect(inJob.size).toBe(901);
    // A module takes in at once all that are there.
    const init = '(process: { comm: string | null }) => (process.comm === "sleep" ? 1 : undefined)';
    await Bun.write(join(modules.path, "sleepers.ts"), `export const module = { init: ${init}, attach: () => 1 };\n`);
    expect((await muster("modules load sleepers")).exitCode).toBe(0);
    expect((await attachedPids("module=sleepers")).intersection(inJob).size).toBe(900);
    expect((await muster("modules unload sleepers --yes")).exitCode).toBe(0);
    expect((await muster(`jobs kill --signal KILL --yes ${jid}`)).exitCode).toBe(0);
    await child.exited;
  });

  run("in the foreground it ends as its last process did, and signals reach all of the job", async () => {
    expect((await muster("jobs create --foreground --", "sh", "-c", "sleep 0.2 & exit 3")).exitCode).toBe(0);
    expect((await muster("jobs create --foreground --", "sh", "-c", "kill -9 $$")).exitCode).toBe(137);
    const script = "trap 'exit 7' TERM; echo ready; while :; do :; done";
    const child = cli.spawn(["jobs", "create", "--foreground", "--", "sh", "-c", script]);
    const reader = child.stdout.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("ready\n");
    child.kill("SIGTERM");
    expect(await child.exited).toBe(7);
    const list = JSON.parse((await muster("jobs list --json")).stdout);
    expect(list.items.filter(({ command }: { command: string }) => command.includes("trap"))).toEqual([]);
  });

  run("its output goes where muster's goes, but for a pipe: whoever reads that would wait for the job", async () => {
    const { stdout } = await cli.shell("jid=$(muster jobs create -- sh -c 'echo told; sleep 1000'); echo \"got $jid\"");
    expect(stdout).toMatch(/^got 0x[0-9a-f]{16}\n$/);
    const written = await cli.shell(
      "muster jobs create -- sh -c 'echo told' > out; muster jobs wait $(head -n 1 out) > /dev/null; cat out",
    );
    expect(written.stdout).toContain("told\n");
    await muster(`jobs kill --signal KILL --yes ${stdout.trim().slice("got ".length)}`);
  });

  run("a command that is refused never runs", async () => {
    const file = join(cli.path, "ran");
    const refusedJid = await muster("jobs create --jid 0x77 --", "sleep", "1000");
    expect(refusedJid.stdout).toBe("0x0000000000000077\n");
    const second = await muster("jobs create --jid 77 --json --", "touch", file);
    expect(second.exitCode).toBe(75);
    expect(errorOf(second.stderr)).toMatchObject({ code: "BUSY", errno: "EBUSY" });
    expect(await Bun.file(file).exists()).toBe(false);
    expect(await muster("jobs create --user nobody-there --", "touch", file)).toMatchObject({ exitCode: 1 });
    expect(await muster("jobs create --read-only --", "touch", file)).toMatchObject({ exitCode: 77 });
    expect(await Bun.file(file).exists()).toBe(false);
    expect((await muster("jobs create --", "no-such-program")).exitCode).toBe(1);
    await muster("jobs kill 77 --signal KILL --yes");
  });
});

describe("a job of processes that run", () => {
  run("create, attach, detach, freeze, thaw, kill", async () => {
    await using first = await Perl.run("1");
    await using second = await Perl.run("1");
    const made = await action(`jobs create ${first.pid} --user nobody --command payroll`);
    const answer = made.results[0]?.answer as { jid: string; id: string };
    expect(made).toMatchObject({ exitCode: 0, results: [{ outcome: "done", id: answer.id }] });
    const { jid } = answer;
    const get = async () => JSON.parse((await muster(`jobs get ${jid} --json`)).stdout).items[0];
    expect(await get()).toMatchObject({ user: "nobody", command: "payroll", processes: 1, pid: first.pid });
    expect(await action(`jobs attach ${jid} ${second.pid}`)).toMatchObject({ exitCode: 0 });
    expect((await muster(`jobs pids ${jid}`)).stdout).toBe(`${second.pid}\n${first.pid}\n`);
    expect(await action(`jobs attach ${jid} ${second.pid} 2147483600`)).toMatchObject({
      exitCode: 3,
      results: [{ error: { errno: "EINVAL" } }, { error: { errno: "ESRCH" } }],
    });
    const shown = JSON.parse((await muster("attachments list --json")).stdout);
    v.parse(SCHEMAS.attachments[1], shown);
    const identity = `${second.pid}:${processIdentityTicks("/proc", second.pid)}`;
    expect(shown.items).toContainEqual(
      expect.objectContaining({ id: `${NODE}/attachment/job/${identity}`, job: jid, comm: "perl" }),
    );
    expect((await muster(`jobs detach --pid ${second.pid}`)).exitCode).toBe(64);
    expect(await action(`jobs detach --pid ${second.pid} --yes`)).toMatchObject({ exitCode: 0 });
    expect((await muster(`jobs detach --pid ${second.pid} --yes`)).exitCode).toBe(1);
    expect(await action(`jobs freeze ${jid}`)).toMatchObject({ exitCode: 0 });
    expect(await get()).toMatchObject({ state: expect.stringMatching(/^freezing$|^frozen$/) });
    expect(await action(`jobs thaw ${jid}`)).toMatchObject({ exitCode: 0 });
    expect((await muster(`jobs thaw ${jid}`)).exitCode).toBe(4);
    expect((await muster(`jobs kill ${jid} --json`)).exitCode).toBe(64);
    expect((await muster(`jobs kill ${jid} --signal NOPE --yes`)).exitCode).toBe(64);
    const dry = await action(`jobs kill ${jid} --signal USR1 --dry-run`);
    expect(dry.results[0]).toMatchObject({ outcome: "unchanged", plan: [{ op: "signal", signal: "SIGUSR1" }] });
    expect(await action(`jobs kill ${jid} --yes`)).toMatchObject({ exitCode: 0 });
    expect((await muster(`jobs wait ${jid}`)).stdout).toBe(`${jid} killed by SIGTERM\n`);
    second.tell("exit 0");
  });

  run("detach lets all out and ends the job", async () => {
    await using peer = await Perl.run("1");
    const jid = String((await action(`jobs create ${peer.pid}`)).results[0]?.answer?.jid);
    expect(await action(`jobs detach ${jid} --yes`)).toMatchObject({ exitCode: 0 });
    expect((await muster(`jobs wait ${jid}`)).stdout).toBe(`${jid} detached\n`);
    expect(process.kill(peer.pid, 0)).toBe(true);
  });

  run("a wait that is given up: by its deadline, by a signal; the job goes on", async () => {
    const jid = await create("sleep", "1000");
    const late = await muster(`jobs wait ${jid} --timeout 50ms --json`);
    expect(late.exitCode).toBe(75);
    expect(errorOf(late.stderr).code).toBe("TIMED_OUT");
    const child = cli.spawn(["jobs", "wait", jid]);
    // It says what it waits for.
    await child.stderr.getReader().read();
    child.kill("SIGTERM");
    expect(await child.exited).toBe(143);
    expect(JSON.parse((await muster(`jobs get ${jid} --json`)).stdout).items).toHaveLength(1);
    await muster(`jobs kill ${jid} --signal KILL --yes`);
  });
});

describe("what is typed wrong", () => {
  const lines: readonly (readonly [string, number])[] = [
    ["jobs create", 64],
    ["jobs create 812 -- sleep 1", 64],
    ["jobs create 1x", 64],
    ["jobs create 812 --jid xyz", 64],
    ["jobs create 812 --foreground", 64],
    ["jobs create --foreground --json -- true", 64],
    ["jobs create --dry-run -- true", 64],
    ["jobs create 2147483600", 1],
    ["jobs attach 0x1 x", 64],
    ["jobs attach 0xdead 1", 1],
    ["jobs detach --yes", 64],
    ["jobs detach 0x1 --pid 1 --yes", 64],
    ["jobs kill zz --yes", 64],
    ["jobs kill 0xdead --yes", 1],
    ["jobs wait 0x0", 64],
    ["jobs wait 0xdead", 1],
    ["jobs wait --exit-code", 64],
    ["jobs wait --timeout 0 0xdead", 64],
    ["jobs pids 12345678901234567890", 64],
    ["jobs pids 0xdead", 1],
    ["jobs sethid 100000000", 64],
    ["jobs report 0xdead", 1],
    ["jobs report nope", 64],
    ["jobs report --since yesterday", 64],
    ["modules ctl PAGG_MOD MOD_GETCHK {", 64],
    ["modules ctl PAGG_MOD NOPE", 64],
    ["modules ctl nosuch NOPE", 1],
    ["modules unload job --yes", 4],
    ["modules unload nosuch --yes", 1],
    ["modules load nosuch", 1],
  ];

  run.each(lines)("%s: exit %d, and it says why", async (line, code) => {
    const { exitCode, stderr } = await muster(line);
    expect({ exitCode, said: stderr !== "" }).toEqual({ exitCode: code, said: true });
  });
});

describe("modules", () => {
  run("list, check, ctl, and one of the operator's own", async () => {
    const list = v.parse(SCHEMAS.modules[1], JSON.parse((await muster("modules list --json")).stdout));
    expect(list.items).toMatchObject([{ name: "job", builtin: true, state: "registered" }]);
    expect(await muster("modules check job")).toMatchObject({ exitCode: 0, stdout: "job: registered\n" });
    expect(await muster("modules check job other")).toMatchObject({ exitCode: 1 });
    expect((await action("modules check other")).results[0]?.answer).toEqual({ name: "other", registered: false });
    expect(await muster("modules ctl PAGG_MOD MOD_GETCNT")).toMatchObject({
      exitCode: 0,
      stdout: `{"module":"PAGG_MOD","request":"MOD_GETCNT","data":1}\n`,
    });
    await Bun.write(
      join(modules.path, "perls.ts"),
      `export const module = {
        init: (process: { comm: string | null }) => (process.comm === "perl" ? 1 : undefined),
        attach: (_child: unknown, parentData: number) => parentData + 1,
      };\n`,
    );
    await using peer = await Perl.run("1");
    expect(await action("modules load perls")).toMatchObject({
      exitCode: 0,
      results: [{ id: `${NODE}/module/perls`, outcome: "done", undo: "module.unload" }],
    });
    expect((await attachedPids("module=perls")).has(peer.pid)).toBe(true);
    expect((await muster("modules unload perls")).exitCode).toBe(64);
    expect((await muster("modules unload perls --yes")).exitCode).toBe(0);
    await Bun.write(join(modules.path, "broken.ts"), "export const module = {\n  attach( {\n");
    const broken = await muster("modules load broken --json");
    expect(broken.exitCode).toBe(65);
    expect(errorOf(broken.stderr).target).toContain("broken.ts");
  });

  run("jobs sethid: the upper half of the next jid", async () => {
    expect((await muster("jobs sethid 7f000001")).exitCode).toBe(0);
    const jid = await create("true");
    expect(jid).toStartWith("0x7f000001");
    expect((await muster("jobs sethid ffffffff")).exitCode).toBe(0);
    expect((await muster("jobs create --", "true")).exitCode).toBe(4);
    expect((await muster("jobs sethid 0")).exitCode).toBe(0);
  });
});

describe("who asks", () => {
  run("another user sees, waits and signals his own; the rest is refused", async () => {
    const jid = await create("sleep", "1000");
    const own = (await muster("jobs create --user 4242 --", "sleep", "1000")).stdout.trim();
    const json = async (line: string) => {
      const env = { HOME: "/", MUSTER_CONFIG: "/nonexistent/muster.toml" };
      const { exitCode, stdout, stderr } = await cli.run([...line.split(" "), "--json", "--no-autostart"], {
        uid: 4242,
        env,
      });
      return { exitCode, document: stdout === "" ? null : JSON.parse(stdout), stderr };
    };
    expect(await json(`jobs pids ${jid}`)).toMatchObject({ exitCode: 0 });
    const refused = await json(`jobs kill ${jid} --yes`);
    expect(refused.exitCode).toBe(77);
    expect(errorOf(refused.stderr)).toMatchObject({ code: "PERMISSION_DENIED", errno: "EPERM" });
    expect((await json("jobs sethid 1")).exitCode).toBe(77);
    expect((await json(`jobs detach ${own} --yes`)).exitCode).toBe(77);
    expect(await json(`jobs kill ${own} --yes`)).toMatchObject({ exitCode: 0 });
    expect((await json(`jobs wait ${own}`)).document.results).toMatchObject([
      { answer: { text: "killed by SIGTERM" } },
    ]);
    await muster(`jobs kill ${jid} --signal KILL --yes`);
  });
});

describe("the service", () => {
  run("jobs outlive it, are seen without it, and are kept again by the next one", async () => {
    const jid = await create("sleep", "1000");
    expect((await muster("serve --stop")).exitCode).toBe(0);
    const seen = JSON.parse((await muster("jobs list --json")).stdout);
    expect(seen.items).toContainEqual(expect.objectContaining({ jid, processes: 1, command: "sleep 1000" }));
    expect((await muster("modules list --json --no-autostart")).exitCode).toBe(0);
    const without = await muster(`jobs kill ${jid} --yes --no-autostart --json`);
    expect(without.exitCode).toBe(75);
    expect(errorOf(without.stderr).code).toBe("UNREACHABLE");
    // What needs it starts it.
    expect((await muster(`jobs kill ${jid} --yes`)).exitCode).toBe(0);
    expect((await muster(`jobs wait ${jid}`)).stdout).toBe(`${jid} killed by SIGTERM\n`);
  });

  run(
    "killed by kill -9: the jobs that live are listed, those that have ended are not; the next one waits for them",
    async () => {
      const living = await create("sleep", "1000");
      const ending = await create("sleep", "1001");
      const list = async () => {
        const document = v.parse(SCHEMAS.jobs[1], JSON.parse((await muster("jobs list --json")).stdout));
        return new Map((document.items as Job[]).map((item) => [item.jid, item]));
      };
      const before = await list();
      const { pid } = JSON.parse((await muster("serve --status --json")).stdout);
      await kill(pid);
      await kill(before.get(ending)?.pid);
      const after = await list();
      expect(after.get(living)).toEqual({ ...before.get(living), total: null } as Job);
      expect(after.has(ending)).toBe(false);
      expect((await muster("jobs list")).stdout).toContain(`${living}\t`);
      expect(JSON.parse((await muster("modules list --json")).stdout).items).toEqual([]);
      expect((await muster(`jobs report ${living} ${ending}`)).stdout).toBe("");
      const waited = cli.run(["jobs", "wait", living, ending]);
      expect((await muster(`jobs kill ${living} --yes`)).exitCode).toBe(0);
      const { stdout } = await waited;
      expect(stdout).toContain(`${living} killed by SIGTERM\n`);
      expect(stdout).toContain(`${ending} status unknown\n`);
    },
  );

  run("doctor tells what holds jobs and whether jobd's socket answers", async () => {
    const { checks } = JSON.parse((await muster("doctor --json")).stdout);
    const check = (name: string) => checks.find((each: { name: string }) => each.name === name);
    expect(check("job-containment")).toMatchObject({ ok: true, detail: expect.stringContaining(`/${group}`) });
    expect(check("jobd-socket")).toMatchObject({ ok: true });
    using other = new CommandLine('[jobs]\ncgroup = "/cgroup.procs/none"\n');
    const { exitCode, stdout } = await other.run(["doctor", "--json"]);
    const told = JSON.parse(stdout).checks.find((each: { name: string }) => each.name === "job-containment");
    expect([exitCode, told.ok]).toEqual([0, false]);
    expect(told.detail).toContain("ENOTDIR");
  });
});
