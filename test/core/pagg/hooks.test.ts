/** Modules on real processes: fork, exec, exit, init, and what they refuse. */
import { expect, test } from "bun:test";
import { TestModules } from "#test/harness/module-set.ts";
import { Perl } from "#test/harness/perl.ts";

/** Follows nothing by itself: TAKE attaches a process. */
const LABELS = `
export default {
  attach: (child, parent) => ({ label: parent.label, depth: parent.depth + 1 }),
  exec: (process, data) => ({ ...data, comm: process.comm }),
  describe: (data) => [data.label, data.depth, data.comm].filter((part) => part !== undefined).join(" "),
  requests: {
    TAKE: { number: 1, answer: async ({ pid, label }, pagg) => { await pagg.attach(pid, { label, depth: 0 }); return "taken"; } },
    LET: { number: 2, answer: ({ pid }, pagg) => pagg.detach(pid) },
    COUNT: { number: 3, effect: "read", need: "anyone", answer: (data, pagg) => [...pagg.processes()].length },
  },
};
`;

/** A child that lives until its parent is told to end it, and what it ended with. */
const CHILD =
  'pipe(my $r, our $w); our $p = fork() // die; if (!$p) { close $w; my $x = <$r>; POSIX::_exit(7) } print "$p\\n"';

test("a child has what its parent had; its exit status is told when it leaves", async () => {
  await using modules = new TestModules();
  modules.write("labels.ts", LABELS);
  const item = await modules.set.load("labels");
  expect(item).toMatchObject({
    name: "labels",
    state: "registered",
    hooks: { init: false, exec: true, paggctl: true },
  });
  await using parent = await Perl.run("1");
  expect(await modules.set.paggctl("labels", "TAKE", { pid: parent.pid, label: "red" })).toBe("taken");
  expect(await modules.attached("labels", parent.pid)).toBe("red 0");
  parent.tell(CHILD);
  const child = Number(await parent.line());
  expect(await modules.attached("labels", child)).toBe("red 1");
  parent.tell("close $w");
  expect(await modules.detached("labels", child)).toEqual({ isExited: true, status: 7 << 8 });
  expect(modules.set.item("labels")?.attached).toBe(1);
});
