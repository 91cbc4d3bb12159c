/** From the key to the outcome: confirmation, arguments, progress, cancelling, answers. */
import { afterEach, expect, test } from "bun:test";
import { errorRecord, MusterError } from "#core/model/error.ts";
import { daemon } from "#test/harness/items.ts";
import { DOWN, ENTER, ESC, openScreen, type Screen, TAB } from "#test/harness/screen.ts";

let screen: Screen;
afterEach(() => screen?.close());

async function open(options: { columns?: number; rows?: number } = {}): Promise<void> {
  screen = await openScreen({
    ...options,
    prepare: (service) =>
      service.emit({
        src: "daemons",
        op: "reset",
        items: [daemon("alpha", { pid: 101 }), daemon("beta", { pid: 102 })],
      }),
  });
}

test("the dialog names verb, object, process and consequence; Enter on Cancel does nothing", async () => {
  await open();
  await screen.press("x");
  for (const part of [
    "Stop alpha?",
    "n1/daemon/alpha",
    "pid 101",
    "alpha (pid 101) will be told to end.",
    "▸ Cancel",
  ]) {
    expect(screen.text()).toContain(part);
  }
  await screen.press(ENTER);
  expect(screen.text()).not.toContain("Stop alpha?");
  expect(screen.service.invocations).toHaveLength(0);
});

test("Tab marks the other button, Enter presses it", async () => {
  await open();
  await screen.press("x", TAB);
  expect(screen.text()).toContain("▸ Stop");
  await screen.press(ENTER);
  expect(screen.service.invocations[0]?.request.action).toBe("daemon.stop");
});

test("an object that goes or changes under the dialog is told in it", async () => {
  await open();
  await screen.press("x");
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("alpha", { pid: 999 }) });
  await screen.advance(300);
  expect(screen.text()).toContain("alpha changed meanwhile: it is another process now");
  expect(screen.text()).toContain("(999:5000). The action will be refused.");
  screen.service.emit({ src: "daemons", op: "remove", id: "n1/daemon/alpha", reason: "gone" });
  await screen.advance(300);
  expect(screen.text()).toContain("alpha is gone meanwhile.");
  await screen.press("n");
  expect(screen.text()).toContain("alpha is gone: the cursor is on beta now");
});

test("a signal is asked for, then confirmed with it", async () => {
  await open();
  await screen.press("S");
  expect(screen.text()).toContain("Send signal: alpha");
  await screen.press(ENTER);
  expect(screen.text()).toContain("signal is needed");
  await screen.press("KILLL", ENTER);
  expect(screen.text()).toContain('"KILLL" is no signal');
  await screen.press("\u0015");
  await screen.press("usr1", ENTER);
  expect(screen.text()).toContain("Send signal usr1 to alpha?");
  expect(screen.line("usr1")).toContain("signal");
  await screen.press("y");
  expect(screen.service.invocations[0]?.request).toMatchObject({
    action: "daemon.signal",
    arguments: { signal: "usr1" },
    targets: [{ id: "n1/daemon/alpha", identity: "101:5000" }],
  });
});

test("an answer that is too long for one line is shown whole", async () => {
  await open();
  await screen.press("L");
  const hint = "run muster as root, or as the user the daemon runs as, and look into its own log";
  screen.service.invocations[0]?.fail(
    new MusterError("PERMISSION_DENIED", "the kernel does not allow uid 1000 to signal pid 101", { hint }),
  );
  await screen.settle();
  expect(screen.flat()).toContain(hint);
  expect(screen.lines().at(-1)).toContain("? help");
});

test("an answer that is too long for four lines says that there is more", async () => {
  await open();
  await screen.press("L");
  const message = Array.from({ length: 100 }, (_, index) => `word${index}`).join(" ");
  screen.service.invocations[0]?.fail(new MusterError("SYSTEM", message));
  await screen.settle();
  const lines = screen.lines();
  const first = lines.findIndex((line) => line.includes("word0 word1"));
  expect(lines[first + 3]?.trimEnd()).toEndWith("…");
  expect(first + 4).toBe(lines.length - 1);
});

test("Esc in the argument prompt does nothing else", async () => {
  await open();
  await screen.press("S", "te", ESC);
  expect(screen.text()).not.toContain("Send signal");
  expect(screen.service.invocations).toHaveLength(0);
});

test("a long action shows itself on its row and in the status line, with seconds", async () => {
  await open();
  await screen.press("x", "y");
  expect(screen.line("▸ alpha")).toContain("◐ stop");
  screen.service.invocations[0]?.progress("signal sent; waiting for the lock");
  await screen.advance(3200);
  expect(screen.line("▸ alpha")).toContain("stop 3s");
  expect(screen.text()).toContain("stop alpha: signal sent; waiting for the lock");
  expect(screen.line("waiting for the lock")).toContain("3 s  Esc cancels");
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("alpha", { state: "down" }) });
  screen.service.invocations[0]?.finish({ message: "its lock is free", undo: "daemon.start" });
  await screen.settle();
  expect(screen.text()).toContain("stop alpha: its lock is free (z takes it back)");
  expect(screen.line("▸ alpha")).toContain("○ down");
});

