import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { MusterError } from "#core/model/error.ts";
import { openBytes } from "#core/playback/bytes.ts";
import { Fixture } from "#core/playback/fixture.ts";
import { LONGEST_LINE } from "#core/playback/lines.ts";
import { readRecord } from "#core/playback/read-record.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { daemon } from "#test/harness/items.ts";

const HEADER = '{"muster":1,"host":"n1","start":"2026-03-01T12:00:00Z"}';
const sshd = JSON.stringify(daemon("sshd"));

class Fixtures extends TemporaryDirectory {
  write(name: string, ...lines: readonly string[]): string {
    writeFileSync(this.file(name), lines.join("\n"));
    return this.file(name);
  }

  /** The message, paths by their names within the directory. */
  problem(name: string): string {
    try {
      const fixture = Fixture.open(this.file(name));
      for (let index = 0; index < fixture.length; index++) fixture.record(index);
      fixture.close();
    } catch (thrown) {
      if (!(thrown instanceof MusterError)) throw thrown;
      expect(thrown.code).toBe("BAD_DATA");
      return thrown.message.replaceAll(`${this.path}/`, "");
    }
    return "none";
  }
}

function read(fixture: Fixture) {
  return Array.from({ length: fixture.length }, (_, index) => fixture.record(index));
}

test("every kind of record is read, with its time, whatever stands around it", () => {
  using files = new Fixtures();
  const path = files.write(
    "all.muster.ndjson",
    "# a comment, then a blank line",
    "",
    HEADER,
    `{"dt":0,"src":"daemons","op":"reset","items":[${sshd}]}\r`,
    `  {"dt":5,"src":"daemons","op":"upsert","item":${sshd}}  `,
    '{"dt":5,"src":"daemons","op":"patch","id":"n1/daemon/sshd","set":{"state":"down"}}',
    '{"dt":0,"src":"daemons","op":"remove","id":"n1/daemon/sshd"}',
    '{"src":"daemons","op":"log","event":{"code":"DAEMON_DOWN","message":"it is down"}}',
    '{"op":"sample","id":"n1/daemon/sshd","usage":null,"src":"daemons","at":20}',
    '{"dt":1.5,"src":"modules","op":"unavailable","error":{"code":"UNSUPPORTED","message":"no"}}',
    '{"dt":0,"src":"daemons","op":"stale"}',
    '{"dt":0,"src":"daemons","op":"error","error":{"code":"SYSTEM","message":"EIO"}}',
    '{"dt":0,"key":"ctrl-d"}',
    '{"dt":0,"keys":["j","enter","ä"]}',
    '{"dt":0,"text":"ssh"}',
    '{"dt":0,"paste":"one\\ntwo"}',
    '{"dt":0,"mouse":{"x":1,"y":2}}',
    '{"dt":0,"resize":{"cols":40,"rows":15}}',
    '{"dt":0,"effect":{"match":{"action":"daemon.stop"},"reply":{"ok":true},"afterMs":3}}',
    '{"dt":0,"mark":"here"}',
    '{"dt":0,"note":"for people"}',
    '{"dt":0,"wait":{"for":{"toast":"done"}}}',
    '{"dt":0,"expect":{"screen":["/ssh/","up"],"cursor":null}}',
    '{"dt":0,"set":{"readOnly":true,"theme":"mono","ascii":true,"speed":2,"screenReader":false}}',
    '{"dt":0,"action":"daemon.stop","id":"n1/daemon/sshd"}',
    '{"dt":100,"end":{"exitCode":0}}',
  );
  const fixture = Fixture.open(path);
  const records = read(fixture);
  expect(records.map(({ atMs }) => atMs).slice(0, 8)).toEqual([0, 5, 10, 10, 10, 20, 21.5, 21.5]);
  expect(fixture.durationMs).toBe(121.5);
  expect(records.map((_, index) => fixture.kindOf(index)).slice(8)).toEqual([
    "src",
    "key",
    "keys",
    "text",
    "paste",
    "mouse",
    "resize",
    "effect",
    "mark",
    "note",
    "wait",
    "expect",
    "set",
    "action",
    "end",
  ]);
  expect(records[5]?.record).toEqual({ src: "daemons", op: "sample", id: "n1/daemon/sshd", usage: null });
  expect(fixture.placeOf(0)).toEqual({ file: path, record: 1, line: 4 });
  expect(fixture.marks).toEqual([{ name: "here", index: 16, atMs: 21.5 }]);
  expect(fixture.indexAt(20)).toBe(5);
  expect(fixture.warnings).toEqual([
    `${path}: record 14 (line 17): mouse: the console has none; the record is left out`,
  ]);
  fixture.close();
});

