import { afterAll, expect, test } from "bun:test";
import { readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { CommandLine } from "#test/harness/cli.ts";
import { daemon } from "#test/harness/items.ts";

const cli = new CommandLine();
afterAll(() => cli[Symbol.dispose]());

const ALL = join(import.meta.dir, "../../../fixtures/sshd-loses-its-lock.muster.ndjson");

function write(name: string, ...records: readonly object[]): string {
  const path = join(cli.path, name);
  const reset = { dt: 0, src: "daemons", op: "reset", items: [daemon("cron"), daemon("sshd")] };
  const lines = [{ muster: 1, host: "n1", start: "2026-03-01T12:00:00Z" }, reset, ...records];
  writeFileSync(path, `# told by hand\n${lines.map((line) => `${JSON.stringify(line)}\n`).join("")}`);
  return path;
}

test("play --assert: 0 and one line where all is met, 1 with record and screen where not", async () => {
  const good = await cli.run(["play", ALL, "--assert", "--speed", "max"]);
  expect(good).toMatchObject({ exitCode: 0, stderr: "" });
  expect(good.stdout).toMatch(/^ok {2}.*: 30 records, 8 expectations, 00:06\.2\n$/);
  const clicked = write("clicked", { dt: 0, mouse: { x: 1, y: 2 } });
  expect(await cli.run(["play", clicked, "--assert"])).toMatchObject({
    exitCode: 0,
    stderr: `warning: ${clicked}: record 2 (line 4): mouse: the console has none; the record is left out\n`,
  });
  const path = write("bad", { dt: 1500, key: "j" }, { dt: 0, expect: { cursor: "daemon/cron" } });
  const bad = await cli.run(["play", path, "--assert"]);
  expect(bad.exitCode).toBe(1);
  expect(bad.stdout).toContain(`FAILED ${path}: record 3 (line 5) at 00:01.5`);
  expect(bad.stdout).toContain("wanted  daemon/cron");
  expect(bad.stdout).toContain("got     n1/daemon/sshd");
  expect(bad.stdout).toContain("|▸ sshd ");
  expect(bad.stdout).toContain('2  {"dt":1500,"key":"j"}');
});

test("play --screen-reader writes what is said, the same each time; with --assert a failure is told with it", async () => {
  const [one, two] = [
    await cli.run(["play", ALL, "--screen-reader"]),
    await cli.run(["play", ALL], { env: { INK_SCREEN_READER: "true" } }),
  ];
  expect(one).toMatchObject({ exitCode: 0, stderr: "" });
  expect(two.stdout).toBe(one.stdout);
  expect(one.stdout).toContain("Daemons, pane 1 of 7, ");
  expect(one.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  const good = await cli.run(["play", ALL, "--screen-reader", "--assert"]);
  expect(good).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^ok {2}/) });
  const path = write("unheard", { dt: 1500, key: "j" }, { dt: 0, expect: { reader: "nginx" } });
  const bad = await cli.run(["play", path, "--screen-reader", "--assert"]);
  expect(bad.exitCode).toBe(1);
  expect(bad.stdout).toMatch(/\n {4}wanted {2}nginx\n {4}got {5}daemon sshd, up, pid 800, .*\n/);
  expect(bad.stdout).toMatch(/\n {2}\|daemon sshd, up, pid 800, .*2 of 2/);
  const wrong = await cli.run(["play", ALL, "--screen-reader", "--json"]);
  expect(wrong.exitCode).toBe(64);
  expect(wrong.stderr).toContain("--screen-reader does not fit --json and --export: it writes lines");
});

