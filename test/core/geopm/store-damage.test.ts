/** Stores of others: written meanwhile, locked, replaced, damaged, read-only, of another application, with rows that kill. */
import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { GeopmError } from "#core/geopm/errors.ts";
import { PolicyStore } from "#core/geopm/policy-store.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { StorePeer } from "#test/harness/store-peers.ts";

const GOLDEN = join(import.meta.dir, "golden/policystore.db");
const isRoot = process.getuid?.() === 0;

function refusal(call: () => unknown): { number: number; code: string; message: string; hint: string | null } {
  try {
    call();
  } catch (thrown) {
    if (!(thrown instanceof GeopmError)) throw thrown;
    return { number: thrown.number, code: thrown.code, message: thrown.message, hint: thrown.hint };
  }
  throw new Error("it was not refused");
}

const setSql = (value: number) => `UPDATE BestPolicies SET value = ${value} WHERE profile = 'dgemm'`;

test.each(["delete", "truncate", "persist", "wal"])(
  "what another process commits, the next getBest has: %s",
  async (mode) => {
    using directory = new TemporaryDirectory();
    const path = directory.file("db");
    copyFileSync(GOLDEN, path);
    await using peer = await StorePeer.run(path);
    await peer.ask(`PRAGMA journal_mode = ${mode}`);
    using store = new PolicyStore(path);
    const best = () => store.getBest("power_governor", "dgemm")[0];
    expect([best(), best()]).toEqual([176.25, 176.25]);
    for (let value = 1; value <= 50; value++) {
      await peer.ask(setSql(value));
      expect([best(), best()]).toEqual([value, value]);
    }
    await peer.ask("BEGIN IMMEDIATE");
    await peer.ask(setSql(77));
    expect(best()).toBe(50);
    await peer.ask("ROLLBACK");
    expect(best()).toBe(50);
    store.setBest("power_governor", "dgemm", [51]);
    expect(best()).toBe(51);
  },
);

test("the journal mode is changed by another process in the middle", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("db");
  copyFileSync(GOLDEN, path);
  await using peer = await StorePeer.run(path);
  using store = new PolicyStore(path);
  const best = () => store.getBest("power_governor", "dgemm")[0];
  expect(best()).toBe(176.25);
  await peer.ask("PRAGMA journal_mode = wal");
  for (let value = 1; value <= 20; value++) {
    await peer.ask(setSql(value));
    expect([best(), best()]).toEqual([value, value]);
  }
});

test("two stores of one file in this process, and one of them closed", () => {
  using directory = new TemporaryDirectory();
  const first = new PolicyStore(directory.file("db"));
  using second = new PolicyStore(directory.file("db"));
  for (let value = 1; value <= 5; value++) {
    first.setBest("power_governor", "p", [value]);
    expect([second.getBest("power_governor", "p"), first.getBest("power_governor", "p")]).toEqual([[value], [value]]);
  }
  first.close();
  second.setBest("power_governor", "p", [6]);
  expect(second.getBest("power_governor", "p")).toEqual([6]);
});

test("a writer is waited for, but not for ever", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("db");
  copyFileSync(GOLDEN, path);
  await using peer = await StorePeer.run(path);
  using impatient = new PolicyStore(path, { busyMs: 20 });
  await peer.ask("BEGIN EXCLUSIVE");
  expect(refusal(() => impatient.setBest("power_governor", "dgemm", [1]))).toMatchObject({ number: -14, code: "BUSY" });
  expect(refusal(() => impatient.getBest("power_governor", "dgemm"))).toMatchObject({ number: -14, code: "BUSY" });
  expect(refusal(() => new PolicyStore(path, { busyMs: 20 }))).toMatchObject({ number: -14, code: "BUSY" });
  await peer.ask("ROLLBACK");
  // Unlike the real library, which is of no use after such a failure.
  impatient.setBest("power_governor", "dgemm", [2]);
  expect(impatient.getBest("power_governor", "dgemm")).toEqual([2]);
  using patient = new PolicyStore(path, { busyMs: 10_000 });
  await peer.ask("BEGIN IMMEDIATE");
  await peer.ask(setSql(3));
  peer.tell("COMMIT");
  patient.setBest("power_governor", "amg", [4]);
  await peer.answered();
  expect([patient.getBest("power_governor", "dgemm"), patient.getBest("power_governor", "amg")]).toEqual([[3], [4]]);
});

