/** Modules on real processes: fork, exec, exit, init, requests, and what they refuse. */
import { expect } from "bun:test";
import type { AttachedProcess } from "#core/pagg/attached.ts";
import { attachmentItem } from "#core/pagg/attached.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { moduleTest, TestModules } from "#test/harness/module-set.ts";
import { Perl } from "#test/harness/perl.ts";
import { refusalOf } from "#test/harness/refusal.ts";

/** Follows nothing by itself: TAKE attaches a process. */
const LABELS = `
import type { PaggModule } from "/nowhere/at/all.ts";
interface Data { label: string; depth: number; comm?: string | null }
export default {
  description: "labels, handed down",
  attach: (child, parent) => ({ label: parent.label, depth: parent.depth + 1 }),
  exec: (process, data) => ({ ...data, comm: process.comm }),
  describe: (data) => [data.label, data.depth, data.comm].filter((part) => part !== undefined).join(" "),
  requests: {
    TAKE: { number: 1, answer: async ({ pid, label }, pagg) => { await pagg.attach(pid, { label, depth: 0 }); return "taken"; } },
    LET: { number: 2, effect: "destroy", answer: ({ pid }, pagg) => pagg.detach(pid) },
    RENAME: { number: 7, answer: ({ pid, label }, pagg) => pagg.set(pid, { label, depth: 0 }) },
    PIDS: { number: 3, effect: "read", need: "anyone", answer: (data, pagg) => [...pagg.processes()].map(({ process }) => process.pid) },
    GET: { number: 4, effect: "read", answer: ({ pid }, pagg) => pagg.get(pid) },
  },
} satisfies PaggModule<Data>;
`;

/** A child that ends with 7 when its parent closes $w. */
const CHILD =
  'pipe(my $r, our $w); our $p = fork() // die; if (!$p) { close $w; my $x = <$r>; POSIX::_exit(7) } print "$p\\n"';

async function withLabels(): Promise<TestModules> {
  const modules = new TestModules();
  modules.write("labels.ts", LABELS);
  await modules.set.load("labels");
  return modules;
}

const take = (modules: TestModules, pid: number, label: string) =>
  modules.set.paggctl("labels", "TAKE", { pid, label });

moduleTest("a child has what its parent had; its exit status is told when it leaves", async () => {
  await using modules = await withLabels();
  expect(modules.set.item("labels")).toMatchObject({
    id: "n1/module/labels",
    state: "registered",
    builtin: false,
    description: "labels, handed down",
    path: modules.directory.file("labels.ts"),
    hooks: { init: false, exec: true, paggctl: true },
    attached: 0,
    jobs: null,
    problems: [],
  });
  await using parent = await Perl.run("1");
  expect(await take(modules, parent.pid, "red")).toBe("taken");
  expect(await modules.attached("labels", parent.pid)).toBe("red 0");
  parent.tell(CHILD);
  const child = Number(await parent.line());
  expect(await modules.attached("labels", child)).toBe("red 1");
  parent.tell("close $w");
  expect(await modules.detached("labels", child)).toEqual({ isExited: true, status: 7 << 8 });
  expect(modules.set.item("labels")?.attached).toBe(1);
});

moduleTest("grandchildren of a parent that is gone have it too, and each end is told as it was", async () => {
  await using modules = await withLabels();
  await using first = await Perl.run("1");
  await take(modules, first.pid, "blue");
  // The middle one ends at once; the last one waits.
  first.tell(
    'pipe(my $r, our $w); my $m = fork() // die; if (!$m) { my $g = fork() // die; if (!$g) { close $w; my $x = <$r>; kill TERM => $$; sleep } print "$g\\n"; POSIX::_exit(0) } waitpid($m, 0)',
  );
  const last = Number(await first.line());
  expect(await modules.attached("labels", last)).toBe("blue 2");
  first.tell("close $w");
  expect(await modules.detached("labels", last)).toEqual({ isExited: true, status: 15 });
});

