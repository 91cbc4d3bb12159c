/** The console as lines: what is said of each key and of what happens, and that nothing is said otherwise. */
import { expect, test } from "bun:test";
import { ACTION_LIST } from "#core/act/actions.ts";
import { daemon, event } from "#test/harness/items.ts";
import { openHeard } from "#test/harness/journal.ts";

const three = () =>
  openHeard({
    prepare: (service) => {
      service.emit({
        src: "daemons",
        op: "reset",
        items: [daemon("alpha", { pid: 101 }), daemon("beta", { pid: 102 }), daemon("gamma", { state: "failed" })],
      });
      service.emit({ src: "events", op: "reset", items: [event(1, { severity: "error", message: "long ago" })] });
    },
  });

const up = (name: string, pid: number, place: number) =>
  `daemon ${name}, up, pid ${pid}, cpu % 1.5, mem mib 12.0, since 03-01 08:00:00, ${place} of 3`;

test("it begins with where the console is; what happened long ago is not told", async () => {
  using heard = three();
  const said = await heard.after(0);
  expect(said[0]).toBe("muster 0.1.0, n1; ? tells the keys");
  expect(said[1]).toMatch(/^Daemons, pane 1 of 7, 3 daemons, 1 error, as of \d\d:\d\d:\d\d$/);
  expect(said.slice(2)).toEqual([up("alpha", 101, 1)]);
});

test("each key has one line for an answer, also one that changes nothing", async () => {
  using heard = three();
  await heard.after(0);
  expect(heard.press("j")).toEqual([up("beta", 102, 2)]);
  expect(heard.press("G")).toEqual([expect.stringMatching(/^daemon gamma, failed, .*3 of 3$/)]);
  expect(heard.press("j")).toEqual([expect.stringMatching(/^daemon gamma, failed, .*3 of 3$/)]);
  expect(heard.press("%")).toEqual(["% does nothing here; ? tells the keys"]);
  expect(heard.press("9")).toEqual(["there is no pane 9: the last is 7"]);
  expect(heard.press("7")[0]).toMatch(/^Events, pane 7 of 7, 1 event, /);
  expect(heard.press("q")).toEqual([]);
});

test("keys that come as one chunk have one answer", async () => {
  using heard = three();
  await heard.after(0);
  expect(heard.chunk(["j", "k", "j", "k", "j"])).toEqual([up("beta", 102, 2)]);
});

test("the detail is read whole when it opens, afterwards only what became of it", async () => {
  using heard = three();
  await heard.after(0);
  const said = heard.press("enter");
  expect(said[0]).toBe("detail of daemon alpha");
  for (const line of ["managed: yes, declared", "Facts", "locked: yes, by pid 101", "pid file: /run/alpha.pid"]) {
    expect(said).toContain(line);
  }
  const later = [...(await heard.after(200)), ...(await heard.after(1000))];
  expect(later).toEqual(["History: nothing has happened yet"]);
  const usage = { cpuPercent: 93, cpuSeconds: 13, memoryBytes: 5 * 1048576 };
  heard.service.emit({ src: "daemons", op: "upsert", item: daemon("alpha", { pid: 101, usage }) });
  expect(await heard.after(2000)).toEqual([]);
  heard.service.emit({ src: "daemons", op: "upsert", item: daemon("alpha", { pid: 101, usage, state: "stopping" }) });
  expect(await heard.after(2000)).toEqual(["state: stopping, since 2026-03-01 08:00:00"]);
  expect(heard.press("esc")).toEqual([expect.stringMatching(/^daemon alpha, stopping, pid 101, .*1 of 3$/)]);
});

test("what is measured is not told; what becomes of the selected item is", async () => {
  using heard = three();
  await heard.after(0);
  for (const cpuPercent of [10, 20, 30]) {
    const usage = { cpuPercent, cpuSeconds: 12, memoryBytes: 5 * 1048576 };
    heard.service.emit({ src: "daemons", op: "upsert", item: daemon("alpha", { pid: 101, usage }) });
    expect(await heard.after(2000)).toEqual([]);
  }
  heard.service.emit({ src: "daemons", op: "upsert", item: daemon("beta", { pid: 777 }) });
  expect(await heard.after(2000)).toEqual([]);
  heard.service.emit({ src: "daemons", op: "upsert", item: daemon("alpha", { state: "failed" }) });
  expect(await heard.after(2000)).toEqual([
    "Daemons: 2 errors",
    expect.stringMatching(/^daemon alpha, failed, .*1 of 3$/),
  ]);
  expect(heard.clock.pending()).toBe(0);
});

test("a dialog is read with its facts, the marked button and the keys; what changed under it is told", async () => {
  using heard = three();
  await heard.after(0);
  expect(heard.press("x")).toEqual([
    "Stop alpha?",
    "item: n1/daemon/alpha",
    "process: pid 101, started at tick 5000",
    "alpha (pid 101) will be told to end.",
    "Cancel is marked",
    "keys: y yes, n cancel, Tab switch, Enter press",
  ]);
  expect(heard.press("tab")).toEqual(["Stop is marked"]);
  heard.service.emit({ src: "daemons", op: "upsert", item: daemon("alpha", { pid: 999 }) });
  expect(await heard.after(1000)).toEqual([
    "alpha changed meanwhile: it is another process now (999:5000). The action will be refused.",
  ]);
  expect(heard.press("esc").at(-1)).toMatch(/^daemon alpha, up, pid 999, .*1 of 3$/);
  expect(heard.service.invocations).toHaveLength(0);
});