test("writers at once: every policy of each of them is there", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("db");
  using store = new PolicyStore(path, { busyMs: 10_000 });
  await using first = await StorePeer.run(path);
  await using second = await StorePeer.run(path);
  first.tell("set power_governor first 40");
  second.tell("set power_governor second 40");
  for (let round = 1; round <= 40; round++) store.setBest("power_governor", "own", [round]);
  await first.answered();
  await second.answered();
  for (const profile of ["first", "second", "own"]) expect(store.getBest("power_governor", profile)).toEqual([40]);
  expect(store.list()).toHaveLength(3);
});

test("a writer that is killed in the middle of a transaction has written nothing", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("db");
  copyFileSync(GOLDEN, path);
  await using peer = await StorePeer.run(path);
  using store = new PolicyStore(path);
  expect(store.getBest("power_governor", "dgemm")).toEqual([176.25]);
  // Too little memory for the change: what it has written so far is in the file, and its journal beside it.
  await peer.ask("PRAGMA cache_size = 1");
  await peer.ask("BEGIN IMMEDIATE");
  await peer.ask(setSql(5));
  await peer.ask(
    "CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i, hex(randomblob(100)) FROM n",
  );
  await peer.kill();
  expect(readdirSync(directory.path)).toContain("db-journal");
  expect(store.getBest("power_governor", "dgemm")).toEqual([176.25]);
  store.setBest("power_governor", "dgemm", [6]);
  expect(store.getBest("power_governor", "dgemm")).toEqual([6]);
});

test("another file in its place is opened; none in its place is told", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("db");
  using store = new PolicyStore(path);
  store.setBest("power_governor", "dgemm", [1]);
  expect(store.getBest("power_governor", "dgemm")).toEqual([1]);
  copyFileSync(GOLDEN, directory.file("new"));
  renameSync(directory.file("new"), path);
  expect(store.isReplaced()).toBe(true);
  expect(store.getBest("power_governor", "dgemm")).toEqual([176.25]);
  expect(store.isReplaced()).toBe(false);
  rmSync(path);
  expect(refusal(() => store.getBest("power_governor", "dgemm"))).toMatchObject({ number: -14, code: "NOT_FOUND" });
  expect(readdirSync(directory.path)).toEqual([]);
  copyFileSync(GOLDEN, path);
  expect(store.getBest("power_governor", "dgemm")).toEqual([176.25]);
});

test.each([
  ["a negative offset", "(-1, 5.0)", "offset -1 is negative"],
  ["an offset without end", "(1000000000, 5.0)", "offset 1000000000: a policy has at most 509 values"],
  ["an offset that is no number", "('x', 5.0)", "offset x: no number"],
])("%s would hang the real library, and is refused with the reason", (_name, row, why) => {
  using directory = new TemporaryDirectory();
  const path = directory.file("db");
  copyFileSync(GOLDEN, path);
  new Database(path)
    .exec(
      `INSERT INTO BestPolicies (profile, agent, offset, value) SELECT 'bad', 'power_governor', * FROM (VALUES ${row})`,
    )
    .close();
  using store = new PolicyStore(path);
  expect(refusal(() => store.getBest("power_governor", "bad"))).toMatchObject({
    number: -14,
    code: "BAD_DATA",
    message: `policy store ${path}: best policy of power_governor for "bad" cannot be used: ${why}`,
  });
  expect(store.list().filter(({ problem }) => problem !== null)).toMatchObject([{ profile: "bad", values: [] }]);
  expect(store.getBest("power_governor", "dgemm")).toEqual([176.25]);
  expect(store.remove("power_governor", "bad")).toBe(true);
  expect(store.getBest("power_governor", "bad")).toEqual([150]);
});

