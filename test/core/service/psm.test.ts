/** The process set through the service: actions and their outcomes, what is shown, what is told, and who may. */

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import Database from "better-sqlite3";
import { systemClock } from "#app/cli/system-clock.ts";
import type { ActionId } from "#core/act/actions.ts";
import type { ActionRequest, ActionResult } from "#core/act/request.ts";
import type { Category } from "#core/model/category.ts";
import { delay } from "#core/model/clock.ts";
import { CONFIG_DEFAULTS } from "#core/model/config-defaults.ts";
import type { Member } from "#core/model/member.ts";
import type { Caller } from "#core/service/caller.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Perl } from "#test/harness/perl.ts";
import { TestService } from "#test/harness/service.ts";

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

type More = Partial<ActionRequest> & { identity?: string; caller?: Caller };

/** `id` without the node: `category/web`, `member/web/812`. */
function act(service: TestService, action: ActionId, id: string, more: More = {}): Promise<ActionResult> {
  const { caller, identity = null, ...rest } = more;
  const options = caller ? { options: { caller } } : {};
  return service.invoke(action, "", { targets: [{ id: `n1/${id}`, identity }], ...options, ...rest });
}

const members = (service: TestService): readonly Member[] => [
  ...service.service.snapshot().shelves.members.items.values(),
];
const category = (service: TestService, name: string): Category | undefined =>
  service.service.snapshot().shelves.categories.items.get(`n1/category/${name}`);

const psmEvents = (service: TestService) =>
  service.events().flatMap((event) => (event.code.startsWith("sys.unix.psm.") ? event.code.slice(13) : []));

const caller = (uid: number, more: Partial<Caller> = {}): Caller => ({
  uid,
  gid: uid,
  pid: null,
  capabilities: 0n,
  serviceUid: 0,
  ...more,
});

test("a member's whole life, in the shelves and in the journal", async () => {
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  await using peer = await Perl.run("1");
  expect(await act(service, "member.add", `member/web/${peer.pid}`)).toMatchObject({
    outcome: "done",
    message: `process ${peer.pid} was registered in web`,
    plan: [{ op: "set", pid: peer.pid }],
    before: null,
    after: { state: "running" },
    undo: "member.remove",
    error: null,
  });
  const [member] = members(service);
  const id = `member/web/${peer.pid}:${processIdentityTicks("/proc", peer.pid)}`;
  expect(member).toMatchObject({ id: `n1/${id}`, name: `n1-${peer.pid}`, comm: "perl", state: "running" });
  expect(category(service, "web")).toMatchObject({ members: 1, running: 1, wellKnown: false });
  expect(await act(service, "member.state", id, { arguments: { to: "draining" } })).toMatchObject({
    outcome: "done",
    before: { state: "running" },
    after: { state: "draining" },
  });
  peer.tell("POSIX::_exit(3)");
  const event = await service.untilEvent("sys.unix.psm.member.exited");
  expect(event).toMatchObject({
    severity: "warn",
    target: `n1/${id}`,
    message: `A member "n1-${peer.pid}" of category "web" has exited: exit 3`,
    variables: { _catname: "web", _pid: peer.pid, _memname: `n1-${peer.pid}`, _exitcode: 768, _node: "n1" },
  });
  expect(members(service)[0]).toMatchObject({
    state: "exited",
    comm: null,
    exitCode: 768,
    flags: { exit: true, argvTruncated: false },
    exit: { status: 768, text: "exit 3" },
  });
  expect(category(service, "web")).toMatchObject({ members: 1, running: 0, exited: 1, failed: 1 });
  const removed = await act(service, "member.remove", id);
  expect(removed).toMatchObject({ outcome: "done", before: { state: "exited" }, after: null });
  expect([members(service), category(service, "web")?.members]).toEqual([[], 0]);
  expect(psmEvents(service)).toEqual([
    "set.added",
    "category.added",
    "member.added",
    "member.exited",
    "member.removed",
  ]);
  const rows = await service.service.events({ limit: 100 });
  const audit = rows.filter((row) => row.code.startsWith("ACTION_")).map((row) => `${row.action} ${row.outcome}`);
  expect(audit).toEqual([
    "member.add null",
    "member.add done",
    "member.state null",
    "member.state done",
    "member.remove null",
    "member.remove done",
  ]);
});

