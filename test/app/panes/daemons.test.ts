/** The daemons pane: each fact on its own line, and the words of doubtful ones. */
import { expect, test } from "bun:test";
import { DAEMONS_PANE } from "#app/panes/daemons.ts";
import type { Daemon } from "#core/model/daemon.ts";
import { NO_HISTORY } from "#core/store/sample-history.ts";
import { emptySnapshot } from "#core/store/snapshot.ts";
import { daemon } from "#test/harness/items.ts";

const atMs = Date.parse("2026-03-01T10:00:00Z");

function facts(change: Partial<Daemon>): Record<string, string> {
  const lines = DAEMONS_PANE.detail(daemon("d", change), { atMs, snapshot: emptySnapshot("n1"), samples: NO_HISTORY });
  return Object.fromEntries(lines.flatMap((line) => ("label" in line ? [[line.label, line.text]] : [])));
}

const cells = (change: Partial<Daemon>) =>
  Object.fromEntries(
    DAEMONS_PANE.columns.map((column) => [
      column.id,
      column.cell(daemon("d", change), { atMs, snapshot: emptySnapshot("n1"), samples: NO_HISTORY }).text,
    ]),
  );

test("a daemon that runs", () => {
  expect(facts({ pid: 12 })).toMatchObject({
    present: "yes, its process lives",
    locked: "yes, by pid 12",
    ready: "yes, its pid is written under the lock",
    identity: "12:5000",
    running: "2 h 0 min at 10:00:00",
    memory: "12.0 MiB resident",
    "pid file": "/run/d.pid",
    "guard file": "/run/d.lock",
  });
});

test("what cannot be told is not called no", () => {
  const unknown = facts({ present: null, ready: null, lock: { held: null, by: null }, wanted: null });
  expect(unknown.present).toBe("cannot be told");
  expect(unknown.ready).toBe("cannot be told");
  expect(unknown.locked).toContain("cannot be told");
  expect(unknown.wanted).toBe("nothing asked of muster");
});

test("a lock held by somebody else than the pid file says", () => {
  expect(facts({ pid: 12, lock: { held: true, by: 77 } }).locked).toBe("yes, by pid 77");
  expect(facts({ lock: { held: true, by: null } }).locked).toBe("yes, by a process that cannot be seen");
});

test("problems and the last exit", () => {
  const found = facts({
    state: "failed",
    problems: [{ code: "LOCK_LOST", message: "the lock was lost" }],
    exit: { at: "2026-03-01T09:00:00Z", status: 768, text: "exit 3" },
  });
  expect(found.problem).toBe("the lock was lost (LOCK_LOST)");
  expect(found["last exit"]).toBe("exit 3, 2026-03-01 09:00:00");
});

test("cells: numbers with fixed digits, a dash for what is not", () => {
  expect(cells({ pid: 12 })).toMatchObject({ pid: "12", cpu: "1.5", memory: "12.0", since: "03-01 08:00:00" });
  expect(cells({ state: "down", since: null })).toMatchObject({ pid: "-", cpu: "-", memory: "-", since: "-" });
  expect(cells({ usage: { cpuPercent: null, cpuSeconds: 1, memoryBytes: 5e9 } })).toMatchObject({
    cpu: "-",
    memory: "4768",
  });
});

test("the note: problem before description, and where a found one was found", () => {
  expect(cells({ description: "keeps time", problems: [{ code: "X", message: "clock is wrong" }] }).note).toBe(
    "clock is wrong",
  );
  expect(cells({ description: "keeps time" }).note).toBe("keeps time");
  expect(cells({ managed: false }).note).toBe("found: /run/d.pid");
});
