/** Categories and members: what they look like, how one is made, and the ways between the panes. */
import { afterEach, expect, test } from "bun:test";
import { errorRecord, MusterError } from "#core/model/error.ts";
import { category, daemon, event, member } from "#test/harness/items.ts";
import { DOWN, ENTER, ESC, openScreen, type Screen, type ScreenOptions } from "#test/harness/screen.ts";

let screen: Screen;
afterEach(() => screen?.close());

const SEGV = 0x80 | 11;

async function open(options: ScreenOptions = {}): Promise<void> {
  screen = await openScreen({
    ...options,
    prepare: (service) => {
      service.rows = [
        { pid: 400, identity: "400:1", uid: 0, user: "root", command: "/usr/sbin/sshd -D" },
        { pid: 500, identity: "500:2", uid: 33, user: "www-data", command: "nginx: worker process" },
        { pid: 812, identity: "812:5000", uid: 33, user: "www-data", command: "worker --number 812" },
      ];
      service.emit(
        { src: "daemons", op: "reset", items: [daemon("cron"), daemon("nginx", { pid: 812 })] },
        {
          src: "categories",
          op: "reset",
          items: [
            category("idle", { running: 1 }),
            category("mountd", { wellKnown: true }),
            category("web", { running: 1, exited: 4, failed: 3 }),
          ],
        },
        {
          src: "members",
          op: "reset",
          items: [
            member("web", 812),
            member("web", 813, {}, 3 << 8),
            member("web", 814, {}, SEGV),
            member("web", 815, {}, 0),
            member("web", 816, {}, null),
            member("idle", 900, { state: "draining" }),
          ],
        },
        { src: "events", op: "reset", items: [event(1, { target: "n1/member/web/813:5000" }), event(2)] },
      );
      options.prepare?.(service);
    },
  });
}

const cursorLine = () => screen.line("▸ ").replaceAll(/\s+/g, " ");
const row = (text: string) => screen.lines().find((line) => line.slice(2).trimStart().startsWith(text)) ?? "";

test("categories: failures first, with a sign, a word and counts", async () => {
  await open({ theme: { colorLevel: 0 } });
  await screen.press("2");
  expect(screen.lines()[3]).toMatch(/▸ web +✖ failed +1 +4 +3/);
  expect(row("idle")).toMatch(/● running +1 +0 +0/);
  expect(row("mountd")).toMatch(/ empty +0 +0 +0 +well-known/);
  expect(screen.text()).toContain("2 Categories 3 ✖1");
  expect(screen.text()).toContain("3 Memb ✖2 ▲1");
});

test("members: how each fares in words, no two the same without colour", async () => {
  await open({ columns: 120, rows: 40, theme: { colorLevel: 0 } });
  await screen.press("3");
  const state = (pid: number) => /\d+ +(\S [a-zA-Z0-9, ]+?)(?: {2,}|…| *│)/.exec(screen.line(` ${pid} `))?.[1];
  expect([812, 813, 814, 815, 816, 900].map(state)).toEqual([
    "● running",
    "✖ exit 3",
    "✖ killed by SIGSEGV, core",
    "○ exit 0",
    "? exited, status unknown",
    "● draining",
  ]);
});

test("at 80 columns a member's state, pid and uptime are whole, its command is there", async () => {
  await open();
  await screen.press("3");
  expect(screen.line(" 814 ")).toContain("✖ killed by SIGSEGV, core ");
  expect(screen.line(" 812 ")).toContain("2 h 0 min");
  expect(screen.line(" 812 ")).toContain("worker --nu");
});

test("beside its detail a member's CPU has room, and in its category alone also at 80 columns", async () => {
  await open({ columns: 120, rows: 40 });
  await screen.press("3");
  for (const title of ["UPTIME", "CPU %"]) expect(screen.lines()[2]).toContain(title);
  await screen.close();
  await open();
  await screen.press("2", "m");
  for (const title of ["STATE", "UPTIME", "CPU %", "COMMAND"]) expect(screen.lines()[2]).toContain(title);
  expect(screen.lines()[2]).not.toContain("CATEGORY");
});

