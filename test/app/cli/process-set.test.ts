/** Categories and members as an operator and a script give them: one service of the test's own keeps the set. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { hostname } from "node:os";
import * as v from "valibot";
import { SCHEMAS } from "#core/output/schema-definitions.ts";
import { CommandLine, MAIN } from "#test/harness/cli.ts";
import { linesOf } from "#test/harness/lines.ts";
import { NO_MEMBERS } from "#test/harness/process-set.ts";

/** Each test runs several processes: under load that takes its time. */
setDefaultTimeout(60_000);

const NODE = hostname();
let cli: CommandLine;

beforeAll(async () => {
  cli = new CommandLine();
  cli.defer(() => {
    Bun.spawnSync([process.execPath, MAIN, "serve", "--stop"], { env: cli.env });
  });
  expect((await cli.run(["serve"])).exitCode).toBe(0);
});

afterAll(() => cli[Symbol.dispose]());

const run = (line: string, ...more: readonly string[]) => cli.run([...line.split(" "), ...more]);
const errorOf = (stderr: string) => JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error;

async function action(line: string) {
  const { exitCode, stdout, stderr } = await run(line, "--json");
  const document = v.parse(SCHEMAS.action[1], JSON.parse(stdout));
  return { exitCode, stderr, document, outcomes: document.results.map(({ outcome }) => outcome) };
}

async function members(line: string) {
  const { exitCode, stdout } = await run(line, "--json");
  return { exitCode, ...v.parse(SCHEMAS.members[1], JSON.parse(stdout)) } as {
    exitCode: number;
    complete: boolean;
    items: { pid: number; category: string; state: string; exitCode: number | null; exit: { text: string } | null }[];
    warnings: { code: string; target: string | null }[];
  };
}

/** A member that runs until it is told otherwise; its pid. */
async function sleeper(category: string): Promise<number> {
  const { stdout } = await run(`members run ${category} --detach --json -- sleep 1000`);
  const { pid } = v.parse(SCHEMAS["member-run"][1], JSON.parse(stdout));
  cli.defer(() => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      return; // it has ended
    }
  });
  return pid;
}

describe("categories", () => {
  test("the well-known ones are there; one is added, told of, and removed while it is empty", async () => {
    const { stdout } = await run("categories list --json");
    const list = v.parse(SCHEMAS.categories[1], JSON.parse(stdout));
    expect(list.items.length).toBeGreaterThanOrEqual(28);
    expect(await action("categories add alpha beta")).toMatchObject({ exitCode: 0, outcomes: ["done", "done"] });
    const got = JSON.parse((await run("categories get alpha --json")).stdout);
    expect(got.items).toMatchObject([{ name: "alpha", wellKnown: false, members: 0 }]);
    const removal = await action("categories remove alpha --yes");
    expect(removal.exitCode).not.toBe(0);
    expect(removal.document.results[0]?.error?.errno).toBe("ENOTSUP");
    expect(await action("categories remove alpha --empty --yes")).toMatchObject({ exitCode: 0, outcomes: ["done"] });
    expect((await run("categories get alpha --json")).exitCode).toBe(1);
  });

  test.each(["", "x".repeat(32), "a/b", "a\nb", "ü".repeat(16)])("no name: %j", async (name) => {
    const { exitCode, stdout } = await cli.run(["categories", "add", name, "--json"]);
    expect(exitCode).toBe(64);
    expect(JSON.parse(stdout).results[0].error.errno).toBe("EINVAL");
  });

  test("removing needs --yes where nobody can be asked", async () => {
    const { exitCode, stderr } = await run("categories remove mountd --empty");
    expect(exitCode).toBe(64);
    expect(stderr).toContain("categories remove needs --yes");
  });
});