test("a table without its key, whose rows come in no order", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("db");
  const schema = "CREATE TABLE BestPolicies (profile TEXT, agent TEXT, offset INTEGER, value REAL)";
  new Database(path)
    .exec(`${schema}; INSERT INTO BestPolicies VALUES ('p', 'power_governor', 1, 1), ('p', 'power_governor', 0, 2)`)
    .close();
  using store = new PolicyStore(path);
  expect(refusal(() => store.getBest("power_governor", "p")).message).toContain("offset 0 comes after 1");
});

test("text where a number should be is what SQLite makes of it, as in the real library", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("db");
  copyFileSync(GOLDEN, path);
  new Database(path).exec("UPDATE BestPolicies SET value = 'much' WHERE profile = 'dgemm'").close();
  using store = new PolicyStore(path);
  expect(store.getBest("power_governor", "dgemm")).toEqual([0]);
});

test("no database, a damaged one, another application's, a directory, no directory, no file", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("db");
  const open = (of = path) => refusal(() => new PolicyStore(of, { mode: "existing" }));
  const text = "This is no database, but long enough to be asked for its header. ".repeat(80);
  writeFileSync(path, text);
  expect(open()).toMatchObject({ number: -14, code: "BAD_DATA" });
  expect(open().message).toContain("no SQLite database");
  expect(readFileSync(path, "utf8")).toBe(text);

  const golden = readFileSync(GOLDEN);
  writeFileSync(path, Buffer.concat([golden.subarray(0, 4096), Buffer.alloc(golden.length - 4096, 0xff)]));
  using damaged = new PolicyStore(path);
  expect(refusal(() => damaged.getBest("power_governor", "dgemm"))).toMatchObject({ number: -14, code: "BAD_DATA" });
  expect(refusal(() => damaged.list()).message).toContain("it is damaged");

  const other = directory.file("other");
  new Database(other).exec("CREATE TABLE places (url TEXT); PRAGMA user_version = 7").close();
  const before = readFileSync(other);
  expect(open(other)).toMatchObject({ number: -14, code: "BAD_DATA" });
  expect(refusal(() => new PolicyStore(other)).message).toContain("another application (tables: places)");
  expect(readFileSync(other).equals(before)).toBe(true);

  const columns = directory.file("columns");
  new Database(columns).exec("CREATE TABLE DefaultPolicies (agent TEXT, power REAL)").close();
  expect(refusal(() => new PolicyStore(columns)).message).toContain("no column offset, value");

  mkdirSync(directory.file("directory"));
  expect(open(directory.file("directory"))).toMatchObject({ number: -14, code: "BAD_DATA" });
  expect(refusal(() => new PolicyStore(directory.file("no/db")))).toMatchObject({ number: -14, code: "NOT_FOUND" });
  expect(open(directory.file("none"))).toMatchObject({ number: -14, code: "NOT_FOUND" });
  expect(refusal(() => new PolicyStore(""))).toMatchObject({ number: -3, code: "USAGE" });
});

test("tables of others beside GEOPM's, and a user_version, do no harm", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("db");
  copyFileSync(GOLDEN, path);
  new Database(path).exec("CREATE TABLE notes (text TEXT); PRAGMA user_version = 7").close();
  using store = new PolicyStore(path);
  expect(store.getBest("power_governor", "dgemm")).toEqual([176.25]);
});

test.skipIf(!isRoot)("on a read-only file system it is read, and not written (needs root)", async () => {
  using directory = new TemporaryDirectory();
  copyFileSync(GOLDEN, directory.file("db"));
  const program = `
    import { PolicyStore } from "${join(import.meta.dir, "../../../core/geopm/policy-store.ts")}";
    const store = new PolicyStore("${directory.file("db")}");
    console.log(store.getBest("power_governor", "dgemm")[0]);
    try { store.setDefault("power_governor", [1]) } catch (error) { console.log(error.number, error.code) }`;
  const mount = `mount --bind ${directory.path} ${directory.path} && mount -o remount,bind,ro ${directory.path}`;
  const script = `${mount} && exec ${process.execPath} -e '${program}'`;
  const child = Bun.spawn(["unshare", "-m", "sh", "-c", script], { stdout: "pipe", stderr: "inherit" });
  expect(await new Response(child.stdout).text()).toBe("176.25\n-14 PERMISSION_DENIED\n");
});
