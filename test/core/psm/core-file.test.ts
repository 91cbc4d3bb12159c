/** A member that leaves a core file: its status says so, and only then. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { exitText } from "#core/psm/entry.ts";
import { WCOREDUMP, WTERMSIG } from "#core/psm/wait.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Perl } from "#test/harness/perl.ts";
import { TestSet } from "#test/harness/process-set.ts";

const SEGV = 11;
const pattern = readFileSync("/proc/sys/kernel/core_pattern", "latin1").trim();
/** A plain name makes a file in the working directory; a path would leave it elsewhere, a pipe hands it to a program. */
const isPlain = pattern !== "" && !/[|/]/.test(pattern);
const limits = readFileSync("/proc/self/limits", "latin1");
const isAllowed = /^Max core file size +\S+ +unlimited /m.test(limits) && Bun.which("prlimit") !== null;

test.skipIf(!isPlain || !isAllowed)(
  `a core file (core_pattern ${pattern}; hard limit unlimited: ${isAllowed})`,
  async () => {
    using directory = new TemporaryDirectory();
    using own = new TestSet(directory);
    await using peer = await Perl.run("1");
    own.set.memadd("web", peer.pid);
    using cores = new TemporaryDirectory();
    // RLIMIT_CORE of the running process, whatever the tests were started with.
    const limit = Bun.spawnSync(["prlimit", "--core=unlimited", "--pid", String(peer.pid)]);
    expect(limit.stderr.toString()).toBe("");
    peer.tell(`chdir "${cores.path}"; kill SEGV => $$`);
    const { exit } = await own.untilExited(peer.pid);
    const status = exit?.status ?? 0;
    expect([WTERMSIG(status), WCOREDUMP(status), exit && exitText(exit)]).toEqual([
      SEGV,
      true,
      "killed by SIGSEGV, core dumped",
    ]);
    expect(readdirSync(cores.path).filter((name) => name.startsWith(pattern.replace(/%.*/, "")))).toHaveLength(1);
  },
);

test.skipIf(!isAllowed)("none where none is allowed", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await using peer = await Perl.run("1");
  own.set.memadd("web", peer.pid);
  Bun.spawnSync(["prlimit", "--core=0", "--pid", String(peer.pid)]);
  peer.tell("kill SEGV => $$");
  const { exit } = await own.untilExited(peer.pid);
  expect(exit?.status).toBe(SEGV);
});
