import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { Journal, type NewEvent } from "#core/journal/journal.ts";
import { MusterError } from "#core/model/error.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

const EVENT: NewEvent = { atMs: 1_000, severity: "info", code: "DAEMON_UP", target: "n1/daemon/a", message: "a is up" };

function open(directory: TemporaryDirectory): Journal {
  return Journal.open(directory.file("journal.db"), "n1", 1_700_000_000_000);
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof MusterError) return thrown.code;
    throw thrown;
  }
  return "no error";
}

describe("events", () => {
  test("are read back as they were written, by target, time and number, oldest first, the newest of them", () => {
    using directory = new TemporaryDirectory();
    const journal = open(directory);
    journal.append(EVENT);
    journal.append({ ...EVENT, target: "n1/daemon/b", atMs: 2_000 });
    journal.append({ ...EVENT, atMs: 3_000, message: "again" });
    const messages = (filter: Parameters<Journal["read"]>[0]) => journal.read(filter).map((event) => event.id);
    expect(messages({ limit: 10 })).toEqual(["n1/event/1", "n1/event/2", "n1/event/3"]);
    expect(messages({ limit: 10, target: "n1/daemon/a" })).toEqual(["n1/event/1", "n1/event/3"]);
    expect(messages({ limit: 10, sinceMs: 2_000 })).toEqual(["n1/event/2", "n1/event/3"]);
    expect(messages({ limit: 10, afterNumber: 2 })).toEqual(["n1/event/3"]);
    expect(messages({ limit: 1 })).toEqual(["n1/event/3"]);
    expect(journal.read({ limit: 10 })[0]).toMatchObject({
      at: "1970-01-01T00:00:01.000Z",
      message: "a is up",
      action: null,
    });
    journal.close();
  });

  test("with the same `once` are kept once, also from two writers", () => {
    using directory = new TemporaryDirectory();
    const [one, two] = [open(directory), open(directory)];
    expect(one.append({ ...EVENT, once: "x" })?.id).toBe("n1/event/1");
    expect(two.append({ ...EVENT, once: "x" })).toBeNull();
    expect(two.read({ limit: 10 })).toHaveLength(1);
    one.close();
    two.close();
  });

  test("of another writer change the data version", () => {
    using directory = new TemporaryDirectory();
    const [one, two] = [open(directory), open(directory)];
    const before = one.dataVersion();
    two.append(EVENT);
    expect(one.dataVersion()).not.toBe(before);
    one.close();
    two.close();
  });
});

describe("kill -9", () => {
  test("whatever was acknowledged is there", async () => {
    using directory = new TemporaryDirectory();
    const code = `import { Journal } from "#core/journal/journal.ts";
      const journal = Journal.open(${JSON.stringify(directory.file("journal.db"))}, "n1", 0);
      for (let i = 1; ; i++) { journal.append({ atMs: i, severity: "info", code: "DAEMON_UP", target: null, message: String(i) }); process.stdout.write(i + "\\n"); }`;
    const child = Bun.spawn([process.execPath, "-e", code], { cwd: join(import.meta.dir, "../../.."), stdout: "pipe" });
    const reader = child.stdout.getReader();
    let said = "";
    while (said.length < 200) said += new TextDecoder().decode((await reader.read()).value);
    child.kill("SIGKILL");
    await child.exited;
    const acknowledged = Number(said.trim().split("\n").at(-2));
    const journal = open(directory);
    expect(journal.movedAside).toBeNull();
    expect(journal.read({ limit: 1_000_000 }).length).toBeGreaterThanOrEqual(acknowledged);
    journal.close();
  });
});

test("a journal of version 1 is taken over with all its events", () => {
  using directory = new TemporaryDirectory();
  const first = open(directory);
  first.append(EVENT);
  first.close();
  const database = new Database(directory.file("journal.db"));
  database.exec("ALTER TABLE event DROP COLUMN variables; PRAGMA user_version = 1");
  database.close();
  const journal = open(directory);
  journal.append({ ...EVENT, variables: { _pid: 812 } });
  expect(journal.read({ limit: 10 }).map((event) => event.variables)).toEqual([null, { _pid: 812 }]);
  journal.close();
});

describe("a journal that cannot be used", () => {
  test.each([
    ["no database", Buffer.from("this is no database at all, but it is long enough to be looked at ".repeat(40))],
    ["damaged", null],
  ])("%s: moved aside with its bytes, a new one begun", (_what, bytes) => {
    using directory = new TemporaryDirectory();
    const path = directory.file("journal.db");
    if (bytes) writeFileSync(path, bytes);
    else {
      const journal = open(directory);
      for (let i = 0; i < 500; i++) journal.append(EVENT);
      journal.close();
      const whole = readFileSync(path);
      writeFileSync(path, Buffer.concat([whole.subarray(0, 100), Buffer.alloc(whole.length - 100, 0xff)]));
    }
    const damaged = readFileSync(path);
    const journal = open(directory);
    journal.append(EVENT);
    expect(journal.read({ limit: 10 })).toHaveLength(1);
    expect(readFileSync(journal.movedAside ?? "")).toEqual(damaged);
    journal.close();
  });

  test("of a newer muster: refused and left alone", () => {
    using directory = new TemporaryDirectory();
    const database = new Database(directory.file("journal.db"));
    database.pragma("user_version = 99");
    database.close();
    expect(codeOf(() => open(directory))).toBe("UNSUPPORTED");
    expect(readdirSync(directory.path)).toEqual(["journal.db"]);
  });

  test("a directory in its place, or a file where its directory should be", () => {
    using directory = new TemporaryDirectory();
    mkdirSync(directory.file("journal.db"));
    expect(codeOf(() => open(directory))).toBe("PERMISSION_DENIED");
    writeFileSync(directory.file("file"), "");
    expect(codeOf(() => Journal.open(directory.file("file/journal.db"), "n1", 0))).toBe("SYSTEM");
  });

  test("no room: the write fails with its reason, what was acknowledged stays", () => {
    using directory = new TemporaryDirectory();
    const code = `import { Journal } from "#core/journal/journal.ts";
      const journal = Journal.open(${JSON.stringify(directory.file("journal.db"))}, "n1", 0);
      let count = 0;
      try { for (;; count++) journal.append({ atMs: 1, severity: "info", code: "DAEMON_UP", target: null, message: "x".repeat(50_000) }) }
      catch (thrown) { console.log(thrown.code, count) }`;
    const limited = ["sh", "-c", 'ulimit -f 2000; exec "$0" -e "$1"', process.execPath, code];
    const { stdout } = Bun.spawnSync(limited, { cwd: join(import.meta.dir, "../../.."), stderr: "inherit" });
    const [error, count] = stdout.toString().trim().split(" ");
    expect(error).toBe("SYSTEM");
    const journal = open(directory);
    expect(journal.read({ limit: 10_000 })).toHaveLength(Number(count));
    journal.close();
  });
});