test("a packed fixture says the same as the file itself", () => {
  using files = new Fixtures();
  const text = `${HEADER}\n{"dt":7,"key":"x"}\n`;
  writeFileSync(files.file("a.gz"), gzipSync(text));
  const fixture = Fixture.open(files.file("a.gz"));
  expect(fixture.record(0)).toMatchObject({ atMs: 7, record: { key: "x" } });
  fixture.close();
});

test("mistakes are told with file, record, line and field", () => {
  using files = new Fixtures();
  const cases: readonly (readonly [line: string, problem: string])[] = [
    ['{"dt":0,"key":"x"', "is not JSON, or is cut short"],
    ["[1]", "is not a JSON object"],
    ['{"dt":0,"kye":"x"}', "no kind of record: it has dt, kye"],
    ['{"dt":0,"key":"x","mark":"a"}', "is both 'key' and 'mark'"],
    ['{"dt":0,"key":"control-x"}', "key: is not a key"],
    ['{"dt":-1,"key":"x"}', "dt: has to be milliseconds"],
    ['{"dt":1,"at":1,"key":"x"}', "'dt' and 'at' exclude each other"],
    ['{"dt":1e300,"key":"x"}', "dt: is more than a hundred years later"],
    ['{"dt":0,"src":"demons","op":"reset","items":[]}', "src: one of daemons"],
    ['{"dt":0,"src":"daemons","op":"rest","items":[]}', "op: one of reset"],
    ['{"dt":0,"src":"daemons","op":"upsert","item":{}}', "item.id: is missing: "],
    [
      `{"dt":0,"src":"daemons","op":"reset","items":[${sshd},${sshd.replace('"up"', '"upp"')}]}`,
      "items.1.state: has to be",
    ],
    ['{"dt":0,"expect":{"scren":["a"]}}', "expect.scren: "],
    ['{"dt":0,"set":{"readonly":true}}', "set.readonly: "],
    ['{"dt":0,"expect":{"screen":["/(/"]}}', "is not a regular expression"],
    ['{"dt":0,"effect":{"match":{"action":"daemon.stopp"},"reply":{"ok":true}}}', "effect.match.action: has to be"],
    ['{"dt":0,"resize":{"cols":0,"rows":15}}', "resize.cols: "],
  ];
  for (const [line, problem] of cases) {
    files.write("bad", HEADER, "# comment", '{"dt":0,"mark":"a"}', line);
    expect(files.problem("bad")).toStartWith("bad: record 2 (line 4): ");
    expect(files.problem("bad")).toContain(problem);
  }
});

test("what is not a fixture of this version is refused at its first line", () => {
  using files = new Fixtures();
  files.write("empty", "");
  expect(files.problem("empty")).toBe("empty: is empty");
  files.write("headless", '{"dt":0,"key":"x"}');
  expect(files.problem("headless")).toContain("headless: line 1: muster: the first record of a fixture is its header");
  files.write("newer", '{"muster":2}');
  expect(files.problem("newer")).toContain("version 2 is not known: this muster reads 1");
  files.write("needy", '{"muster":1,"requires":["telepathy"]}');
  expect(files.problem("needy")).toContain("requires: this muster does not have 'telepathy'");
  files.write("timeless", '{"muster":1,"start":"tomorrow"}');
  expect(files.problem("timeless")).toContain("start: is not a time");
  expect(files.problem("absent")).toContain("absent: cannot be read: ENOENT");
  mkdirSync(files.file("directory"));
  expect(files.problem("directory")).toContain("is not a regular file");
});