test("the detail of a category lists its members, the failed ones first", async () => {
  await open();
  await screen.press("2", ENTER);
  const lines = screen.lines().filter((line) => /^ *81\d /.test(line));
  expect(lines.map((line) => line.trim().slice(0, 3))).toEqual(["813", "814", "816", "812", "815"]);
  expect(screen.line("812 ")).toContain("● running for 2 h 0 min: worker --number 812");
});

test("m shows the members of a category; Esc leads back to it", async () => {
  await open();
  await screen.press("2", "m");
  expect(screen.line("▸ 3 Memb")).toContain("in web  1/5 (of 6)");
  await screen.press("/", "exit", ENTER);
  expect(screen.line("▸ 3 Memb")).toContain("in web  filter: exit");
  await screen.press(ESC);
  expect(screen.line("▸ 3 Memb")).toContain("in web  1/5 (of 6)");
  await screen.press(ESC);
  expect(cursorLine()).toContain("2 Categories");
  await screen.press("j", "j", "m");
  expect(screen.text()).toContain("mountd has no members. Press a to add one, Esc to go back.");
  await screen.press(ESC, "3");
  expect(screen.line("▸ 3 Memb")).toContain("1/6");
});

test("a category is made by name; what cannot be a name is said while it is typed", async () => {
  await open();
  await screen.press("2", "a");
  expect(screen.text()).toContain("Add category");
  for (const [typed, problem] of [
    ["", "a category needs a name"],
    ["a/b", "holds no '/'"],
    ["x".repeat(32), "at most 31 bytes, this is 32"],
    ["ü".repeat(16), "at most 31 bytes, this is 32"],
  ] as const) {
    await screen.press("\x15", typed === "" ? " " : typed, ENTER);
    expect(screen.text()).toContain(problem);
  }
  expect(screen.service.invocations).toHaveLength(0);
  await screen.press("\x15", "db", ENTER);
  expect(screen.service.invocations[0]?.request).toMatchObject({
    action: "category.add",
    targets: [{ id: "n1/category/db", identity: null }],
    via: "console",
  });
  screen.service.emit({ src: "categories", op: "upsert", item: category("db") });
  screen.service.invocations[0]?.finish({ message: "added", undo: "category.remove" });
  await screen.settle();
  expect(screen.text()).toContain("add db: added (z takes it back)");
  expect(screen.line("▸ db")).not.toBe("");
  await screen.press("z");
  expect(screen.text()).toContain("Remove category db?");
  await screen.press("y");
  expect(screen.service.invocations[1]?.request).toMatchObject({
    action: "category.remove",
    arguments: { empty: true },
    targets: [{ id: "n1/category/db" }],
  });
  screen.service.invocations[1]?.finish({ message: "removed", undo: "category.add" });
  await screen.settle();
  await screen.press("z");
  expect(screen.service.invocations[2]?.request).toMatchObject({
    action: "category.add",
    targets: [{ id: "n1/category/db" }],
  });
});

test("a category with members is not removed, and says why", async () => {
  await open();
  await screen.press("2", "d");
  expect(screen.text()).toContain("web has 5 members: remove them first");
});