test("play --json: hello first, end last with a digest, the same each time", async () => {
  const [one, two] = [await cli.run(["play", ALL, "--json"]), await cli.run(["play", ALL, "--json"])];
  expect(one.stdout).toBe(two.stdout);
  const lines = one.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index));
  expect(lines[0]).toMatchObject({ schema: "muster/1", type: "hello", host: "n0042", t: "2026-03-01T12:00:00.000Z" });
  expect(lines.at(-1)).toMatchObject({ type: "end", reason: "end", exitCode: 0, checks: 8, failures: 0 });
  expect(lines.at(-1).digest).toMatch(/^[0-9a-f]{64}$/);
  expect(lines.filter(({ type }) => type === "event").map(({ event }) => event.code)).toEqual([
    "DAEMON_UNLOCKED",
    "ACTION_BEGUN",
    "ACTION_ENDED",
  ]);
  const path = write("json-bad", { dt: 0, expect: { cursor: null } });
  const bad = await cli.run(["play", path, "--json"]);
  expect(bad.exitCode).toBe(1);
  expect(bad.stdout).toContain('"ok":false,"mismatches":[{"what":"cursor","wanted":"null","got":"n1/daemon/cron"}]');
});

test("a failure leaves what was drawn and the records, which fail the same way", async () => {
  const expects = [
    { dt: 0, expect: { screen: "sshd" } },
    { dt: 10, expect: { cursor: "daemon/cron" } },
  ];
  const path = write("fails.muster.ndjson", { dt: 1500, key: "j" }, ...expects, { dt: 0, note: "behind" });
  const out = join(cli.path, "out/deep");
  const first = await cli.run(["play", path, "--assert", "--out", out]);
  expect(first.exitCode).toBe(1);
  const left = [...first.stderr.matchAll(/left (.*)$/gm)].map((match) => match[1] ?? "");
  expect(left).toEqual([join(out, "fails.80x24.1.record-4.cast"), join(out, "fails.80x24.1.record-4.muster.ndjson")]);
  expect(readFileSync(left[0] ?? "", "utf8")).toStartWith('{"version":3,');
  const again = await cli.run(["play", left[1] ?? "", "--assert"]);
  expect(again.exitCode).toBe(1);
  expect(again.stdout).toContain("got     n1/daemon/sshd");
  const nowhere = await cli.run(["play", path, "--assert", "--out", path]);
  expect([nowhere.exitCode, nowhere.stderr]).toEqual([1, expect.stringContaining("cannot be left there")]);
  expect((await cli.run(["play", path, "--export", `${out}/a.cast`, "--out", out])).exitCode).toBe(64);
});

test("what is drawn is the same in every time zone and language", async () => {
  const path = write("zone", { dt: 1000, note: "seen" }, { dt: 0, expect: { screen: "as of 12:00:0" } });
  const drawn: string[] = [];
  for (const variables of [
    { TZ: "Asia/Tokyo", LANG: "C", LC_ALL: "C" },
    { TZ: "America/St_Johns", LANG: "de_DE.UTF-8" },
  ]) {
    const cast = join(cli.path, `zone-${variables.LANG}.cast`);
    expect(await cli.run(["play", path, "--assert"], { env: variables })).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await cli.run(["play", path, "--export", cast], { env: variables })).toMatchObject({ exitCode: 0 });
    drawn.push(readFileSync(cast, "utf8"));
  }
  expect(drawn[0]).toBe(drawn[1] ?? "");
});

test("a fixture that cannot be read is bad data, in JSON as well", async () => {
  const path = write("broken", { dt: 0, src: "daemons", op: "patch", id: "n1/daemon/none", set: {} });
  const text = await cli.run(["play", path, "--assert"]);
  expect(text.exitCode).toBe(65);
  expect(text.stderr).toContain("record 2 (line 4): id: there is no 'n1/daemon/none' among daemons now");
  const json = await cli.run(["play", path, "--json"]);
  expect(json.exitCode).toBe(65);
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "BAD_DATA" }, exitCode: 65 });
  expect(JSON.parse(json.stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ type: "end", exitCode: 65 });
  expect((await cli.run(["play", join(cli.path, "absent"), "--assert"])).exitCode).toBe(65);
});