test("categories: added, added again, removed only if asked for twice", async () => {
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  expect(await act(service, "category.add", "category/web")).toMatchObject({
    outcome: "done",
    after: { state: "present" },
  });
  const again = await act(service, "category.add", "category/web");
  expect(again).toMatchObject({ outcome: "unchanged", error: null, undo: null });
  expect(again.message).toContain("cfg_status 0x00720000 (EALREADY");
  const refused = await act(service, "category.remove", "category/web");
  expect(refused).toMatchObject({ outcome: "refused", error: { code: "UNSUPPORTED", errno: "ENOTSUP" } });
  expect(refused.error?.hint).toContain("cfg_status 0x005f0000");
  const empty = { arguments: { empty: true } };
  expect(await act(service, "category.remove", "category/web", empty)).toMatchObject({ outcome: "done", after: null });
  expect(category(service, "web")).toBeUndefined();
  const wellKnown = await act(service, "category.remove", "category/mountd", empty);
  expect(wellKnown).toMatchObject({ outcome: "refused", error: { errno: "ENOTSUP" } });
  const gone = await act(service, "category.remove", "category/web", empty);
  expect(gone).toMatchObject({ outcome: "refused", error: { code: "NOT_FOUND", errno: "ENOENT" } });
  await using peer = await Perl.run("1");
  await act(service, "member.add", `member/web/${peer.pid}`);
  const full = await act(service, "category.remove", "category/web", empty);
  expect(full).toMatchObject({ outcome: "refused", message: "web has 1 member: remove it first" });
});

test.each([
  ["category.add", "category/", "USAGE", "EINVAL"],
  ["category.add", `category/${"a".repeat(32)}`, "USAGE", "EINVAL"],
  ["category.add", "category/a/b", "USAGE", "EINVAL"],
  ["category.add", "category/a\0b", "USAGE", "EINVAL"],
  ["category.add", "daemon/x", "USAGE", "EINVAL"],
  ["member.add", "member/web", "USAGE", "EINVAL"],
  ["member.add", "member/web/many", "USAGE", "EINVAL"],
  ["member.add", "member/web/-1", "USAGE", "EINVAL"],
  ["member.add", "member/web/2147483648", "USAGE", "EINVAL"],
  ["member.add", "member/web/2147483647", "NOT_FOUND", "ESRCH"],
  ["member.add", "member/a/b/1", "USAGE", "EINVAL"],
  ["member.add", "member//1", "USAGE", "EINVAL"],
  ["member.remove", "member/web/1", "NOT_FOUND", "ENOENT"],
  ["member.remove", "member/web/1:1", "NOT_FOUND", "ENOENT"],
  ["member.state", "member/web/1", "NOT_FOUND", "ENOENT"],
  ["member.signal", "member/web/1", "NOT_FOUND", "ENOENT"],
] as const)("%s of %j is refused: %s, %s", async (action, id, code, errno) => {
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  const refused = await act(service, action, id, { arguments: { to: "x", signal: "TERM" } });
  expect(refused).toMatchObject({ outcome: "refused", error: { code, errno } });
  expect(refused.error?.hint).toContain("cfg_status 0x");
  expect(members(service)).toEqual([]);
});