test("a process is chosen from those there are, then its category; the cursor goes to the new member", async () => {
  await open();
  await screen.press("3", "a");
  expect(screen.text()).toContain("3 of 3");
  expect(screen.line("worker --number 812")).toContain("in web: ");
  await screen.press("nginx w");
  expect(screen.text()).toContain("1 of 3");
  await screen.press(ENTER);
  expect(screen.text()).toContain("Add member: process 500");
  expect(screen.text()).toContain("category: idle");
  await screen.press("\x15", "web", ENTER);
  expect(screen.service.invocations[0]?.request).toMatchObject({
    action: "member.add",
    targets: [{ id: "n1/member/web/500", identity: "500:2" }],
  });
  screen.service.emit({ src: "members", op: "upsert", item: member("web", 500) });
  screen.service.invocations[0]?.finish({ message: "registered", undo: "member.remove" });
  await screen.settle();
  expect(screen.text()).toContain("add web/500: registered (z takes it back)");
  expect(screen.lines().find((line) => line.startsWith("▸ web"))).toContain(" 500 ");
  await screen.press("z");
  expect(screen.text()).toContain("Remove member web/500?");
  expect(screen.text()).toContain("goes on, but its exit will not be noticed");
});

test("what is a member already is not chosen again; Esc does nothing", async () => {
  await open();
  await screen.press("2", "A", "812");
  await screen.press(ENTER);
  expect(screen.text()).toContain("process 812 is in web already");
  await screen.press("\x15", "sshd", ENTER);
  expect(screen.text()).toContain("category: web");
  await screen.press(ESC);
  expect(screen.text()).not.toContain("Add member");
  expect(screen.service.invocations).toHaveLength(0);
});

test("a member that ends while it is asked whether to remove it: what would be forgotten is said", async () => {
  await open();
  await screen.press("3", "d");
  expect(screen.flat()).toContain("Process 900 of idle goes on, but its exit will not be noticed.");
  expect(screen.flat()).not.toContain("Meanwhile");
  screen.service.emit({ src: "members", op: "upsert", item: member("idle", 900, {}, 3 << 8) });
  await screen.advance(300);
  expect(screen.flat()).toContain("Meanwhile: How process 900 of idle ended will be forgotten.");
});

test("processes that cannot be read are said so, and one can leave", async () => {
  await open({
    prepare: (service) => {
      service.processes = () => Promise.reject(new MusterError("SYSTEM", "read /proc: EIO"));
    },
  });
  await screen.press("3", "a");
  expect(screen.text()).toContain("read /proc: EIO");
  await screen.press("j", DOWN, ENTER, ESC);
  expect(screen.text()).not.toContain("Register which process?");
});

test("state: typed over what it is, checked; signal: asked, confirmed, with the identity of the row", async () => {
  await open();
  await screen.press("3", "e");
  expect(screen.text()).toContain("Set state: idle/900");
  expect(screen.text()).toContain("state: draining");
  await screen.press("\x15", "exited", ENTER);
  expect(screen.text()).toContain("only of what has exited");
  await screen.press("\x15", "drained", ENTER);
  expect(screen.service.invocations[0]?.request).toMatchObject({
    action: "member.state",
    arguments: { to: "drained" },
    targets: [{ id: "n1/member/idle/900:5000", identity: "900:5000" }],
  });
  screen.service.invocations[0]?.finish({ message: "state is drained" });
  await screen.settle();
  await screen.press("S", "term", ENTER);
  expect(screen.text()).toContain("Send signal term to idle/900?");
  screen.service.emit({ src: "members", op: "upsert", item: member("idle", 900, {}, 0) });
  await screen.advance(300);
  expect(screen.text()).toContain("process 900 of idle has ended. The action will be");
  await screen.press("y");
  expect(screen.service.invocations[1]?.request).toMatchObject({
    action: "member.signal",
    arguments: { signal: "term" },
    targets: [{ identity: "900:5000" }],
  });
  const error = errorRecord(new MusterError("IDENTITY_CHANGED", "process 900 is another one now"));
  screen.service.invocations[1]?.finish({ outcome: "refused", message: "process 900 is another one now", error });
  await screen.settle();
  expect(screen.text()).toContain("▲ signal idle/900: process 900 is another one now");
  await screen.press("S");
  expect(screen.text()).toContain("process 900 of idle has ended");
});

