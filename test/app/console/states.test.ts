/** What an empty, loading, failed or stale list says, and the modes that are shown in the header. */
import { afterEach, expect, test } from "bun:test";
import { errorRecord, MusterError } from "#core/model/error.ts";
import { daemon, event } from "#test/harness/items.ts";
import { ENTER, ESC, openScreen, type Screen } from "#test/harness/screen.ts";

let screen: Screen;
afterEach(() => screen?.close());

const failure = errorRecord(
  new MusterError("PERMISSION_DENIED", "cannot read /run", { errno: "EACCES", hint: "Run muster as root." }),
);

test("loading: something useful is there before any data", async () => {
  screen = await openScreen();
  expect(screen.text()).toContain("Reading declared daemons and pid files...");
  expect(screen.text()).toContain("muster 0.1.0  n1");
  expect(screen.text()).toContain("no data yet");
  expect(screen.text()).toContain("? help");
});

test("empty: says what to do", async () => {
  screen = await openScreen({ prepare: (service) => service.emit({ src: "daemons", op: "reset", items: [] }) });
  expect(screen.text()).toContain("No daemons: none is declared");
  expect(screen.text()).toContain("what writes a pid");
  await screen.press("x", ENTER, "G");
  expect(screen.text()).toContain("no daemon is selected");
});

test("no match: counts and the key that clears", async () => {
  screen = await openScreen({
    prepare: (service) => service.emit({ src: "daemons", op: "reset", items: [daemon("alpha"), daemon("beta")] }),
  });
  await screen.press("/", "zzz", ENTER);
  expect(screen.text()).toContain('0 of 2 match "zzz". Esc clears the filter.');
  await screen.press(ESC);
  expect(screen.text()).toContain("alpha");
});

test("failed: what failed, why, and the way out", async () => {
  screen = await openScreen({
    prepare: (service) => service.emit({ src: "daemons", op: "unavailable", error: failure }),
  });
  expect(screen.text()).toContain("Cannot read daemons: cannot read /run (EACCES)");
  expect(screen.text()).toContain("Run muster as root.");
});

test("a source that breaks later keeps its rows and is marked stale", async () => {
  screen = await openScreen({
    prepare: (service) => service.emit({ src: "daemons", op: "reset", items: [daemon("alpha")] }),
  });
  await screen.advance(20_000);
  screen.service.emit(
    { src: "daemons", op: "unavailable", error: failure },
    { src: "daemons", op: "stale", sinceMs: 6000 },
  );
  await screen.advance(300);
  expect(screen.text()).toContain("alpha");
  expect(screen.text()).toContain("STALE since 10:00:06");
  expect(screen.flat()).toMatch(/daemons cannot be read now: cannot read \/run.* - Run muster as root\./);
});

test("what stands against an action is told as old where it is", async () => {
  screen = await openScreen({
    prepare: (service) => service.emit({ src: "daemons", op: "reset", items: [daemon("alpha")] }),
  });
  await screen.press("t");
  expect(screen.text()).toContain("alpha runs already");
  expect(screen.text()).not.toContain("so it was");
  screen.service.emit({ src: "daemons", op: "stale", sinceMs: 0 });
  await screen.advance(300);
  await screen.press("t");
  expect(screen.text()).toContain("alpha runs already: so it was when it was read last");
});

test("warnings of a source are said while its rows are there", async () => {
  const warning = { code: "PID_FILE_UNREADABLE", target: null, message: "3 pid files cannot be read" };
  screen = await openScreen({
    prepare: (service) => service.emit({ src: "daemons", op: "reset", items: [daemon("alpha")], warnings: [warning] }),
  });
  expect(screen.text()).toContain("▲ 3 pid files cannot be read");
});

test("read-only: the flag stands, keys stay and give the reason", async () => {
  screen = await openScreen({
    isReadOnly: true,
    prepare: (service) => service.emit({ src: "daemons", op: "reset", items: [daemon("alpha")] }),
  });
  expect(screen.lines()[0]).toContain("READ-ONLY");
  await screen.press("x");
  expect(screen.text()).toContain("muster runs read-only: stop is not available");
  await screen.press("c");
  expect(screen.service.invocations.map(({ request }) => request.action)).toEqual(["daemon.check"]);
});

test("events: newest first; the cursor stays on the newest until it is moved away", async () => {
  screen = await openScreen({
    prepare: (service) =>
      service.emit({ src: "events", op: "reset", items: Array.from({ length: 50 }, (_, index) => event(index)) }),
  });
  await screen.press("7");
  expect(screen.line("▸ 03-01")).toContain("event number 49");
  screen.service.emit({ src: "events", op: "upsert", item: event(50, { severity: "error" }) });
  await screen.advance(300);
  expect(screen.line("▸ 03-01")).toContain("event number 50");
  expect(screen.line("event number 50")).toContain("✖ error");
  await screen.press("jj");
  const at = screen.lines().findIndex((line) => line.includes("▸ 03-01"));
  screen.service.emit(
    { src: "events", op: "upsert", item: event(51) },
    { src: "events", op: "upsert", item: event(52) },
  );
  await screen.advance(300);
  expect(screen.lines()[at]).toContain("event number 48");
  expect(screen.lines()[at]).toContain("▸");
});

test("the history of a daemon: loaded once when the eye rests on it, then live", async () => {
  screen = await openScreen({
    columns: 120,
    rows: 60,
    prepare: (service) => {
      service.emit({ src: "daemons", op: "reset", items: [daemon("alpha"), daemon("beta"), daemon("gamma")] });
      service.journal = [event(1, { target: "n1/daemon/gamma", message: "it came up long ago" })];
    },
  });
  await screen.press("j", "j");
  await screen.advance(200);
  expect(screen.service.queries.map((query) => query.target)).toEqual(["n1/daemon/gamma"]);
  expect(screen.text()).toContain("it came up long ago");
  screen.service.emit({
    src: "events",
    op: "upsert",
    item: event(2, { target: "n1/daemon/gamma", message: "just now" }),
  });
  await screen.advance(300);
  expect(screen.text()).toContain("just now");
  expect(screen.service.queries).toHaveLength(1);
});

test("only what is on the screen is attended, once things have settled", async () => {
  const items = Array.from({ length: 500 }, (_, index) => daemon(`d${String(index).padStart(3, "0")}`));
  screen = await openScreen({ prepare: (service) => service.emit({ src: "daemons", op: "reset", items }) });
  await screen.advance(200);
  expect(screen.service.attended.at(-1)).toHaveLength(19);
  await screen.press("j".repeat(100));
  await screen.press("k");
  expect(screen.service.attended).toHaveLength(1);
  await screen.advance(200);
  expect(screen.service.attended).toHaveLength(2);
  expect(screen.service.attended.at(-1)).toContain("n1/daemon/d099");
  await screen.press("j");
  await screen.advance(200);
  expect(screen.service.attended).toHaveLength(2);
  await screen.press(ENTER);
  await screen.advance(200);
  expect(screen.service.attended.at(-1)).toEqual(["n1/daemon/d100"]);
  await screen.press("7");
  await screen.advance(200);
  expect(screen.service.attended.at(-1)).toEqual([]);
});