test("order in the file is order in time", () => {
  using files = new Fixtures();
  files.write("back", HEADER, '{"at":10,"key":"a"}', '{"at":9,"key":"b"}');
  expect(files.problem("back")).toBe("back: record 2 (line 3): at: goes back in time: 9 is before 10");
  files.write("behind", HEADER, '{"dt":0,"end":{}}', '{"dt":0,"key":"b"}');
  expect(files.problem("behind")).toContain("record 2 (line 3): stands behind the end");
});

test("keys that are not known are left out and told", () => {
  using files = new Fixtures();
  const fixture = Fixture.open(files.write("new", '{"muster":1,"mood":1}', '{"dt":0,"key":"x","why":"because"}'));
  read(fixture);
  expect(fixture.warnings.map((text) => text.replaceAll(`${files.path}/`, ""))).toEqual([
    "new: line 1: 'mood' is not known and is left out",
    "new: record 1 (line 2): 'why' is not known and is left out",
  ]);
  fixture.close();
});

test("an include stands in the place of its records, with times of its own", () => {
  using files = new Fixtures();
  mkdirSync(files.file("parts"));
  files.write("parts/b", HEADER, '{"at":5,"key":"b"}', '{"dt":0,"include":"c"}', '{"dt":1,"end":{}}');
  files.write("parts/c", HEADER, '{"dt":2,"key":"c"}');
  files.write("a", HEADER, '{"dt":10,"include":"parts/b"}', '{"dt":3,"key":"d"}');
  const fixture = Fixture.open(files.file("a"));
  expect(read(fixture).map(({ atMs, record }) => [atMs, record])).toEqual([
    [15, { key: "b" }],
    [17, { key: "c" }],
    [21, { key: "d" }],
  ]);
  expect(fixture.placeOf(1)).toEqual({ file: files.file("parts/c"), record: 1, line: 2 });
  fixture.close();
});

test("an include never leaves the fixture's directory and never goes in circles", () => {
  using files = new Fixtures();
  const directory = files.file("inside");
  mkdirSync(directory);
  files.write("secret", HEADER, '{"dt":0,"mark":"secret"}');
  files.write("inside/self", HEADER, '{"dt":0,"include":"self"}');
  files.write("inside/ping", HEADER, '{"dt":0,"include":"pong"}');
  files.write("inside/pong", HEADER, '{"dt":0,"include":"ping"}');
  symlinkSync("../secret", `${directory}/link`);
  symlinkSync("..", `${directory}/up`);
  const cases: readonly (readonly [target: string, problem: string])[] = [
    [files.file("secret"), "has to be relative to this file"],
    ["../secret", "must not lead out of the fixture's directory"],
    ["a/../../secret", "must not lead out of the fixture's directory"],
    ["link", "is a symbolic link"],
    ["up/secret", "is behind a symbolic link"],
    ["self", "'self' includes itself"],
    ["ping", "'ping' includes itself"],
    ["", "is not the name of a file"],
    [".", "is not the name of a file"],
    ["absent", "cannot be read: ENOENT"],
    ["a\\u0000b", "is not the name of a file"],
  ];
  for (const [target, problem] of cases) {
    files.write("inside/main", HEADER, `{"dt":0,"include":"${target}"}`);
    expect(files.problem("inside/main")).toContain("include: ");
    expect(files.problem("inside/main")).toContain(problem);
  }
});

test("includes that double at each step come to an end", () => {
  using files = new Fixtures();
  for (let step = 0; step < 12; step++) {
    files.write(`f${step}`, HEADER, ...Array(8).fill(`{"dt":0,"include":"f${step + 1}"}`));
  }
  files.write("f12", HEADER, '{"dt":0,"mark":"leaf"}');
  expect(files.problem("f0")).toContain("more than 8 files deep");
  for (let step = 0; step < 5; step++) {
    files.write(`g${step}`, HEADER, ...Array(8).fill(`{"dt":0,"include":"g${step + 1}"}`));
  }
  files.write("g5", HEADER, '{"dt":0,"mark":"leaf"}');
  expect(files.problem("g0")).toContain("more than 1000 includes");
});