test("an item that ends with its action: the outcome and where the cursor is now are both said", async () => {
  await open();
  await screen.press("x", "y");
  screen.service.emit({ src: "daemons", op: "remove", id: "n1/daemon/alpha", reason: "its pid file is gone" });
  screen.service.invocations[0]?.finish({ message: "its lock is free" });
  await screen.settle();
  const said = screen.flat();
  expect(said).toContain("stop alpha: its lock is free; alpha is gone: the cursor is on beta now");
});

test("z takes back the last action or nothing: never the one before it", async () => {
  await open();
  await screen.press("x", "y");
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("alpha", { state: "down" }) });
  screen.service.invocations[0]?.finish({ undo: "daemon.start" });
  await screen.settle();
  await screen.press("j", "L");
  screen.service.invocations[1]?.finish({ message: "SIGHUP was sent" });
  await screen.settle();
  await screen.press("z");
  expect(screen.text()).toContain("reload beta was the last action: it cannot be taken back");
  expect(screen.service.invocations).toHaveLength(2);
  await screen.press("?", "the last action");
  expect(screen.flat()).toContain("Not now: reload beta was the last action");
});

test("z while an action runs says so, and what Esc does; it takes nothing back", async () => {
  await open();
  await screen.press("x", "y");
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("alpha", { state: "down" }) });
  screen.service.invocations[0]?.finish({ undo: "daemon.start" });
  await screen.settle();
  await screen.press("j", "L", "z");
  expect(screen.text()).toContain("reload of beta is still running: Esc asks it to stop");
  await screen.press("k", "z");
  expect(screen.text()).toContain("reload of beta is still running: Esc on its line asks it to stop");
  await screen.press("?", "the last action");
  expect(screen.flat()).toContain("Not now: reload of beta is still running");
  await screen.press(ESC, "j", ESC, "z");
  expect(screen.text()).toContain("reload of beta is still running: it was asked to stop");
  expect(screen.service.invocations).toHaveLength(2);
  screen.service.invocations[1]?.finish({ outcome: "refused", message: "given up" });
  await screen.settle();
  await screen.press("z");
  expect(screen.service.invocations[2]?.request).toMatchObject({
    action: "daemon.start",
    targets: [{ id: "n1/daemon/alpha" }],
  });
});

test("what was refused leaves what z does; of what is gone nothing is taken back", async () => {
  await open();
  await screen.press("x", "y");
  screen.service.invocations[0]?.finish({ undo: "daemon.start" });
  await screen.settle();
  await screen.press("j", "L");
  screen.service.invocations[1]?.finish({ outcome: "refused", message: "not now" });
  screen.service.emit({ src: "daemons", op: "remove", id: "n1/daemon/alpha", reason: "its pid file is gone" });
  await screen.settle();
  await screen.press("z");
  expect(screen.flat()).toContain("alpha is gone: nothing to take back");
});

test("Esc asks the action to stop, once; its report is the answer", async () => {
  await open();
  await screen.press("L");
  const [invocation] = screen.service.invocations;
  expect(invocation?.signal?.aborted).toBe(false);
  await screen.press(ESC);
  expect(invocation?.signal?.aborted).toBe(true);
  await screen.advance(2500);
  expect(screen.text()).toContain("cancel asked");
  const error = errorRecord(new MusterError("CANCELLED", "cancelled", { hint: "the signal was sent already" }));
  invocation?.finish({ outcome: "unknown", message: "cancelled while waiting", error });
  await screen.settle();
  expect(screen.text()).toContain("✖ reload alpha: cancelled while waiting - the signal was sent already");
});

for (const [outcome, mark] of [
  ["done", "  reload alpha"],
  ["unchanged", "  reload alpha"],
  ["refused", "▲ reload alpha"],
  ["failed", "✖ reload alpha"],
  ["unknown", "✖ reload alpha"],
] as const) {
  test(`an answer is as grave as its row in the journal: ${outcome}`, async () => {
    await open();
    await screen.press("L");
    screen.service.invocations[0]?.finish({ outcome, message: "so it ended" });
    await screen.settle();
    expect(` ${screen.line("so it ended")}`).toContain(mark);
  });
}

test("a second action on the same item waits; on another it runs", async () => {
  await open();
  await screen.press("L", "L");
  expect(screen.text()).toContain("reload of alpha is still running");
  await screen.press(DOWN, "L");
  expect(screen.service.invocations).toHaveLength(2);
});

test("a failure is said as an error and stays until somebody was there", async () => {
  await open();
  await screen.press("L");
  screen.service.invocations[0]?.fail(new MusterError("TIMED_OUT", "the deadline passed", { hint: "try X" }));
  await screen.settle();
  expect(screen.text()).toContain("✖ reload alpha: the deadline passed - try X");
  await screen.press("j");
  expect(screen.text()).toContain("the deadline passed");
  await screen.advance(60_000);
  expect(screen.text()).toContain("the deadline passed");
  await screen.press("k");
  expect(screen.text()).not.toContain("the deadline passed");
});

test("news leaves after two seconds by itself", async () => {
  await open();
  await screen.press("z");
  expect(screen.text()).toContain("nothing to take back");
  await screen.advance(1999);
  expect(screen.text()).toContain("nothing to take back");
  await screen.advance(1);
  expect(screen.text()).not.toContain("nothing to take back");
  expect(screen.clock.pending()).toBe(0);
});