test("what does not fit is refused before anything is played", async () => {
  const cases: readonly (readonly [words: readonly string[], code: number, message: string])[] = [
    [[], 2, "a fixture is watched on a terminal"],
    [["--assert", "--size", "80"], 64, "--size needs columns and rows"],
    [["--assert", "--from", "mark:none"], 64, "has no mark 'none'"],
    [["--assert", "--to", "soon"], 64, "--to needs a place such as 00:42"],
    [["--assert", "--loop"], 64, "--loop is for who watches on a terminal"],
    [["--screen-reader", "--step"], 64, "--step is for who watches on a terminal"],
    [["--export", ALL], 64, "--export must not replace the fixture that is played"],
    [["--export", join(cli.path, "absent/a.cast")], 74, "cannot be written: ENOENT"],
  ];
  for (const [words, exitCode, message] of cases) {
    const result = await cli.run(["play", ALL, ...words]);
    expect([result.exitCode, result.stderr.includes(message) ? message : result.stderr]).toEqual([exitCode, message]);
  }
});

test("part of a fixture, on a screen of another size", async () => {
  const path = write(
    "part",
    { dt: 0, expect: { screen: "nonsense" } },
    { dt: 1000, mark: "here" },
    { dt: 0, expect: { screen: "cron", noScreen: /$^/.source } },
    { dt: 1000, expect: { screen: "nonsense" } },
  );
  const part = await cli.run(["play", path, "--assert", "--from", "mark:here", "--to", "00:01.5", "--size", "40x15"]);
  expect(part).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("1 expectation,") });
  expect((await cli.run(["play", path, "--assert", "--no-keys"])).stdout).toContain("0 expectations");
});

