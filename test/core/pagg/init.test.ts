/** A module's init over every process there is, while processes come and go: each is attached once, and none is left. */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { listPids, readProcessStat } from "#ffi/procfs.ts";
import { moduleTest, TestModules } from "#test/harness/module-set.ts";
import { Perl } from "#test/harness/perl.ts";

const ALL = `export default {
  init: () => "init",
  attach: () => "fork",
  requests: { PIDS: { number: 1, answer: (_, pagg) => [...pagg.processes()].map(({ process }) => process.pid) } },
};`;

/** What the forker does until the file $stop is there, in a child of its own, which stays. */
const FORKERS = [
  ["400 children that stay", "for (1..400) { my $c = fork() // die; sleep 1000 while !$c }"],
  ["children that stay", "while (!-e $stop && $n++ < 2000) { my $c = fork() // die; sleep 1000 while !$c }"],
  ["children that end", "while (!-e $stop) { my $c = fork() // next; POSIX::_exit(0) if !$c }"],
  ["each the parent of the next, and gone", "while (!-e $stop) { my $c = fork() // die; POSIX::_exit(0) if $c }"],
  [
    "grandchildren whose parents are gone",
    "while (!-e $stop && $n++ < 1000) { my $c = fork() // die; if (!$c) { my $g = fork() // die; POSIX::_exit(0) if $g; sleep 1000 while 1 } }",
  ],
] as const;

const identity = (pid: number, startTicks: string) => `${pid}:${startTicks}`;

/** Who lives in a session; null while some of it is not where it rests. */
function restingIn(session: number): string[] | null {
  const stats = listPids("/proc").flatMap((pid) => readProcessStat("/proc", pid) ?? []);
  const living = stats.filter((stat) => stat.session === session && stat.state !== "Z" && stat.state !== "X");
  return living.every(({ state }) => state === "S")
    ? living.map(({ pid, startTicks }) => identity(pid, startTicks))
    : null;
}

async function resting(session: number): Promise<string[]> {
  // Twice the same: what was forked while the list was read is in the next one.
  for (let before: string[] | null = null; ; ) {
    const found = restingIn(session);
    if (found && before && found.join() === before.join()) return found;
    before = found;
    // No change of a module tells that a process has gone to rest.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Whoever stays would keep the output of this test open. */
async function killAll(session: number): Promise<void> {
  for (const found of await resting(session)) process.kill(Number.parseInt(found, 10), "SIGKILL");
}

function living(): string[] {
  return listPids("/proc").flatMap((pid) => {
    const stat = readProcessStat("/proc", pid);
    return stat && !stat.kernelThread && stat.state !== "Z" ? [identity(pid, stat.startTicks)] : [];
  });
}

function attachedTo(modules: TestModules): string[] {
  return modules.set.attached("all").map(({ pid, startTicks }) => identity(pid, startTicks));
}

/** The changes of one type, by process. */
function told(modules: TestModules, type: "attached" | "detached"): string[] {
  return modules.changes.flatMap((change) =>
    change.type === type ? [identity(change.process.pid, change.process.startTicks)] : [],
  );
}

for (const [name, forks] of FORKERS) {
  moduleTest(`init while there are forks: ${name}`, async () => {
    await using modules = new TestModules();
    modules.write("all.ts", ALL);
    const stop = modules.directory.file("stop");
    // Its last word is said by a process that rests from then on.
    await using forker = await Perl.run("POSIX::setsid(); our ($n, $stop) = (0, $ARGV[-1]); $SIG{CHLD} = 'IGNORE'", [
      stop,
    ]);
    forker.tell(
      `pipe(my $r, my $w); my $p = fork() // die; if (!$p) { close $r; ${forks}; print "rests\\n"; close $w; sleep 1000 while 1 } close $w`,
    );
    expect(await forker.line()).toBe("ok");
    const before = living();
    await modules.set.load("all");
    writeFileSync(stop, "");
    expect(await forker.line()).toBe("rests");
    const tree = await resting(forker.pid);
    await modules.when(() => (isSubset(tree, attachedTo(modules)) ? true : null));
    await using _rest = { [Symbol.asyncDispose]: () => killAll(forker.pid) };
    const attached = attachedTo(modules);
    expect(new Set(attached).size).toBe(attached.length);
    const all = told(modules, "attached");
    expect(all.length).toBe(new Set(all).size);
    // Those of others may have ended since; none that lives is missing.
    const now = new Set(living());
    const missing = before.filter((process) => now.has(process) && !all.includes(process));
    expect(missing).toEqual([]);
    // The module itself has the same.
    const pids = (await modules.set.paggctl("all", "PIDS")) as number[];
    expect(
      isSubset(
        tree.map((process) => String(Number.parseInt(process, 10))),
        pids.map(String),
      ),
    ).toBe(true);
    const others = tree.filter((process) => !process.startsWith(`${forker.pid}:`));
    for (const process_ of others) process.kill(Number.parseInt(process_, 10), "SIGKILL");
    await modules.when(() => (isSubset(others, told(modules, "detached")) ? true : null));
    expect(attachedTo(modules).filter((process) => others.includes(process))).toEqual([]);
    const ended = told(modules, "detached");
    expect(ended.length).toBe(new Set(ended).size);
    expect(modules.problems).toEqual([]);
  });
}

moduleTest("a module whose own hook forks for every fork is loaded all the same", async () => {
  await using modules = new TestModules();
  modules.write(
    "endless.ts",
    `import { execFileSync } from "node:child_process";
    const again = (word) => { execFileSync("true"); return word };
    export default {
      init: (task) => task.pid === process.pid ? again("me") : undefined,
      attach: () => again("mine"),
    };`,
  );
  const item = await modules.set.load("endless");
  expect(item).toMatchObject({ state: "registered", problems: [] });
});

function isSubset(some: readonly string[], all: readonly string[]): boolean {
  return new Set(some).isSubsetOf(new Set(all));
}