describe("members", () => {
  test("run: the exit code is the command's, the entry stays, with words and record", async () => {
    const ended = await run("members run job -- sh -c", "exit 3");
    expect(ended.exitCode).toBe(3);
    const { items } = await members("members list --category job");
    expect(items).toMatchObject([{ category: "job", state: "exited", exitCode: 3 << 8, exit: { text: "exit 3" } }]);
    const { stdout } = await run("members list --category job --record");
    const records = v.parse(SCHEMAS.records[1], JSON.parse(stdout));
    expect(records.items).toMatchObject([
      {
        mrs_listidx: 1,
        mrs_listcnt: 1,
        mrs_total: 1,
        mrs_exitcode: 768,
        mrs_flags: 1,
        mrs_name: `${NODE}-${items[0]?.pid}`,
        mrs_state: "exited",
        mrs_argv: "sh -c exit 3",
      },
    ]);
    expect((await run("members list --category job")).stdout).toContain("exit 3");
  });

  test("run: killed by a signal is 128 and its number; what cannot be started leaves nothing", async () => {
    expect((await run("members run killed -- sh -c", "kill -SEGV $$")).exitCode).toBe(128 + 11);
    expect((await run("members run none -- muster-no-such-program")).exitCode).toBe(1);
    expect((await run("members run none -- /etc/passwd")).exitCode).toBe(77);
    expect((await run("members run none --json -- true")).exitCode).toBe(64);
    expect((await members("members list --filter category=none")).items).toEqual([]);
  });

  test("run passes a signal on and tells how it ended", async () => {
    const child = cli.spawn([
      "members",
      "run",
      "front",
      "--",
      "sh",
      "-c",
      "trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done",
    ]);
    for await (const chunk of child.stdout) if (new TextDecoder().decode(chunk).includes("up")) break;
    child.kill("SIGTERM");
    expect(await child.exited).toBe(5);
  });

  test("named by CATEGORY/PID, pid, unique name and id; state and signal; what ended has neither", async () => {
    const pid = await sleeper("named");
    for (const word of [`named/${pid}`, String(pid), `${NODE}-${pid}`]) {
      expect((await members(`members get ${word}`)).items).toMatchObject([{ pid }]);
    }
    expect(await action(`members state ${pid} --to draining`)).toMatchObject({ exitCode: 0, outcomes: ["done"] });
    expect((await members(`members get ${pid}`)).items[0]?.state).toBe("draining");
    const wait = run(`members get ${pid} --wait exited --timeout 30s --json=exit.text`);
    expect(await action(`members signal ${pid} --signal KILL --yes`)).toMatchObject({ exitCode: 0 });
    expect(await wait).toMatchObject({ exitCode: 0 });
    expect(JSON.parse((await wait).stdout).items).toEqual([{ exit: { text: "killed by SIGKILL" } }]);
    expect((await action(`members signal ${pid} --signal KILL --yes`)).exitCode).toBe(4);
    expect(await action(`members remove ${pid} --yes`)).toMatchObject({ exitCode: 0 });
    const gone = await run(`members get ${pid} --json`);
    expect(gone.exitCode).toBe(1);
    expect(errorOf(gone.stderr).code).toBe("NOT_FOUND");
  });

  test("a wait that takes too long, one for nobody, one for what cannot be waited for", async () => {
    const pid = await sleeper("waiting");
    const late = await run(`members get ${pid} --wait exited --timeout 50ms --json`);
    expect(late).toMatchObject({ exitCode: 75, stdout: "" });
    expect(errorOf(late.stderr)).toMatchObject({ code: "TIMED_OUT", retryable: true });
    expect((await run("members get 999999999 --wait exited --json")).exitCode).toBe(1);
    expect((await run("members get 999999999 --wait exited --timeout 40d --json")).exitCode).toBe(1);
    expect((await run(`members get ${pid} --wait running`)).exitCode).toBe(64);
    expect((await run(`members get ${pid} --wait exited --timeout 0`)).exitCode).toBe(64);
  });

  test("add: several pids, one of nobody, one registered already", async () => {
    const pid = await sleeper("one");
    const several = await action(`members add two ${pid} 4194305`);
    expect(several.exitCode).toBe(3);
    expect(several.document.results.map(({ error }) => error?.errno)).toEqual(["EALREADY", "ESRCH"]);
    const own = await action(`members add two ${process.pid}`);
    expect(own).toMatchObject({ exitCode: 0, outcomes: ["done"] });
    expect((await members("members list --category two")).items).toMatchObject([
      { pid: process.pid, state: "running" },
    ]);
    expect((await run(`members remove two/${process.pid} --yes`)).exitCode).toBe(0);
    for (const word of ["web", "1x", "99999999999"]) {
      expect((await run(`members add two ${word}`)).exitCode).toBe(64);
    }
    expect((await run("members add two")).stderr).toContain("members add needs PID");
  });

  test("a category that is not there is an error, an empty one an empty list and the one record of zeros", async () => {
    const missing = await run("members list --category nobody --json");
    expect(missing.exitCode).toBe(1);
    expect(errorOf(missing.stderr)).toMatchObject({ code: "NOT_FOUND", errno: "ENOENT" });
    expect((await members("members list --category mountd")).items).toEqual([]);
    const { items } = JSON.parse((await run("members list --category mountd --record")).stdout);
    expect(items).toEqual([NO_MEMBERS]);
  });

  test("watch: what is there, what comes, how it ends", async () => {
    const child = cli.spawn(["members", "watch", "--filter", "category=watched", "--json"]);
    const seen: string[] = [];
    let isTold = false;
    for await (const text of linesOf(child.stdout)) {
      const line = JSON.parse(text);
      if (line.type === "sync") await run("members run watched -- sh -c", "exit 7");
      if (line.type === "upsert") seen.push(line.item.exit?.text ?? line.item.state);
      // Once: a second signal would end it at once.
      if (seen.includes("exit 7") && !isTold) child.kill("SIGINT");
      isTold = seen.includes("exit 7");
    }
    expect(seen.at(-1)).toBe("exit 7");
    expect(await child.exited).toBe(0);
  });
});