moduleTest("an exec is told, and what the process is from then on", async () => {
  await using modules = await withLabels();
  await using parent = await Perl.run("1");
  await take(modules, parent.pid, "green");
  parent.tell(
    'pipe(my $r, our $w); our $p = fork() // die; if (!$p) { close $w; open STDIN, "<&", $r; exec "cat" } print "$p\\n"',
  );
  const child = Number(await parent.line());
  await modules.when(() => (modules.set.attached("labels").some(({ data }) => data === "green 1 cat") ? true : null));
  expect(await modules.set.paggctl("labels", "GET", { pid: child })).toEqual({ label: "green", depth: 1, comm: "cat" });
  parent.tell("close $w");
  expect(await modules.detached("labels", child)).toEqual({ isExited: true, status: 0 });
});

moduleTest(
  "a first thread that ends early is no exit",
  async () => {
    await using modules = await withLabels();
    await using parent = await Perl.run("1");
    await take(modules, parent.pid, "threads");
    // Its first thread ends; another one sees that, and goes on until its standard input does.
    const code = `
    import threading, sys, ctypes, os
    def rest():
        stat = "/proc/self/task/%d/stat" % os.getpid()
        while open(stat).read().rsplit(")", 1)[1].split()[0] != "Z": pass
        print("up", flush=True)
        sys.stdin.read()
        os._exit(9)
    threading.Thread(target=rest).start()
    ctypes.CDLL(None).pthread_exit(None)`;
    const script = code
      .replaceAll("\n    ", "\n")
      .trim()
      .replaceAll("\n", "\\n")
      .replaceAll('"', '\\"')
      .replaceAll("%", "\\%");
    parent.tell(
      `pipe(my $r, our $w); our $p = fork() // die; if (!$p) { close $w; open STDIN, "<&", $r; exec "python3", "-c", "${script}" } print "$p\\n"`,
    );
    const child = Number(await parent.line());
    // Perl answers its line, then the child its own.
    const words = [await parent.line(), await parent.line()];
    expect(words.toSorted()).toEqual(["ok", "up"]);
    expect(await modules.set.paggctl("labels", "PIDS")).toContain(child);
    expect(modules.set.attached("labels").map(({ pid }) => pid)).toEqual([parent.pid, child]);
    parent.tell("close $w");
    expect(await modules.detached("labels", child)).toEqual({ isExited: true, status: 9 << 8 });
  },
  { program: "python3" },
);

moduleTest("every process there is, is asked about at the start, and what they fork meanwhile", async () => {
  await using modules = new TestModules();
  await using before = await Perl.run("1");
  modules.write(
    "all.ts",
    `export default {
      init: (process) => process.pid === ${before.pid} ? { from: "init", comm: process.comm, parent: process.parentPid } : process.pid === 1 ? undefined : { from: "init" },
      attach: (child) => ({ from: "fork" }),
      describe: (data) => JSON.stringify(data),
      requests: { COUNT: { number: 1, answer: (_, pagg) => [...pagg.processes()].length } },
    };`,
  );
  const item = await modules.set.load("all");
  expect(item.attached).toBeGreaterThan(1);
  const shown = modules.set.attached("all");
  expect(shown.find(({ pid }) => pid === 1)).toBeUndefined();
  expect(shown.find(({ pid }) => pid === before.pid)).toEqual({
    module: "all",
    pid: before.pid,
    startTicks: processIdentityTicks("/proc", before.pid) ?? "",
    data: JSON.stringify({ from: "init", comm: "perl", parent: process.pid }),
  });
  before.tell(CHILD);
  const child = Number(await before.line());
  expect(await modules.attached("all", child)).toBe('{"from":"fork"}');
});