test("an action is told from the request to the outcome", async () => {
  using heard = three();
  await heard.after(0);
  heard.press("x");
  expect(heard.press("y")).toEqual(["stop alpha: sent"]);
  const [invocation] = heard.service.invocations;
  invocation?.progress("signal sent; waiting for the lock");
  expect(await heard.after(0)).toEqual(["stop alpha: signal sent; waiting for the lock"]);
  expect(await heard.after(5000)).toEqual([]);
  expect(heard.press("esc")).toEqual([
    "asked to cancel; what was done stays done",
    "stop alpha: cancel asked; signal sent; waiting for the lock",
  ]);
  invocation?.finish({ outcome: "failed", message: "it did not end" });
  expect(await heard.after(0)).toEqual(["error: stop alpha: it did not end"]);
});

test("a field that is none is told once with those there are", async () => {
  using heard = three();
  await heard.after(0);
  heard.press("/");
  const keys = [..."sate="];
  const said = heard.chunk(keys);
  expect(said[0]).toStartWith("fields: id, kind, name, ");
  expect(said).toContain("filter: sate=, unknown field 'sate'");
  expect(heard.press("u")).toEqual(["filter: sate=u, unknown field 'sate'"]);
});

for (const [outcome, said] of [
  ["unchanged", "reload alpha: so it ended"],
  ["refused", "warn: reload alpha: so it ended"],
  ["unknown", "error: reload alpha: so it ended"],
] as const) {
  test(`how grave an answer is is said before it: ${outcome}`, async () => {
    using heard = three();
    await heard.after(0);
    heard.press("L");
    heard.service.invocations[0]?.finish({ outcome, message: "so it ended" });
    expect(await heard.after(0)).toEqual([said]);
  });
}

test("what is typed is told with what fits it", async () => {
  using heard = three();
  await heard.after(0);
  expect(heard.press("/")).toEqual(["no filter, 3 of 3", "keys: Enter keep, Esc clear, Down down, Up up"]);
  expect(heard.press("b")).toEqual(["filter: b, 1 of 3", expect.stringMatching(/^daemon beta, .*1 of 1$/)]);
  expect(heard.press("x")).toEqual([
    "filter: bx, 0 of 3",
    expect.stringMatching(/^0 of 3 match "bx"\. Esc clears the filter\.$/),
  ]);
  expect(heard.press("esc").join("\n")).toContain("Daemons, pane 1 of 7, 3 daemons");
});

test("help is a list of every key, searched by typing", async () => {
  using heard = three();
  await heard.after(0);
  const said = heard.press("?");
  expect(said[0]).toMatch(/^Keys: Daemons, \d+ lines$/);
  for (const action of ACTION_LIST.filter(({ kind }) => kind === "daemons")) {
    expect(said.some((line) => line.startsWith(`${action.key}: ${action.title}: `))).toBe(true);
  }
  expect(said.find((line) => line.startsWith("z: "))).toContain("(not now: nothing to take back)");
  expect(heard.press("down")).toEqual([expect.stringMatching(/, 2 of \d+$/)]);
  expect(heard.press("f", "r", "e", "e").at(-2)).toMatch(/^search: free, \d lines?$/);
});

test("an order is told, and the line it leaves the cursor on", async () => {
  using heard = three();
  await heard.after(0);
  expect(heard.press("s")[0]).toMatch(/^Sort by: name, state, pid, /);
  expect(heard.press("down")).toEqual(["state, 2 of 7"]);
  expect(heard.press("enter")).toEqual([
    "sorted by state, ascending",
    expect.stringMatching(/^daemon alpha, up, .*2 of 3$/),
  ]);
});

test("a storm of warnings is told once a second, the newest of it", async () => {
  using heard = three();
  await heard.after(0);
  const warn = (number: number) =>
    heard.service.emit({
      src: "events",
      op: "upsert",
      item: event(number, { severity: "warn", target: null, message: `blow ${number}` }),
    });
  warn(2);
  expect(await heard.after(0)).toEqual(["warn, blow 2"]);
  for (let number = 3; number <= 30; number++) warn(number);
  expect(await heard.after(0)).toEqual([]);
  expect(await heard.after(1000)).toEqual([
    "23 more events; the newest are:",
    ...[26, 27, 28, 29, 30].map((number) => `warn, blow ${number}`),
  ]);
  expect(await heard.after(60_000)).toEqual([]);
  expect(heard.clock.pending()).toBe(0);
});

test("text from outside does not act: escapes are shown, in ASCII everything beyond it too", async () => {
  const evil = "\x1b[2J\x1b]0;owned\x07é\n";
  for (const isAscii of [false, true]) {
    using heard = openHeard({
      isAscii,
      prepare: (service) =>
        service.emit({ src: "daemons", op: "reset", items: [daemon("x", { label: evil, description: evil })] }),
    });
    const said = [...(await heard.after(0)), ...heard.press("enter", "x")].join("\n");
    expect(said).toContain(`\\x1b[2J\\x1b]0;owned\\x07${isAscii ? "\\xe9" : "é"}\\n`);
    expect(said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  }
});