test("waiting starts whoever watches for the exit: the set of one's own is not left alone", async () => {
  using own = new CommandLine();
  own.defer(() => {
    Bun.spawnSync([process.execPath, MAIN, "serve", "--stop"], { env: own.env });
  });
  const started = await own.run(["members", "run", "web", "--detach", "--json", "--", "sleep", "1000"]);
  const { pid } = JSON.parse(started.stdout);
  own.defer(() => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      return; // it has ended
    }
  });
  expect((await own.run(["serve", "--stop"])).exitCode).toBe(0);
  const wait = own.spawn(["members", "get", String(pid), "--wait", "exited"]);
  for await (const chunk of wait.stderr)
    if (new TextDecoder().decode(chunk).includes("started muster's service")) break;
  process.kill(pid, "SIGKILL");
  expect(await new Response(wait.stdout).text()).toMatch(/^exit\.text +killed by SIGKILL$/m);
  expect(await wait.exited).toBe(0);
});

describe("nodes", () => {
  test("this one by name and all of them are this one", async () => {
    expect((await run(`categories get mountd --node ${NODE}`)).exitCode).toBe(0);
    expect((await run("categories get mountd --all-nodes")).exitCode).toBe(0);
  });

  test("another one cannot be reached; beside this one it is a warning", async () => {
    for (const line of ["categories list", "members list", "members watch", "categories add x"]) {
      const { exitCode, stdout, stderr } = await run(`${line} --node zeus --json`);
      expect(exitCode).toBe(1);
      expect(stdout === "" || line.includes("watch")).toBe(true);
      expect(errorOf(stderr)).toMatchObject({ code: "NOT_FOUND", errno: "ENODEV", target: "zeus" });
    }
    const both = await members(`members list --node zeus,${NODE}`);
    expect(both).toMatchObject({ exitCode: 0, complete: false, warnings: [{ code: "NOT_FOUND", target: "zeus" }] });
    expect((await run(`members list --node zeus,${NODE} --strict --json`)).exitCode).toBe(3);
  });

  test("neither both options nor no name", async () => {
    expect((await run(`members list --node ${NODE} --all-nodes`)).exitCode).toBe(64);
    expect((await run("members list --node a,,b")).exitCode).toBe(64);
  });
});

test("what happened is in the journal, with its variables", async () => {
  await run("members run told -- sh -c", "exit 9");
  const { stdout } = await run("events --json --filter code=sys.unix.psm.member.exited");
  const { items } = v.parse(SCHEMAS.events[1], JSON.parse(stdout));
  const variables = { _catname: "told", _exitcode: 9 << 8, _node: NODE };
  expect(items.at(-1)).toMatchObject({ variables });
});

test("read-only: looking is allowed, nothing else", async () => {
  expect((await run("--read-only members list")).exitCode).toBe(0);
  for (const line of ["categories add x", `members add x ${process.pid}`, "members run x -- true"]) {
    expect((await run(`--read-only ${line}`)).exitCode).toBe(77);
  }
});