moduleTest("a child that is refused is left out and told of; the module goes on", async () => {
  await using modules = new TestModules();
  modules.write(
    "picky.ts",
    `let forks = 0;
    export default {
      attach: (child, parent, pagg) => {
        forks += 1;
        if (forks === 1) throw pagg.fail("ENOMEM", "no room for the first");
        return forks === 2 ? undefined : parent;
      },
      requests: { TAKE: { number: 1, answer: ({ pid }, pagg) => pagg.attach(pid, "mine") } },
    };`,
  );
  await modules.set.load("picky");
  await using parent = await Perl.run("1");
  await modules.set.paggctl("picky", "TAKE", { pid: parent.pid });
  const children: number[] = [];
  for (let count = 0; count < 3; count++) {
    parent.tell(CHILD.replace("our $w", `our $w${count}`).replace("close $w", `close $w${count}`));
    children.push(Number(await parent.line()));
    expect(await parent.line()).toBe("ok");
  }
  expect(await modules.attached("picky", children[2] ?? 0)).toBe('"mine"');
  expect(await modules.until((change) => (change.type === "refused" ? change : null))).toEqual({
    type: "refused",
    module: "picky",
    pid: children[0] ?? 0,
    message: "no room for the first",
  });
  expect(modules.set.attached("picky").map(({ pid }) => pid)).toEqual([parent.pid, children[2] ?? 0]);
  // A child of one that was left out is left out too.
  expect(modules.set.item("picky")).toMatchObject({ state: "registered", attached: 2, problems: [] });
});

moduleTest("requests attach, rename and let out; others do not see it", async () => {
  await using modules = await withLabels();
  modules.write("other.ts", LABELS.replace("labels, handed", "others, handed"));
  await modules.set.load(modules.directory.file("other.ts"));
  await using process = await Perl.run("1");
  await take(modules, process.pid, "red");
  await modules.set.paggctl("other", "TAKE", { pid: process.pid, label: "black" });
  await modules.set.paggctl("labels", "RENAME", { pid: process.pid, label: "pink" });
  expect(await modules.until((change) => (change.type === "changed" ? change.process.data : null))).toBe("pink 0");
  expect(await modules.set.paggctl("labels", "LET", { pid: process.pid })).toBe(true);
  expect(await modules.detached("labels", process.pid)).toEqual({ isExited: false, status: null });
  expect(await modules.set.paggctl("labels", "LET", { pid: process.pid })).toBe(false);
  expect(modules.set.attached("other").map(({ data }) => data)).toEqual(["black 0"]);
  process.tell(CHILD);
  const child = Number(await process.line());
  expect(await modules.attached("other", child)).toBe("black 1");
  expect(modules.set.attached("labels")).toEqual([]);
});

moduleTest("what a module may be asked is known by name and number, with its effect", async () => {
  await using modules = await withLabels();
  const { set } = modules;
  expect(set.request("labels", "PIDS")).toEqual({ name: "PIDS", number: 3, effect: "read", need: "anyone" });
  expect(set.request("labels", 2)).toEqual({ name: "LET", number: 2, effect: "destroy", need: "service" });
  expect(set.request("labels", "1")).toMatchObject({ name: "TAKE", effect: "change", need: "service" });
  expect(await set.paggctl("labels", 3)).toEqual([]);
  expect(await set.paggctl("PAGG_MOD", "MOD_GETLST", { r_val: 5 })).toEqual({ r_val: 1, list: ["labels"] });
  await expect(refusalOf(() => set.request("labels", "NOTHING"))).resolves.toMatchObject({ errno: "EINVAL" });
  await using process = await Perl.run("1");
  await take(modules, process.pid, "red");
  await expect(refusalOf(() => take(modules, process.pid, "blue"))).resolves.toMatchObject({ errno: "EINVAL" });
  await expect(refusalOf(() => take(modules, 0x7fff_ffff, "blue"))).resolves.toMatchObject({ errno: "ESRCH" });
  await expect(refusalOf(() => take(modules, -1, "blue"))).resolves.toMatchObject({ errno: "EINVAL" });
});