test("a process that is a member already: unchanged in its own category, refused in another", async () => {
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  await using peer = await Perl.run("1");
  await act(service, "member.add", `member/web/${peer.pid}`);
  expect(await act(service, "member.add", `member/web/${peer.pid}`)).toMatchObject({
    outcome: "unchanged",
    error: null,
  });
  expect(await act(service, "member.add", `member/db/${peer.pid}`)).toMatchObject({
    outcome: "refused",
    error: { code: "NOT_ALLOWED_NOW", errno: "EALREADY", message: `process ${peer.pid} is registered in web already` },
  });
});

test("a dry run and read-only mode change nothing, and a dry run tells what would be", async () => {
  using directory = new TemporaryDirectory();
  await using peer = await Perl.run("1");
  {
    await using service = await TestService.open(directory, [], { mode: "watch" });
    const dry = await act(service, "member.add", `member/web/${peer.pid}`, { dryRun: true });
    expect(dry).toMatchObject({ outcome: "unchanged", plan: [{ op: "set" }], after: null });
    expect(members(service)).toEqual([]);
  }
  await using service = await TestService.open(directory, [], { mode: "watch", isReadOnly: true });
  const refused = await act(service, "member.add", `member/web/${peer.pid}`);
  expect(refused).toMatchObject({ outcome: "refused", error: { code: "READ_ONLY" } });
});

test("who does not keep the set shows it as the keeper wrote it, and changes nothing", async () => {
  using directory = new TemporaryDirectory();
  await using peer = await Perl.run("1");
  await using keeper = await TestService.open(directory, [], { mode: "watch" });
  await act(keeper, "member.add", `member/web/${peer.pid}`);
  for (const mode of ["once", "watch"] as const) {
    await using other = await TestService.open(directory, [], { mode });
    await other.until(({ shelves }) => shelves.members.items.size === 1);
    expect(members(other)).toEqual(members(keeper));
    expect(category(other, "web")?.running).toBe(1);
    const refused = await act(other, "member.remove", `member/web/${peer.pid}`);
    expect(refused).toMatchObject({ outcome: "refused", message: "no service keeps this set" });
    expect(refused.error).toMatchObject({ code: "UNSUPPORTED", errno: "ENODEV" });
  }
  await using other = await TestService.open(directory, [], { mode: "watch", keepsSet: false });
  await other.until(({ shelves }) => shelves.members.items.size === 1);
  await act(keeper, "member.remove", `member/web/${peer.pid}`);
  await other.until(({ shelves }) => shelves.members.items.size === 0);
});

test("a command that only looks makes no set", async () => {
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "once" });
  expect(service.service.snapshot().shelves.categories.items.size).toBe(28);
  expect(existsSync(directory.file("state"))).toBe(false);
});

test("a set that cannot be opened is unavailable, with the reason; the rest of the service is well", async () => {
  using directory = new TemporaryDirectory();
  await Bun.write(directory.file("state/psm.db/not a database"), "");
  await using service = await TestService.open(directory, [], { mode: "watch" });
  const { shelves } = await service.until((snapshot) => snapshot.shelves.members.status === "failed");
  expect(shelves.members.error).toMatchObject({ code: "SYSTEM", errno: "EIO" });
  expect(shelves.categories.error?.message).toContain("psm.db");
  await service.until((snapshot) => snapshot.shelves.daemons.status === "ready");
  expect(await act(service, "category.add", "category/web")).toMatchObject({
    outcome: "refused",
    error: { errno: "ENODEV" },
  });
});

test("a damaged set is moved aside, and everybody is told where to", async () => {
  using directory = new TemporaryDirectory();
  await Bun.write(directory.file("state/psm.db"), "this is no database ".repeat(100));
  await using service = await TestService.open(directory, [], { mode: "watch" });
  const { shelves } = await service.until((snapshot) => snapshot.shelves.members.status === "ready");
  expect(shelves.members.warnings[0]?.message).toContain(`${directory.file("state/psm.db")}.damaged-`);
  expect((await service.untilEvent("SOURCE_FAILED")).message).toContain("damaged");
});