test("J: to the daemon that is the same process and back, to what an event is about; else the reason", async () => {
  await open();
  await screen.press("3", "J");
  expect(screen.text()).toContain("process 900 of idle is no daemon that muster knows");
  await screen.press("j", "J");
  expect(screen.text()).toContain("process 813 of web has ended");
  await screen.press("jjj", "J");
  expect(screen.line("▸ 1 Daemons")).not.toBe("");
  expect(screen.line("▸ nginx")).not.toBe("");
  await screen.press("k", "J");
  expect(screen.text()).toContain("is not in the process set");
  await screen.press("j", "/", "nginx", ENTER, "J");
  expect(screen.lines().find((line) => line.startsWith("▸ web"))).toContain(" 812 ");
  await screen.press("7", "J");
  expect(screen.text()).toContain("this event is about the node");
  await screen.press("j", "J");
  expect(screen.lines().find((line) => line.startsWith("▸ web"))).toContain(" 813 ");
});

test("J takes away a filter or a group that would hide where it leads", async () => {
  await open();
  await screen.press("2", "j", "m");
  expect(screen.text()).toContain("in idle");
  await screen.press("1", "j", "J");
  expect(screen.text()).not.toContain("in idle");
  expect(screen.lines().find((line) => line.startsWith("▸ web"))).toContain(" 812 ");
});

test("only members and daemons in sight are sampled", async () => {
  await open();
  await screen.press("3");
  await screen.advance(200);
  expect(screen.service.attended.at(-1)).toContain("n1/member/web/812:5000");
  await screen.press("2");
  await screen.advance(200);
  expect(screen.service.attended.at(-1)).toEqual([]);
});

test("read-only: what would change something gives the reason", async () => {
  await open({ isReadOnly: true });
  await screen.press("2");
  for (const key of ["a", "A", "d"]) {
    await screen.press(key);
    expect(screen.text()).toContain("muster runs read-only");
  }
  await screen.press("3", "S");
  expect(screen.text()).toContain("muster runs read-only: signal is not available");
});

test("a set that cannot be read: a sentence, the way out, and nothing can be added", async () => {
  await open({
    prepare: (service) => {
      const hint = "muster serve runs as another user; ask it through its socket";
      const error = errorRecord(new MusterError("PERMISSION_DENIED", "the process set is not yours to read", { hint }));
      service.emit({ src: "members", op: "reset", items: [] }, { src: "members", op: "unavailable", error });
    },
  });
  await screen.press("3");
  expect(screen.text()).toContain("Cannot read members: the process set is not yours to read");
  expect(screen.text()).toContain("ask it through its socket");
  await screen.press("a");
  expect(screen.text()).toContain("members cannot be read: the process set is not yours to read");
});

test("the detail of an event shows its variables", async () => {
  await open({
    prepare: (service) => {
      const variables = { _catname: "web", _pid: 813, _exitcode: 768 };
      service.emit({ src: "events", op: "upsert", item: event(9, { variables }) });
    },
  });
  await screen.press("7", ENTER);
  expect(screen.line("_catname")).toContain("web");
  expect(screen.line("_exitcode")).toContain("768");
});

test("10,000 members: a key writes little and computes no list again", async () => {
  const items = Array.from({ length: 10_000 }, (_, index) => member(`c${index % 40}`, 1000 + index));
  const categories = Array.from({ length: 40 }, (_, index) => category(`c${index}`, { running: 250 }));
  await open({
    columns: 120,
    rows: 40,
    prepare: (service) =>
      service.emit({ src: "members", op: "reset", items }, { src: "categories", op: "reset", items: categories }),
  });
  await screen.press("3");
  await screen.advance(500);
  screen.takeWritten();
  await screen.press(DOWN);
  expect(screen.takeWritten().length).toBeLessThanOrEqual(4000);
  const { desk } = screen.open;
  const before = desk.view.rows(desk.store.state());
  await screen.press("j".repeat(50));
  expect(desk.view.rows(desk.store.state())).toBe(before);
});