test("an asciicast of either version, the same each time", async () => {
  const out = (name: string) => join(cli.path, name);
  for (const name of ["a.cast", "b.cast"])
    expect((await cli.run(["play", ALL, "--export", out(name)])).exitCode).toBe(0);
  const text = readFileSync(out("a.cast"), "utf8");
  expect(readFileSync(out("b.cast"), "utf8")).toBe(text);
  const [header, ...events] = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(header).toEqual({
    version: 3,
    term: { cols: 80, rows: 24 },
    timestamp: 1772366400,
    title: "sshd loses its lock, and is stopped",
  });
  expect(events.filter(([, code]) => code !== "o").map(([, code, data]) => [code, data])).toEqual([
    ["m", "start"],
    ["m", "lock lost"],
    ["r", "40x15"],
    ["x", "0"],
  ]);
  expect(events.reduce((sum, [interval]) => sum + interval, 0)).toBeCloseTo(6.2, 6);
  expect(events.every(([interval]) => interval >= 0)).toBe(true);
  // The last screen stays: what gives the terminal back is not part of it.
  expect(text).not.toContain("\\u001b[?1049l");

  await cli.run(["play", ALL, "--export", out("c.cast"), "--cast-version", "2", "--idle-limit", "1"]);
  const [second, ...old] = readFileSync(out("c.cast"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(second).toMatchObject({ version: 2, width: 80, height: 24 });
  expect(old.map(([at]) => at)).toEqual(old.map(([at]) => at).toSorted((a, b) => a - b));
  expect(old.at(-1)?.[0]).toBeLessThan(5);
});

test("fixture fmt: one form, comments kept, and again it is the same", async () => {
  const path = write("odd", { key: "j", at: 500 }, { id: "n1/daemon/cron", op: "remove", src: "daemons", dt: 5 });
  const { stdout, exitCode } = await cli.run(["fixture", "fmt", path]);
  expect(exitCode).toBe(0);
  expect(stdout.split("\n").slice(3)).toEqual([
    '{"dt":500,"key":"j"}',
    '{"dt":5,"src":"daemons","op":"remove","id":"n1/daemon/cron"}',
    "",
  ]);
  expect(stdout).toStartWith("# told by hand\n");
  expect((await cli.run(["fixture", "fmt", path, "-o", path])).exitCode).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(stdout);
  expect((await cli.run(["fixture", "fmt", path])).stdout).toBe(stdout);
});

test("fixture lint tells every mistake, not only the first", async () => {
  const path = write(
    "mistakes",
    { dt: 0, key: "nokey" },
    { dt: 0, src: "daemons", op: "patch", id: "n1/daemon/none", set: {} },
    { dt: 0, key: "x", more: 1 },
  );
  const { exitCode, stdout } = await cli.run(["fixture", "lint", path, ALL]);
  expect(exitCode).toBe(65);
  expect(stdout).toContain("record 2 (line 4): key: is not a key");
  expect(stdout).toContain("record 3 (line 5): id: there is no");
  expect(stdout).toContain("warning:");
  expect(stdout).toContain(`ok  ${ALL}: 30 records`);
  const json = await cli.run(["fixture", "lint", path, "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({ kind: "FixtureLint", ok: false, items: [{ records: 4 }] });
});

test("fixture cut begins with what was known, and ends in the same state", async () => {
  const path = join(cli.path, "cut");
  expect((await cli.run(["fixture", "cut", ALL, "--from", "mark:lock lost", "-o", path])).exitCode).toBe(0);
  const digest = async (file: string) =>
    JSON.parse((await cli.run(["play", file, "--json", "--no-keys"])).stdout.trimEnd().split("\n").at(-1) ?? "").digest;
  expect(await digest(path)).toBe(await digest(ALL));
  const [header, reset] = readFileSync(path, "utf8").split("\n");
  expect(JSON.parse(header ?? "")).toMatchObject({ start: "2026-03-01T12:00:01.400Z", host: "n0042" });
  expect(reset).toContain('"state":"unlocked"');
});

test("fixture cut begins where the operator was, as he had it", async () => {
  const moved = write(
    "moved",
    { dt: 0, src: "daemons", op: "upsert", item: daemon("sssd") },
    { dt: 500, set: { readOnly: true, ascii: true } },
    { dt: 0, resize: { cols: 60, rows: 20 } },
    { dt: 500, text: "/ss" },
    { dt: 0, keys: ["enter", "j", "enter"] },
    { dt: 0, mark: "here" },
    { dt: 0, expect: { cursor: "daemon/sssd", focus: "detail", screen: ["sssd", "READ-ONLY"] } },
    { dt: 0, keys: ["esc", "k"] },
    { dt: 0, expect: { cursor: "daemon/sshd", noScreen: "cron", screen: "> sshd" } },
    { dt: 0, key: "?" },
    { dt: 0, mark: "in help" },
  );
  const path = join(cli.path, "moved-cut");
  const cut = await cli.run(["fixture", "cut", moved, "--from", "mark:here", "-o", path]);
  expect(cut).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await cli.run(["play", path, "--assert"])).toMatchObject({ exitCode: 0 });
  const records = readFileSync(path, "utf8").trimEnd().split("\n");
  expect(JSON.parse(records[0] ?? "").term).toEqual({ cols: 60, rows: 20 });
  expect(records.find((line) => line.includes('"set"'))).toBe(
    '{"dt":0,"set":{"ascii":true,"readOnly":true,"pane":"daemons","filter":"ss","cursor":"daemon/sssd","detail":true}}',
  );
  // Cut again at its beginning nothing is lost.
  const again = await cli.run(["fixture", "cut", path, "--from", "mark:here"]);
  expect(again.stdout.split("\n").slice(0, -1)).toEqual(records);
  const { stderr } = await cli.run(["fixture", "cut", moved, "--from", "mark:in help"]);
  expect(stderr).toContain("a dialog or a field is open where it is cut");
});

test("fixture cut knows where the operator was in the panes behind", async () => {
  const two = write(
    "panes",
    { dt: 500, keys: ["j", "6"] },
    { dt: 500, mark: "away" },
    { dt: 500, key: "1" },
    { dt: 0, expect: { pane: "daemons", cursor: "daemon/sshd" } },
  );
  const path = join(cli.path, "panes-cut");
  expect((await cli.run(["fixture", "cut", two, "--from", "mark:away", "-o", path])).exitCode).toBe(0);
  expect(await cli.run(["play", path, "--assert"])).toMatchObject({ exitCode: 0 });
});

test("fixture redact takes out secrets and, where asked for, names", async () => {
  const path = write("secret", {
    dt: 0,
    src: "daemons",
    op: "upsert",
    item: daemon("db", { description: "db --password hunter2 --api-key=abc123def" }),
  });
  const { stdout } = await cli.run(["fixture", "redact", path, "--hosts"]);
  expect(stdout).not.toContain("hunter2");
  expect(stdout).not.toContain("n1/daemon");
  expect(stdout).not.toContain("# told by hand");
  expect(JSON.parse(stdout.split("\n")[0] ?? "").redacted).toBeArray();
});

test("fixture redact warns of what was typed, and knows names that stand before what tells whose they are", async () => {
  const log = { dt: 0, src: "daemons", op: "log", event: { code: "X", message: "ada came in" } };
  const member = { id: "n1/x", user: "ada", uid: 1000 };
  const path = write("typed", log, { dt: 0, keys: ["a", "d", "a"] }, { dt: 0, note: "", who: member });
  const { stdout, stderr } = await cli.run(["fixture", "redact", path, "--users"]);
  expect(stdout).not.toContain("ada");
  expect(stderr).toStartWith("warning: 1 record of what was typed: ");
});

test("what authors write: packed where its name says so, - for standard output, and a device stays one", async () => {
  const path = write("plain", { dt: 0, mark: "here" });
  const { stdout } = await cli.run(["fixture", "fmt", path]);
  const packed = join(cli.path, "packed.muster.ndjson.gz");
  expect(await cli.run(["fixture", "fmt", path, "-o", packed])).toMatchObject({ exitCode: 0, stderr: "" });
  expect(gunzipSync(readFileSync(packed)).toString()).toBe(stdout);
  expect(await cli.run(["fixture", "fmt", path, "-o", "-"])).toMatchObject({ exitCode: 0, stdout });
  const full = join(cli.path, "full");
  symlinkSync("/dev/full", full);
  expect(await cli.run(["fixture", "fmt", path, "-o", full])).toMatchObject({
    exitCode: 74,
    stderr: `muster: ${full}: cannot be written: ENOSPC\n`,
  });
  expect(readlinkSync(full)).toBe("/dev/full");
  const onto = await cli.run(["fixture", "fmt", path, "-o", cli.path]);
  expect(onto).toMatchObject({ exitCode: 74, stderr: `muster: ${cli.path}: cannot be written: EISDIR\n` });
});

test("what a fixture says acts on no terminal: neither its records when they are shown, nor the marks of a cast", async () => {
  const evil = "\u001b]0;x\u0007\u009b31m\u202e";
  const path = write("evil", { dt: 0, mark: evil });
  const { stdout } = await cli.run(["fixture", "fmt", path]);
  expect(stdout).not.toMatch(/[\u001b\u009b\u202e]/);
  expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "").mark).toBe(evil);
  const cast = join(cli.path, "evil.cast");
  expect((await cli.run(["play", path, "--export", cast])).exitCode).toBe(0);
  const records = readFileSync(cast, "utf8").trimEnd().split("\n");
  const marks = records
    .slice(1)
    .map((line) => JSON.parse(line))
    .filter(([, code]) => code === "m");
  expect(marks).toEqual([[0, "m", "\\x1b]0;x\\x07\\x9b31m\\u202e"]]);
});

test("the schema of fixtures is there", async () => {
  const { stdout } = await cli.run(["schema", "fixture"]);
  expect(JSON.parse(stdout)).toMatchObject({ $id: "muster/1/fixture" });
});