test("psm_noevm keeps events from being told, at run time too", async () => {
  using directory = new TemporaryDirectory();
  const psm = { catMax: 512, memMax: 1024, memAutocat: true, noevm: 1 + 2 + 4 };
  await using service = await TestService.open(directory, [], { mode: "watch", config: { psm } });
  await using peer = await Perl.run("1");
  await act(service, "member.add", `member/web/${peer.pid}`);
  peer.tell("POSIX::_exit(0)");
  expect((await service.untilEvent("sys.unix.psm.member.exited")).severity).toBe("info");
  await service.local.reload({ ...CONFIG_DEFAULTS, discover: [], psm: { ...psm, noevm: 8 } });
  await act(service, "category.add", "category/told");
  await service.untilEvent("sys.unix.psm.category.added");
  expect(psmEvents(service)).toEqual(["member.exited", "category.added"]);
});

test("a signal goes to the very process that was registered", async () => {
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  await using peer = await Perl.run("1");
  const id = `member/web/${peer.pid}`;
  await act(service, "member.add", id);
  const send = (signal: string, more: More = {}) =>
    act(service, "member.signal", id, { arguments: { signal }, ...more });
  expect(await send("NOSUCH")).toMatchObject({ outcome: "refused", error: { code: "USAGE" } });
  expect(await send("USR1", { identity: `${peer.pid}:1` })).toMatchObject({
    outcome: "refused",
    error: { code: "IDENTITY_CHANGED" },
  });
  expect(await send("term")).toMatchObject({
    outcome: "done",
    message: `SIGTERM was sent to process ${peer.pid} of web`,
    plan: [{ op: "signal", signal: "SIGTERM", pid: peer.pid }],
  });
  expect((await service.untilEvent("sys.unix.psm.member.exited")).variables?._exitcode).toBe(15);
  expect(await send("TERM")).toMatchObject({ outcome: "refused", error: { code: "NOT_ALLOWED_NOW" } });
});

test("others may register, mark and remove their own processes, and nobody else's", async () => {
  if (!isRoot) return;
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  await using own = await Perl.run("1", [], { uid: NOBODY, gid: NOBODY });
  await using roots = await Perl.run("1");
  const nobody = { caller: caller(NOBODY) };
  const denied = await act(service, "member.add", `member/web/${roots.pid}`, nobody);
  expect(denied).toMatchObject({ outcome: "refused", error: { code: "PERMISSION_DENIED", errno: "EPERM" } });
  expect(denied.error?.hint).toContain("cfg_status 0x00000004 (CFG_FRAME_EPRIVS");
  expect(await act(service, "member.add", `member/web/${own.pid}`, nobody)).toMatchObject({ outcome: "done" });
  await act(service, "member.add", `member/web/${roots.pid}`);
  for (const [action, more] of [
    ["member.state", { arguments: { to: "mine" } }],
    ["member.signal", { arguments: { signal: "CONT" } }],
    ["member.remove", {}],
  ] as const) {
    expect(await act(service, action, `member/web/${roots.pid}`, { ...nobody, ...more })).toMatchObject({
      outcome: "refused",
      error: { code: "PERMISSION_DENIED" },
    });
    const id = `member/web/${own.pid}`;
    expect(await act(service, action, id, { ...nobody, ...more })).toMatchObject({ outcome: "done" });
  }
  expect(await act(service, "category.add", "category/own", nobody)).toMatchObject({ outcome: "refused" });
  const rows = await service.service.events({ limit: 200 });
  expect(rows.filter((row) => row.code === "ACTION_BEGUN").map((row) => row.actor)).toContain(`${NOBODY} cli`);
});