test("damaged and overgrown packed files are errors", () => {
  using files = new Fixtures();
  const packed = gzipSync(`${HEADER}\n${'{"dt":0,"key":"x"}\n'.repeat(5000)}`);
  writeFileSync(files.file("cut"), packed.subarray(0, packed.length - 30));
  expect(files.problem("cut")).toContain("cut: gzip data are damaged or cut short");
  const wrong = Uint8Array.from(packed);
  wrong.fill(0xff, 20, 60);
  writeFileSync(files.file("wrong"), wrong);
  expect(files.problem("wrong")).toContain("wrong: gzip data are damaged or cut short");
  writeFileSync(files.file("bomb"), gzipSync(new Uint8Array(4 * 1024 * 1024)));
  expect(() => openBytes(files.file("bomb"), null, 1024 * 1024)).toThrow("is larger than 1 MiB when it is unpacked");
});

test("a line has a limit, below which it is only long", () => {
  using files = new Fixtures();
  const long = "x".repeat(10 * 1024 * 1024);
  files.write("long", HEADER, `{"dt":0,"note":"${long}"}`, '{"dt":1,"mark":"behind"}');
  const fixture = Fixture.open(files.file("long"));
  expect(fixture.marks).toEqual([{ name: "behind", index: 1, atMs: 1 }]);
  fixture.close();
  files.write("longer", HEADER, `{"dt":0,"note":"${"x".repeat(LONGEST_LINE)}${long}"}`);
  expect(files.problem("longer")).toBe("longer: line 2 is longer than 16 MiB");
});

test("so has the number of lines, blank ones too: a packed file holds any number of them", () => {
  using fixtures = new Fixtures();
  writeFileSync(fixtures.file("f"), gzipSync(Buffer.concat([Buffer.from(HEADER), Buffer.alloc(40_000_000, "\n")])));
  expect(fixtures.problem("f")).toBe("f: has more than 30000000 lines");
});

test("a pattern whose time has no bound is refused, others are not", () => {
  using fixtures = new Fixtures();
  const evil = ["^(a+)+$", "(?:a|a)*b", "(a?){30}a{30}", "((a*)b?)*c", ".*.*.*.*.*x", "(.{2,}x)+", "[(]*(?<n>.*)+"];
  evil.push(Array(30).fill("a?").join(""), Array(30).fill("(a|a)").join(""));
  const good = [
    "Stop sshd",
    "cron .*up",
    "^daemon \\w+, pid \\d+, .*$",
    "up|down|failed",
    "(?:ab)+ [(*+]* \\(\\)+",
    "a{3}b?",
  ];
  const problemOf = (pattern: string) => {
    fixtures.write("f", HEADER, JSON.stringify({ dt: 0, expect: { screen: [`/${pattern}/`] } }));
    return fixtures.problem("f");
  };
  for (const pattern of evil)
    expect([pattern, problemOf(pattern)]).toEqual([
      pattern,
      expect.stringContaining("expect.screen.0: could take for ever"),
    ]);
  for (const pattern of good) expect([pattern, problemOf(pattern)]).toEqual([pattern, "none"]);
});

test("a time is one of two, wherever it stands", () => {
  using fixtures = new Fixtures();
  fixtures.write("f", HEADER, '{"dt":5,"mark":"x","at":100}');
  expect(fixtures.problem("f")).toBe("f: record 1 (line 2): at: 'dt' and 'at' exclude each other");
});

test("bytes that are not UTF-8 are told", () => {
  using files = new Fixtures();
  writeFileSync(files.file("latin"), Buffer.from(`${HEADER}\n{"dt":0,"mark":"\xe4"}\n`, "latin1"));
  expect(files.problem("latin")).toContain("latin: record 1 (line 2): is not UTF-8");
});

test("whatever a line holds, it is a record or a mistake that names its place", () => {
  const place = { file: "f", record: 3, line: 4 };
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string(), recordLike), (text) => {
      try {
        expect(readRecord(text, place).record).toBeObject();
      } catch (thrown) {
        if (!(thrown instanceof MusterError)) throw thrown;
        expect(thrown.message).toStartWith("f: record 3 (line 4): ");
      }
    }),
  );
});

const recordLike = fc
  .record({ dt: fc.anything(), src: fc.constantFrom("daemons", "jobs", 3), op: fc.constantFrom("reset", "patch", "x") })
  .chain((base) => fc.object().map((rest) => JSON.stringify({ ...rest, ...base }) ?? ""));