moduleTest("an attached process as an item, as long as it lives", async () => {
  await using modules = await withLabels();
  const perl = await Perl.run("1", ["one", "two"]);
  await take(modules, perl.pid, "red");
  const [attached] = modules.set.attached("labels") as [AttachedProcess];
  expect(attachmentItem("n1", "/proc", attached)).toMatchObject({
    id: `n1/attachment/labels/${perl.pid}:${attached.startTicks}`,
    module: "labels",
    job: null,
    parentPid: process.pid,
    uid: process.getuid?.() ?? -1,
    comm: "perl",
    data: "red 0",
    argv: expect.stringMatching(/^perl .* one two$/s),
  });
  await perl[Symbol.asyncDispose]();
  expect(attachmentItem("n1", "/proc", attached)).toBeNull();
});

moduleTest("a module that only answers needs no process", async () => {
  await using modules = new TestModules();
  modules.write(
    "plain.js",
    `export const pagg = { attach() {}, requests: { ADD: { number: 0, answer: ([a, b]) => a + b } } };`,
  );
  await modules.set.load("plain");
  expect(await modules.set.paggctl("plain", "ADD", [2, 3])).toBe(5);
});

moduleTest("a module without requests has no paggctl service", async () => {
  await using modules = new TestModules();
  modules.write("mute.ts", "export default { attach: () => null };");
  expect((await modules.set.load("mute")).hooks).toEqual({ init: false, exec: false, paggctl: false });
  await expect(refusalOf(() => modules.set.paggctl("mute", "ADD"))).resolves.toMatchObject({ errno: "ENXIO" });
});

moduleTest("unloading lets all processes out, calls detach for each, and the name is free again", async () => {
  await using modules = new TestModules();
  modules.write(
    "orderly.ts",
    `export default {
      init: (process) => process.pid === ${process.pid} ? "me" : undefined,
      attach: () => "child",
      detach: (process, data, end) => console.log("detached", process.pid, data, end.isExited, end.status),
    };`,
  );
  await modules.set.load("orderly");
  await modules.set.unload("orderly");
  expect(modules.set.items()).toEqual([]);
  expect(await modules.when(() => modules.output[0] ?? null)).toBe(`orderly: detached ${process.pid} me false null`);
  expect(await modules.detached("orderly", process.pid)).toEqual({ isExited: false, status: null });
  await expect(refusalOf(() => modules.set.paggctl("orderly", "X"))).resolves.toMatchObject({ errno: "ENOSYS" });
  expect((await modules.set.load("orderly")).state).toBe("registered");
  expect(modules.changes.map(({ type }) => type)).toEqual([
    "loading",
    "registered",
    "attached",
    "detached",
    "unregistered",
    "loading",
    "registered",
    "attached",
  ]);
});

moduleTest("unloading while processes come and go", async () => {
  await using modules = await withLabels();
  await using storm = await Perl.run("1");
  await take(modules, storm.pid, "storm");
  storm.tell(
    "$SIG{CHLD} = 'IGNORE'; our $on = 1; $SIG{USR1} = sub { $on = 0 }; while ($on) { my $p = fork() // next; POSIX::_exit(0) if !$p }",
  );
  await modules.until((change) => (change.type === "detached" && change.end.isExited ? true : null));
  for (let round = 0; round < 5; round++) {
    await modules.set.unload("labels");
    expect(modules.set.items()).toEqual([]);
    await modules.set.load("labels");
    await take(modules, storm.pid, "storm");
    expect(await modules.attached("labels", storm.pid)).toBe("storm 0");
  }
  process.kill(storm.pid, "SIGUSR1");
  expect(modules.set.item("labels")).toMatchObject({ state: "registered", problems: [] });
});

moduleTest("nothing is followed where no module asks for it", async () => {
  await using modules = new TestModules();
  expect(modules.set.items()).toEqual([]);
  expect(modules.set.attached("job")).toEqual([]);
  expect(modules.set.available()).toEqual([]);
});