test("a process that has become another user's since it was registered is no longer its owner's to signal", async () => {
  if (!isRoot) return;
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  // Real user nobody, saved user root: as a set-user-id program begins.
  await using peer = await Perl.run(`$< = ${NOBODY}`);
  const nobody = { caller: caller(NOBODY), arguments: { signal: "CONT" } };
  expect(await act(service, "member.add", `member/web/${peer.pid}`, nobody)).toMatchObject({ outcome: "done" });
  expect(await act(service, "member.signal", `member/web/${peer.pid}`, nobody)).toMatchObject({ outcome: "done" });
  peer.tell("$< = 0");
  await peer.line();
  expect(await act(service, "member.signal", `member/web/${peer.pid}`, nobody)).toMatchObject({
    outcome: "refused",
    error: { code: "PERMISSION_DENIED" },
  });
});

test("_PSM_MYPID through the service is the process that asks", async () => {
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  await using peer = await Perl.run("1");
  const asPeer = { caller: caller(process.getuid?.() ?? 0, { pid: peer.pid }) };
  expect(await act(service, "member.add", "member/web/0", asPeer)).toMatchObject({ outcome: "done" });
  expect(members(service)).toMatchObject([{ pid: peer.pid }]);
});

test("only what is on a screen is sampled", async () => {
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  await using seen = await Perl.run("1");
  await using unseen = await Perl.run("1");
  for (const { pid } of [seen, unseen]) await act(service, "member.add", `member/web/${pid}`);
  const [first] = members(service);
  service.service.attend([first?.id ?? ""]);
  await service.until(
    ({ shelves }) => typeof shelves.members.items.get(first?.id ?? "")?.usage?.cpuPercent === "number",
  );
  const usages = members(service).map((member) => member.usage !== null);
  expect(usages).toEqual([true, false]);
  expect(members(service)[0]?.usage?.memoryBytes).toBeGreaterThan(1_000_000);
});

test("what is restarted keeps its members, and says who ended meanwhile", async () => {
  using directory = new TemporaryDirectory();
  await using stays = await Perl.run("1");
  await using ends = await Perl.run("1");
  {
    await using service = await TestService.open(directory, [], { mode: "watch" });
    for (const { pid } of [stays, ends]) await act(service, "member.add", `member/web/${pid}`);
  }
  ends.tell("POSIX::_exit(0)");
  await ends.ended();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  const event = await service.untilEvent("sys.unix.psm.member.exited");
  expect(event).toMatchObject({ severity: "warn", message: expect.stringContaining("has exited: status unknown") });
  expect(event.variables).not.toHaveProperty("_exitcode");
  expect(members(service).map((member) => [member.pid, member.state])).toEqual([
    [stays.pid, "running"],
    [ends.pid, "exited"],
  ]);
});

test("however many targets a user names, the loop has its turn between them, and so have others", async () => {
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  await service.local.ready;
  const order: string[] = [];
  // Nobody has these pids: each is refused, and each has its two rows in the journal.
  const targets = Array.from({ length: 100 }, (_, number) => ({ id: `n1/member/web/${2 ** 30 + number}` }));
  const many = act(service, "member.add", "", { targets, caller: caller(NOBODY) }).then(() => order.push("many"));
  const loop = delay(systemClock, 0).then(() => order.push("loop"));
  await loop;
  const one = act(service, "category.add", "category/other", { caller: caller(0) }).then(() => order.push("one"));
  await Promise.all([many, one]);
  expect(order).toEqual(["loop", "one", "many"]);
});

test("that exits cannot be stored is told as long as it is so", async () => {
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  await using peer = await Perl.run("1");
  await act(service, "member.add", `member/web/${peer.pid}`);
  const other = new Database(directory.file("state/psm.db"));
  other.exec("BEGIN IMMEDIATE");
  peer.tell("POSIX::_exit(3)");
  const warnings = ({ shelves }: Snapshot) => shelves.members.warnings.map(({ message }) => message).join();
  await service.until((snapshot) => warnings(snapshot).startsWith("exits cannot be stored"));
  other.exec("ROLLBACK");
  other.close();
  await service.until((snapshot) => warnings(snapshot) === "");
  expect(members(service)).toMatchObject([{ exitCode: 3 << 8 }]);
});
