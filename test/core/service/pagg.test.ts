/** Process aggregates through the service: actions and their outcomes, what is shown, what is told, and who may. */

import { describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import type { ActionId } from "#core/act/actions.ts";
import type { ActionRequest, ActionResult } from "#core/act/request.ts";
import type { Attachment } from "#core/model/attachment.ts";
import { CONFIG_DEFAULTS } from "#core/model/config-defaults.ts";
import { jidText } from "#core/model/jid.ts";
import type { Job } from "#core/model/job.ts";
import { JOB_DEFAULTS, type JobSettings, PAGG_DEFAULTS } from "#core/model/pagg-settings.ts";
import { job_create, job_getjidcnt, job_sethid, job_waitjid } from "#core/pagg/job/libjob.ts";
import type { Caller } from "#core/service/caller.ts";
import { CAPABILITIES } from "#core/service/privilege.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { groupsMissing, ownGroup, sweepGroup } from "#test/harness/job-set.ts";
import { Perl } from "#test/harness/perl.ts";
import { TestService } from "#test/harness/service.ts";
import { TrustedDirectory } from "#test/harness/trusted-directory.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("pagg.test.ts: jobs are tested as root only\n");
if (groupsMissing !== null) process.stderr.write(`pagg.test.ts: no jobs in control groups: ${groupsMissing}\n`);

const ADA = 1000;
const ASKER = join(import.meta.dir, "../../harness/jobd-asker.ts");
const stranger = (uid: number, capabilities = 0n): Caller => ({ uid, gid: uid, pid: 1, capabilities, serviceUid: 0 });

type More = Partial<ActionRequest> & { identity?: string; caller?: Caller; signal?: AbortSignal };

/** A service with jobs in a group of its own; what is left of them is killed when the test is over. */
class Jobs implements AsyncDisposable {
  readonly directory: TemporaryDirectory;
  readonly modules: TrustedDirectory;
  readonly #settings: Partial<JobSettings>;
  /** What [pagg] load says, at each start and in `reload`. */
  readonly load: string[] = [];
  service: TestService;

  private constructor(
    service: TestService,
    settings: Partial<JobSettings>,
    directory: TemporaryDirectory,
    modules: TrustedDirectory,
  ) {
    this.modules = modules;
    this.service = service;
    this.#settings = settings;
    this.directory = directory;
  }

  static async open(containment: "cgroup" | "tracker" = "cgroup", settings: Partial<JobSettings> = {}): Promise<Jobs> {
    // Below a file no group can be made.
    const cgroup = containment === "cgroup" ? ownGroup() : "/cgroup.procs/none";
    const directory = new TemporaryDirectory();
    const all = { ...settings, cgroup };
    const modules = new TrustedDirectory();
    return new Jobs(await Jobs.#begin(directory, modules, all), all, directory, modules);
  }

  static async #begin(
    directory: TemporaryDirectory,
    modules: TrustedDirectory,
    settings: Partial<JobSettings>,
    load: readonly string[] = [],
  ): Promise<TestService> {
    const config = {
      jobs: { ...JOB_DEFAULTS, ...settings },
      pagg: { modules: [modules.path], load: [...load], stallSeconds: 10 },
    };
    const service = await TestService.open(directory, [], { mode: "watch", config });
    await service.local.ready;
    return service;
  }

  async restart(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    await this.service[Symbol.asyncDispose]();
    await meanwhile();
    this.service = await Jobs.#begin(this.directory, this.modules, this.#settings, this.load);
  }

  get group(): string | null {
    return this.#settings.cgroup ?? null;
  }

  reload(settings: Partial<JobSettings>): Promise<void> {
    return this.service.local.reload({
      ...CONFIG_DEFAULTS,
      discover: [],
      pagg: { ...PAGG_DEFAULTS, modules: [this.modules.path], load: [...this.load] },
      jobs: { ...JOB_DEFAULTS, ...this.#settings, ...settings },
    });
  }

  /** `id` without the node: `job/0x...`, `attachment/job/812:4411223`. */
  act(action: ActionId, id: string, more: More = {}): Promise<ActionResult> {
    const { caller, signal, identity = null, ...rest } = more;
    const options = { ...(caller ? { caller } : {}), ...(signal ? { signal } : {}) };
    return this.service.invoke(action, "", { targets: [{ id: `n1/${id}`, identity }], options, ...rest });
  }

  /** A job of this process; its jid. */
  async create(pid: number, args: ActionRequest["arguments"] = {}): Promise<string> {
    const result = await this.act("job.create", `job/${pid}`, {
      identity: identityOf(pid),
      arguments: { pid, ...args },
    });
    if (result.outcome !== "done") throw new Error(result.message);
    return String(result.answer?.jid);
  }

  job(jid: string): Job | undefined {
    return this.service.service.snapshot().shelves.jobs.items.get(`n1/job/${jid}`);
  }

  untilAttached(fits: (all: readonly Attachment[]) => boolean): Promise<unknown> {
    return this.service.until(({ shelves }) => fits([...shelves.attachments.items.values()]));
  }

  codes(): string[] {
    return this.service.events().flatMap(({ code }) => (code.startsWith("sys.unix.psm.") ? [] : [code]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { id } of this.service.service.snapshot().shelves.jobs.items.values()) {
      await this.act("job.kill", id.slice("n1/".length), { arguments: { signal: "KILL" } });
    }
    await this.service[Symbol.asyncDispose]();
    const { cgroup } = this.#settings;
    if (cgroup && !cgroup.startsWith("/")) sweepGroup(cgroup);
    this.directory[Symbol.dispose]();
    this.modules[Symbol.dispose]();
  }
}

const identityOf = (pid: number) => `${pid}:${processIdentityTicks("/proc", pid)}`;

const refused = (code: string, errno: string | null = null) => ({
  outcome: "refused",
  error: errno === null ? { code } : { code, errno },
});

describe.each(["cgroup", "tracker"] as const)("jobs held by %s", (containment) => {
  const run = test.skipIf(!isRoot || (containment === "cgroup" && groupsMissing !== null));

  run("a job from its creation to its report: shown, told, waited for", async () => {
    await using jobs = await Jobs.open(containment);
    await using peer = await Perl.run("1");
    const made = await jobs.act("job.create", `job/${peer.pid}`, {
      identity: identityOf(peer.pid),
      arguments: { pid: peer.pid, command: "a\tname" },
    });
    const jid = "0x0000000000000001";
    expect(made).toMatchObject({
      id: `n1/job/${jid}`,
      outcome: "done",
      answer: { jid, id: `n1/job/${jid}` },
      after: { state: "running" },
    });
    expect(jobs.job(jid)).toMatchObject({ containment, processes: 1, pid: peer.pid, user: "root", command: "a name" });
    peer.tell(`my $p = fork(); if (!$p) { sleep 1000; exit } print "$p\\n"`);
    const child = Number(await peer.line());
    await jobs.untilAttached((all) => all.length === 2);
    const shown = jobs.service.service.snapshot().shelves.attachments.items;
    expect(shown.get(`n1/attachment/job/${identityOf(child)}`)).toMatchObject({
      job: jid,
      parentPid: peer.pid,
      uid: 0,
    });
    expect(jobs.job(jid)).toMatchObject({ processes: 2, total: 2 });
    expect(jobs.service.service.snapshot().shelves.modules.items.get("n1/module/job")).toMatchObject({
      builtin: true,
      attached: 2,
      jobs: 1,
    });
    expect((await jobs.act("job.pids", `job/${jid}`)).answer).toEqual({ jid, pids: [child, peer.pid] });
    const waited = jobs.act("job.wait", `job/${jid}`);
    process.kill(child, 9);
    peer.tell("waitpid(-1, 0); exit 3");
    const answer = { jid, status: 3 << 8, text: "exit 3" };
    expect(await waited).toMatchObject({ outcome: "done", answer });
    expect(jobs.job(jid)).toBeUndefined();
    // Of one that has ended the report tells.
    expect(await jobs.act("job.wait", `job/${jid}`)).toMatchObject({ outcome: "done", answer });
    expect(await jobs.service.service.reports?.({ limit: 10 })).toMatchObject([{ jid, reason: "exit", processes: 2 }]);
    expect(await jobs.service.service.reports?.({ jids: ["0x0000000000000002"], limit: 10 })).toEqual([]);
    await jobs.untilAttached((all) => all.length === 0);
    expect(jobs.codes()).toEqual(["ACTION_BEGUN", "JOB_CREATED", "ACTION_ENDED", "JOB_ENDED"]);
    const ended = await jobs.service.untilEvent("JOB_ENDED");
    expect(ended).toMatchObject({ severity: "warn", target: `n1/job/${jid}` });
    expect(ended.message).toContain("exit 3");
  });

  run("attach and detach: one process, then all; a wait that is given up", async () => {
    await using jobs = await Jobs.open(containment);
    await using first = await Perl.run("1");
    await using second = await Perl.run("1");
    const jid = await jobs.create(first.pid);
    const attach = { arguments: { pid: second.pid } };
    expect(await jobs.act("job.attach", `job/${jid}`, { ...attach, identity: `${second.pid}:1` })).toMatchObject(
      refused("IDENTITY_CHANGED"),
    );
    // That of the prime process is not the one that is attached.
    expect(await jobs.act("job.attach", `job/${jid}`, { ...attach, identity: identityOf(first.pid) })).toMatchObject({
      outcome: "done",
    });
    expect(await jobs.act("job.attach", `job/${jid}`, attach)).toMatchObject(refused("USAGE", "EINVAL"));
    const id = `attachment/job/${identityOf(second.pid)}`;
    expect(await jobs.act("attachment.detach", id)).toMatchObject({ outcome: "done" });
    expect(await jobs.act("attachment.detach", id)).toMatchObject(refused("NOT_FOUND", "ESRCH"));
    expect((await jobs.act("job.pids", `job/${jid}`)).answer?.pids).toEqual([first.pid]);
    const giveUp = new AbortController();
    const waited = jobs.act("job.wait", `job/${jid}`, { signal: giveUp.signal });
    giveUp.abort();
    expect(await waited).toMatchObject(refused("CANCELLED"));
    const waits = jobs.act("job.wait", `job/${jid}`);
    expect(await jobs.act("job.detach", `job/${jid}`)).toMatchObject({ outcome: "done" });
    expect((await waits).answer).toEqual({ jid, status: 0, text: "detached" });
    expect(process.kill(first.pid, 0)).toBe(true);
    expect(await jobs.act("job.detach", `job/${jid}`)).toMatchObject(refused("NOT_FOUND", "ENODATA"));
  });

  run("a process that is put into a new job leaves the one it was in, and that is told before", async () => {
    await using jobs = await Jobs.open(containment);
    await using first = await Perl.run("1");
    await using second = await Perl.run("1");
    const jid = await jobs.create(first.pid);
    await jobs.act("job.attach", `job/${jid}`, { arguments: { pid: second.pid } });
    const planOf = async ({ pid }: Perl, dryRun: boolean) =>
      (await jobs.act("job.create", `job/${pid}`, { arguments: { pid }, dryRun })).plan[0]?.text;
    expect(await planOf(second, true)).toEndWith(`, out of ${jid}`);
    expect(await planOf(second, false)).toEndWith(`, out of ${jid}`);
    expect(await planOf(first, false)).toEndWith(`, out of ${jid}, which ends`);
    expect(jobs.job(jid)).toBeUndefined();
  });

  run("a restart of the service keeps the jobs", async () => {
    await using jobs = await Jobs.open(containment);
    await using peer = await Perl.run("1");
    const jid = await jobs.create(peer.pid, { jid: "0xABC", user: "nobody" });
    expect(jid).toBe("0x0000000000000abc");
    const before = jobs.job(jid);
    await jobs.restart();
    // Who came and went while nobody looked is not known.
    expect(jobs.job(jid)).toEqual({ ...before, total: null } as Job);
    const waited = jobs.act("job.wait", `job/${jid}`);
    peer.tell("exit 4");
    expect((await waited).answer).toMatchObject({ text: "exit 4" });
  });

  run("who may do what to a job and to its processes", async () => {
    await using jobs = await Jobs.open(containment);
    await using peer = await Perl.run(
      "$SIG{USR1} = sub { print qq(usr1\\n) }",
      [],
      isRoot ? { uid: ADA, gid: ADA } : {},
    );
    const ada = stranger(ADA);
    const other = stranger(ADA + 1);
    const create = { arguments: { pid: peer.pid } };
    expect(await jobs.act("job.create", `job/${peer.pid}`, { ...create, caller: ada })).toMatchObject(
      refused("PERMISSION_DENIED", "EPERM"),
    );
    const resource = stranger(ADA, 1n << BigInt(CAPABILITIES.CAP_SYS_RESOURCE));
    expect(await jobs.act("job.create", `job/${peer.pid}`, { ...create, caller: resource })).toMatchObject({
      outcome: "done",
    });
    const jid = "0x0000000000000001";
    const member = `attachment/job/${identityOf(peer.pid)}`;
    expect(jobs.job(jid)?.uid).toBe(ADA);
    for (const [action, id] of [
      ["job.kill", `job/${jid}`],
      ["job.freeze", `job/${jid}`],
      ["job.attach", `job/${jid}`],
      ["job.detach", `job/${jid}`],
      ["attachment.detach", member],
      ["attachment.signal", member],
    ] as const) {
      const asked = { arguments: { signal: "USR1", pid: 1 } };
      expect(await jobs.act(action, id, { ...asked, caller: other })).toMatchObject(refused("PERMISSION_DENIED"));
    }
    expect(await jobs.act("job.detach", `job/${jid}`, { caller: ada })).toMatchObject(refused("PERMISSION_DENIED"));
    expect((await jobs.act("job.pids", `job/${jid}`, { caller: other })).answer?.pids).toEqual([peer.pid]);
    const signal = { arguments: { signal: "usr1" }, caller: ada };
    expect(await jobs.act("job.kill", `job/${jid}`, signal)).toMatchObject({ outcome: "done" });
    expect(await peer.line()).toBe("usr1");
    expect(await jobs.act("attachment.signal", member, signal)).toMatchObject({ outcome: "done" });
    expect(await peer.line()).toBe("usr1");
    expect(await jobs.act("attachment.signal", member, { ...signal, identity: `${peer.pid}:1` })).toMatchObject(
      refused("IDENTITY_CHANGED"),
    );
    expect(await jobs.act("job.kill", `job/${jid}`, { arguments: { signal: "NOSUCH" } })).toMatchObject(
      refused("USAGE"),
    );
    // Without a signal it is TERM.
    const waited = jobs.act("job.wait", `job/${jid}`);
    expect(await jobs.act("job.kill", `job/${jid}`, { caller: ada })).toMatchObject({ outcome: "done" });
    expect((await waited).answer).toMatchObject({ status: 15 });
  });

  run("freeze and thaw, where a group holds the job", async () => {
    await using jobs = await Jobs.open(containment);
    await using peer = await Perl.run("1");
    const jid = await jobs.create(peer.pid);
    const frozen = await jobs.act("job.freeze", `job/${jid}`);
    if (containment === "tracker") {
      expect(frozen).toMatchObject(refused("NOT_ALLOWED_NOW"));
      return;
    }
    expect(frozen).toMatchObject({ outcome: "done", undo: "job.thaw" });
    await jobs.service.untilEvent("JOB_FROZEN");
    expect(jobs.job(jid)?.state).toBe("frozen");
    expect(await jobs.act("job.freeze", `job/${jid}`)).toMatchObject(refused("NOT_ALLOWED_NOW"));
    expect(await jobs.act("job.thaw", `job/${jid}`)).toMatchObject({ outcome: "done" });
    await jobs.service.untilEvent("JOB_THAWED");
    expect(jobs.job(jid)?.state).toBe("running");
  });
});

const run = test.skipIf(!isRoot || groupsMissing !== null);

describe("what is told", () => {
  run("a storm of forks makes no events, and nobody is left on the shelf", async () => {
    await using jobs = await Jobs.open();
    await using peer = await Perl.run("1");
    const jid = await jobs.create(peer.pid);
    const waited = jobs.act("job.wait", `job/${jid}`);
    peer.tell("for (1 .. 2000) { my $p = fork(); if (!$p) { POSIX::_exit(1) } waitpid($p, 0) } POSIX::_exit(0)");
    expect((await waited).answer).toEqual({ jid, status: 0, text: "exit 0" });
    await jobs.untilAttached((all) => all.length === 0);
    expect(await jobs.service.service.reports?.({ limit: 1 })).toMatchObject([{ jid, processes: 2001 }]);
    expect(jobs.codes()).toEqual(["ACTION_BEGUN", "JOB_CREATED", "ACTION_ENDED", "JOB_ENDED"]);
    expect((await jobs.service.untilEvent("JOB_ENDED")).severity).toBe("info");
  });

  run("a job that ended while nobody kept it is told of once, when it is found out", async () => {
    await using jobs = await Jobs.open();
    await using peer = await Perl.run("1");
    const jid = await jobs.create(peer.pid);
    await jobs.restart(async () => {
      peer.tell("exit 6");
      await peer.ended();
    });
    await jobs.service.untilEvent("JOB_ENDED");
    expect(jobs.codes().filter((code) => code.startsWith("JOB_"))).toEqual(["JOB_CREATED", "JOB_ENDED"]);
    expect(await jobs.service.service.reports?.({ limit: 10 })).toMatchObject([{ jid, reason: "lost" }]);
    expect((await jobs.act("job.wait", `job/${jid}`)).answer).toEqual({ jid, status: null, text: "status unknown" });
  });

  run("what is on a screen is sampled; other settings come into force at run time", async () => {
    await using jobs = await Jobs.open();
    await using peer = await Perl.run("1");
    const jid = await jobs.create(peer.pid);
    const id = `n1/attachment/job/${identityOf(peer.pid)}`;
    await jobs.untilAttached((all) => all.length === 1);
    expect(jobs.job(jid)?.usage).toBeNull();
    jobs.service.service.attend([`n1/job/${jid}`, id]);
    const { shelves } = await jobs.service.until(
      ({ shelves }) => shelves.jobs.items.get(`n1/job/${jid}`)?.usage != null,
    );
    expect(shelves.jobs.items.get(`n1/job/${jid}`)?.usage).toMatchObject({
      cpuPercent: null,
      cpuSeconds: expect.any(Number),
    });
    expect(shelves.attachments.items.get(id)?.usage?.memoryBytes).toBeGreaterThan(0);
    await jobs.reload({ reports: 1 });
    for (const uid of [1, 2]) await jobs.create(peer.pid, { user: String(uid) });
    await jobs.service.until(({ shelves }) => shelves.jobs.items.size === 1);
    expect(await jobs.service.service.reports?.({ limit: 10 })).toHaveLength(1);
  });
});

describe("what is asked for badly", () => {
  run("is refused with the reason, and nothing is made", async () => {
    await using jobs = await Jobs.open();
    await using peer = await Perl.run("1");
    const create = (args: ActionRequest["arguments"], more: More = {}) =>
      jobs.act("job.create", `job/${peer.pid}`, { arguments: args, ...more });
    const { pid } = peer;
    expect(await create({})).toMatchObject(refused("USAGE", "EINVAL"));
    expect(await create({ pid: -1 })).toMatchObject(refused("USAGE", "EINVAL"));
    expect(await create({ pid: 0x7fff_fff0 })).toMatchObject(refused("NOT_FOUND", "ESRCH"));
    expect(await create({ pid }, { identity: `${pid}:1` })).toMatchObject(refused("IDENTITY_CHANGED"));
    expect(await create({ pid, jid: "0" })).toMatchObject(refused("USAGE", "EINVAL"));
    expect(await create({ pid, user: "no-such-user" })).toMatchObject(refused("NOT_FOUND"));
    expect(await create({ pid }, { dryRun: true })).toMatchObject({
      outcome: "unchanged",
      plan: [{ text: `put process ${pid} into a new job of root`, pid }],
    });
    expect(await jobs.act("job.kill", "job/812", {})).toMatchObject(refused("USAGE", "EINVAL"));
    expect(await jobs.act("job.wait", "job/0x0000000000000009")).toMatchObject(refused("NOT_FOUND", "ENODATA"));
    expect(await jobs.act("attachment.signal", "attachment/812")).toMatchObject(refused("USAGE", "EINVAL"));
    expect([...jobs.service.service.snapshot().shelves.jobs.items]).toEqual([]);
    const jid = await jobs.create(pid, { jid: "5" });
    expect(await create({ pid, jid })).toMatchObject(refused("BUSY", "EBUSY"));
    // A new one for a process in a job: it leaves that, which ends with it.
    expect(await jobs.create(pid)).not.toBe(jid);
    expect(jobs.job(jid)).toBeUndefined();
  });

  run("read-only and without a keeper nothing is done", async () => {
    using directory = new TemporaryDirectory();
    await using readOnly = await TestService.open(directory, [], { mode: "watch", isReadOnly: true });
    const ask = (service: TestService, action: ActionId, id: string, args = {}) =>
      service.invoke(action, "", { targets: [{ id: `n1/${id}` }], arguments: args });
    expect(await ask(readOnly, "job.create", "job/1", { pid: 1 })).toMatchObject(refused("READ_ONLY"));
    expect(await ask(readOnly, "module.load", "module/x")).toMatchObject(refused("READ_ONLY"));
    expect(await ask(readOnly, "job.pids", "job/0x0000000000000001")).toMatchObject(refused("UNREACHABLE", "ENODEV"));
    await using once = await TestService.open(directory, []);
    expect(await ask(once, "module.check", "module/job")).toMatchObject(refused("UNREACHABLE", "ENODEV"));
    const { jobs, modules, attachments } = once.service.snapshot().shelves;
    expect([jobs.status, modules.status, attachments.status]).toEqual(["ready", "ready", "ready"]);
  });
});

describe("modules", () => {
  run("requests are judged by what the very request does and needs", async () => {
    await using jobs = await Jobs.open();
    const ctl = (module: string, request: string, data: unknown, more: More = {}) =>
      jobs.act("module.ctl", `module/${module}`, {
        arguments: { request, ...(data === undefined ? {} : { data: JSON.stringify(data) }) },
        ...more,
      });
    expect((await ctl("PAGG_MOD", "MOD_GETCNT", undefined, { caller: stranger(ADA) })).answer).toEqual({
      module: "PAGG_MOD",
      request: "MOD_GETCNT",
      data: 1,
    });
    expect((await ctl("PAGG_MOD", "2", { r_val: 8 })).answer?.data).toEqual({ r_val: 1, list: ["job"] });
    expect(await ctl("job", "JOB_SETHID", { hid: 7 }, { caller: stranger(ADA) })).toMatchObject(
      refused("PERMISSION_DENIED", "EPERM"),
    );
    expect((await ctl("job", "JOB_SETHID", { hid: 7 })).answer?.data).toMatchObject({ r_hid: "0x00000007" });
    expect(jobs.codes()).toEqual(["ACTION_BEGUN", "ACTION_ENDED"]);
    await using peer = await Perl.run("1", [], isRoot ? { uid: ADA, gid: ADA } : {});
    const jid = await jobs.create(peer.pid);
    expect(jid).toBe("0x0000000700000001");
    const kill = { jid, sig: 0 };
    expect(await ctl("job", "JOB_KILLJID", kill, { caller: stranger(ADA + 1) })).toMatchObject(
      refused("PERMISSION_DENIED", "EPERM"),
    );
    expect(await ctl("job", "JOB_KILLJID", kill, { caller: stranger(ADA) })).toMatchObject({ outcome: "done" });
    expect(await ctl("job", "NOSUCH", undefined)).toMatchObject(refused("UNSUPPORTED", "EBADR"));
    expect(await ctl("nosuch", "MOD_GETCNT", undefined)).toMatchObject(refused("NOT_FOUND", "ENOSYS"));
    const badJson = { arguments: { request: "MOD_GETCHK", data: "{" } };
    expect(await jobs.act("module.ctl", "module/PAGG_MOD", badJson)).toMatchObject(refused("USAGE", "EINVAL"));
    expect((await jobs.act("module.check", "module/job")).answer).toEqual({ name: "job", registered: true });
    expect((await jobs.act("module.check", "module/other")).answer).toEqual({ name: "other", registered: false });
    expect(await jobs.act("module.unload", "module/job")).toMatchObject(refused("NOT_ALLOWED_NOW"));
  });

  run("one of the operator's own is loaded, shows what it is attached to, and is unloaded", async () => {
    await using jobs = await Jobs.open();
    writeFileSync(
      jobs.modules.file("perls.ts"),
      `export const module = {
        name: "perls",
        init: (process: { comm: string | null }) => (process.comm === "perl" ? "seen" : undefined),
        attach: (_child: unknown, parentData: string) => parentData,
      };\n`,
    );
    await using peer = await Perl.run("1");
    expect(await jobs.act("module.load", "module/perls", { caller: stranger(ADA) })).toMatchObject(
      refused("PERMISSION_DENIED"),
    );
    const loaded = await jobs.act("module.load", "module/perls");
    expect(loaded).toMatchObject({ outcome: "done", id: "n1/module/perls", after: { state: "registered" } });
    await jobs.untilAttached((all) => all.some(({ module, pid }) => module === "perls" && pid === peer.pid));
    expect(await jobs.act("attachment.detach", `attachment/perls/${identityOf(peer.pid)}`)).toMatchObject(
      refused("NOT_ALLOWED_NOW"),
    );
    expect(await jobs.act("module.unload", "module/perls")).toMatchObject({ outcome: "done", after: null });
    await jobs.untilAttached((all) => all.length === 0);
    expect(await jobs.act("module.unload", "module/perls")).toMatchObject(refused("NOT_FOUND", "ENOENT"));
    expect(jobs.codes()).toContain("MODULE_REGISTERED");
    expect(jobs.codes()).toContain("MODULE_UNREGISTERED");
  });
});

const moduleNamed = (name: string) => `export const module = { name: "${name}", attach: () => undefined };\n`;

describe("modules of the configuration", () => {
  run("are loaded at each start, and those that cannot be are told and stay in the list as failed", async () => {
    await using jobs = await Jobs.open();
    const items = () => jobs.service.service.snapshot().shelves.modules.items;
    const state = (name: string) => items().get(`n1/module/${name}`)?.state;
    const untilState = (name: string, wanted: string | undefined) =>
      jobs.service.until(({ shelves }) => shelves.modules.items.get(`n1/module/${name}`)?.state === wanted);
    writeFileSync(jobs.modules.file("first.ts"), moduleNamed("first"));
    writeFileSync(jobs.modules.file("last.ts"), moduleNamed("last"));
    writeFileSync(jobs.modules.file("broken.ts"), "export const module = {;\n");
    jobs.load.push("first", "absent", jobs.modules.file("broken.ts"), "job", "last");
    await jobs.restart();
    await untilState("last", "registered");
    expect([...items().values()].map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
      "absent failed",
      "broken failed",
      "first registered",
      "job registered",
      "last registered",
    ]);
    expect(items().get("n1/module/absent")?.problems).toEqual([
      { code: "MODULE_FAILED", message: "it was not loaded: there is no file of a module absent" },
    ]);
    expect(items().get("n1/module/broken")).toMatchObject({ path: jobs.modules.file("broken.ts"), attached: 0 });
    const told = jobs.service.events().filter(({ code }) => code === "MODULE_FAILED");
    expect(told.map(({ target, severity }) => [target, severity])).toEqual([
      ["n1/module/absent", "error"],
      ["n1/module/broken", "error"],
    ]);
    // A name that is taken has its item already.
    expect(jobs.service.service.snapshot().shelves.modules.warnings).toMatchObject([
      { code: "SOURCE_FAILED", message: "job: it was not loaded: there is no file of a module job" },
    ]);

    // Put right and loaded by hand, or no longer wanted.
    writeFileSync(jobs.modules.file("broken.ts"), moduleNamed("broken"));
    expect(await jobs.act("module.load", "module/broken")).toMatchObject({ outcome: "done" });
    expect(await jobs.act("module.unload", "module/absent")).toMatchObject({ outcome: "done", after: null });
    expect([state("broken"), state("absent")]).toEqual(["registered", undefined]);
    expect(await jobs.act("module.unload", "module/absent")).toMatchObject(refused("NOT_FOUND", "ENOENT"));

    await jobs.restart();
    await untilState("last", "registered");
    expect([state("first"), state("broken"), state("absent")]).toEqual(["registered", "registered", "failed"]);
    // What a reload adds is loaded then; what it leaves out stays.
    writeFileSync(jobs.modules.file("added.ts"), moduleNamed("added"));
    jobs.load.splice(0, 5, "added");
    await jobs.reload({});
    await untilState("added", "registered");
    expect(state("first")).toBe("registered");
  });

  run(
    "one that names itself otherwise takes the place of the failed one; a service that ends stops loading",
    async () => {
      await using jobs = await Jobs.open();
      const names = () => [...jobs.service.service.snapshot().shelves.modules.items.values()].map(({ name }) => name);
      jobs.load.push("file");
      await jobs.restart();
      await jobs.service.untilEvent("MODULE_FAILED");
      expect(names()).toEqual(["job", "file"]);
      writeFileSync(jobs.modules.file("file.ts"), moduleNamed("other"));
      expect(await jobs.act("module.load", "module/file")).toMatchObject({ outcome: "done", id: "n1/module/other" });
      expect(names()).toEqual(["job", "other"]);
      const failures = jobs.codes().filter((code) => code === "MODULE_FAILED").length;
      // Ended while its module is still being loaded.
      await jobs.restart(async () => void jobs.load.splice(0, 1, "nobody"));
      await jobs.restart(async () => void jobs.load.splice(0, 1, "file"));
      await jobs.restart();
      await jobs.service.until(({ shelves }) => shelves.modules.items.has("n1/module/other"));
      expect(jobs.codes().filter((code) => code === "MODULE_FAILED").length).toBe(failures + 1);
    },
  );
});

describe("jobd's socket", () => {
  run("what libjob makes is shown and told as anything else; who may do what is decided by the one table", async () => {
    using place = new TemporaryDirectory();
    chmodSync(place.path, 0o755);
    const path = place.file("jobd/jobd-socket");
    await using jobs = await Jobs.open("cgroup", { jobdSocket: path });
    await using peer = await Perl.run("1");
    const jobd = { path, clock: systemClock, timeoutMs: null };
    const jid = jidText(await job_create(jobd, { uid: ADA, pid: peer.pid }));
    expect(jobs.job(jid)).toMatchObject({ uid: ADA, processes: 1, pid: peer.pid });
    const asked = async (uid: number) => {
      const words = ["setpriv", `--reuid=${uid}`, "--clear-groups", process.execPath, ASKER, path, jid];
      return (await new Response(Bun.spawn(words, { env: { HOME: "/" } }).stdout).text()).trim();
    };
    expect(await asked(ADA + 1)).toBe("1 EPERM EPERM");
    expect(await asked(ADA)).toBe("1 EPERM undefined");
    expect(await asked(0)).toBe("1 7 undefined");
    // The journal has them as it has any action, by whom and through which door.
    const rows = jobs.service.events().filter(({ code }) => code.startsWith("ACTION_"));
    expect(rows.map(({ code, action, outcome, actor }) => [code, action, outcome, actor])).toEqual([
      ["ACTION_BEGUN", "job.create", null, "0 jobd"],
      ["ACTION_ENDED", "job.create", "done", "0 jobd"],
      ["ACTION_BEGUN", "module.ctl", null, "0 jobd"],
      ["ACTION_ENDED", "module.ctl", "done", "0 jobd"],
    ]);
    expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(2);
    const status = job_waitjid(jobd, BigInt(jid));
    // Answered behind the one before: that waits by now.
    expect(await job_getjidcnt(jobd)).toBe(1);
    peer.tell("exit 5");
    expect(await status).toBe(5 << 8);
    expect(await jobs.service.service.reports?.({ jids: [jid], limit: 1 })).toMatchObject([
      { exit: { text: "exit 5" } },
    ]);
    await jobs.restart();
    expect(await job_getjidcnt(jobd)).toBe(0);
  });

  run("a reload moves it, takes it away and tells what counts only from the next start on", async () => {
    using place = new TemporaryDirectory();
    const at = (name: string) => ({ path: place.file(`${name}/jobd-socket`), clock: systemClock, timeoutMs: null });
    await using jobs = await Jobs.open("cgroup", { jobdSocket: at("first").path });
    const warnings = () => jobs.service.service.snapshot().shelves.jobs.warnings.map(({ message }) => message);
    await using peer = await Perl.run("1");
    const jid = await job_create(at("first"), { uid: 0, pid: peer.pid });
    const waited = job_waitjid(at("first"), jid).catch((thrown) => thrown.errno);
    expect(await job_getjidcnt(at("first"))).toBe(1);
    await jobs.reload({ jobdSocket: at("second").path, hid: 7 });
    expect(await waited).toBe("EINTR");
    expect(await job_getjidcnt(at("first")).catch((thrown) => thrown.errno)).toBe("ENOENT");
    expect(await job_getjidcnt(at("second"))).toBe(1);
    // The host id is of new jobs; what a client says holds over a reload that says nothing new of it.
    expect((await job_create(at("second"), { uid: 0, pid: peer.pid })) >> 32n).toBe(7n);
    await job_sethid(at("second"), 9);
    await jobs.reload({ jobdSocket: at("second").path, hid: 7, reports: 5 });
    expect((await job_create(at("second"), { uid: 0, pid: peer.pid })) >> 32n).toBe(9n);
    expect(warnings()).toEqual([]);

    const { group } = jobs;
    await jobs.reload({ jobdSocket: null, cgroup: "/another" });
    expect(await job_getjidcnt(at("second")).catch((thrown) => thrown.errno)).toBe("ENOENT");
    const pending = "the control group of [jobs] cgroup counts from the next start of the service on: /another.";
    expect(warnings()).toEqual([`${pending} Until then it is ${group}`]);
    expect((await jobs.service.untilEvent("SOURCE_FAILED")).message).toContain(pending);
    writeFileSync(place.file("file"), "");
    await jobs.reload({ jobdSocket: place.file("file/jobd-socket") });
    expect(warnings()).toEqual([expect.stringContaining("jobd's socket is not served: ")]);
    await jobs.reload({ jobdSocket: at("second").path });
    expect(warnings()).toEqual([]);
    expect(await job_getjidcnt(at("second"))).toBe(1);
  });

  run("one that cannot be had is told, and all else goes on", async () => {
    using place = new TemporaryDirectory();
    writeFileSync(place.file("jobd-socket"), "not a socket");
    await using jobs = await Jobs.open("cgroup", { jobdSocket: place.file("jobd-socket") });
    expect((await jobs.service.untilEvent("SOURCE_FAILED")).message).toContain("is there and is not a socket");
    const { shelves } = jobs.service.service.snapshot();
    expect(shelves.jobs).toMatchObject({ status: "ready", warnings: [{ code: "SOURCE_FAILED" }] });
    await using peer = await Perl.run("1");
    expect(await jobs.create(peer.pid)).toBe("0x0000000000000001");
  });
});
