/** Endpoints and policies as an operator and a script give them, with controllers in processes of their own. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, rmSync, truncateSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { PolicyStore } from "#core/geopm/policy-store.ts";
import { EndpointSchema } from "#core/model/endpoint.ts";
import { EventSchema } from "#core/model/event.ts";
import { PolicySchema } from "#core/model/policy.ts";
import { CommandLine, MAIN } from "#test/harness/cli.ts";
import { Controller } from "#test/harness/controllers.ts";
import { seesEveryone } from "#test/harness/geopm.ts";
import { LineReader } from "#test/harness/lines.ts";

/** Each test runs several processes: under load that takes its time. */
setDefaultTimeout(60_000);

const NODE = hostname();
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("power.test.ts leaves out what another user may do: it needs root\n");

let cli: CommandLine;
let shm: string;
let store: string;

beforeAll(async () => {
  cli = new CommandLine();
  shm = join(cli.path, "shm");
  store = join(cli.path, "db");
  mkdirSync(shm);
  cli.configure(`[geopm]\nendpoints = ["${shm}"]\npolicystore = "${store}"\n`);
  // Others may come as far as the socket.
  for (const name of ["", "runtime"]) chmodSync(join(cli.path, name), 0o755);
  expect((await cli.run(["serve"])).exitCode).toBe(0);
});

afterAll(() => {
  Bun.spawnSync([process.execPath, MAIN, "serve", "--stop"], { env: cli.env });
  cli[Symbol.dispose]();
});

const muster = (line: string, ...more: readonly string[]) => cli.run([...line.split(" "), ...more]);
const errorOf = (stderr: string) => JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error;

async function json(line: string, ...more: readonly string[]) {
  const { exitCode, stdout, stderr } = await muster(line, ...more, "--json");
  expect({ line, exitCode, stderr }).toEqual({ line, exitCode: 0, stderr: "" });
  return JSON.parse(stdout);
}

async function refusal(line: string, ...more: readonly string[]) {
  const { exitCode, stderr } = await muster(line, ...more, "--json");
  return { exitCode, ...errorOf(stderr) };
}

const attach = (name: string, agent = "power_governor", profile = '"dgemm"') =>
  Controller.attach(name, agent, profile, cli.path);

/** A process that says something, until it has said this. */
async function until(lines: LineReader, fits: (line: string) => boolean): Promise<string> {
  for (;;) {
    const line = await lines.next();
    if (fits(line)) return line;
  }
}

describe("one after the other", () => {
  const name = `/dev/shm/muster-test-${process.pid}`;

  test("create, list, set, serve: the controller gets its policy, and its samples are watched", async () => {
    const prepared = await cli.shell(
      `set -e; muster endpoints create ${name} ; muster endpoints list --json ; muster policies set power_governor --profile dgemm 176`,
    );
    expect(prepared).toMatchObject({ exitCode: 0, stderr: "" });
    const [made, listed, set] = prepared.stdout.trim().split("\n");
    expect(made).toBe(`${name}: done: ${name} is open to controllers`);
    expect(JSON.parse(listed ?? "")).toMatchObject({
      kind: "EndpointList",
      items: expect.arrayContaining([expect.objectContaining({ name, state: "waiting", owned: true, sample: [] })]),
    });
    expect(set).toBe('power_governor/dgemm: done: the policy of power_governor for "dgemm" is 176');

    const serving = cli.spawn(["endpoints", "serve", name, "--policystore", "db", "--json"]);
    const served = new LineReader(serving.stdout);
    expect(JSON.parse(await served.next())).toMatchObject({ type: "hello", kinds: ["endpoints"] });
    await using controller = await attach(name);
    const written = await until(served, (line) => line.includes("POLICY_WRITTEN"));
    expect(JSON.parse(written)).toMatchObject({
      type: "event",
      event: { severity: "info", code: "POLICY_WRITTEN", target: `${NODE}/endpoint/${name}` },
    });
    expect(() => v.parse(EventSchema, JSON.parse(written).event)).not.toThrow();
    expect(await controller.policy()).toEqual([176]);

    const watching = cli.spawn(["endpoints", "watch", name, "--json"]);
    const watched = new LineReader(watching.stdout);
    await until(watched, (line) => line.includes('"type":"sync"'));
    await controller.sample(120, Number.NaN, 119);
    const line = await until(watched, (text) => text.includes('"value":120'));
    const { item } = JSON.parse(line);
    expect(() => v.parse(EndpointSchema, item)).not.toThrow();
    expect(item).toMatchObject({ name, state: "attached", agent: "power_governor", profile: "dgemm", nodes: ["n1"] });
    expect(item.sample[1]).toEqual({ name: "IS_CONVERGED", unit: null, value: null });
    watching.kill("SIGTERM");
    expect(await watching.exited).toBe(0);

    // The store is followed.
    await json("policies set power_governor --profile dgemm 150");
    await until(served, (text) => text.includes("policy 150 was written"));
    expect(await controller.policy()).toEqual([150]);

    // Of a dead one is told only where who lives can be seen.
    const gone = seesEveryone ? "ENDPOINT_ABANDONED" : "ENDPOINT_DETACHED";
    await (seesEveryone ? controller.kill() : controller.detach());
    await until(served, (text) => text.includes(gone));
    await using next = await attach(name, "power_governor", "other");
    await until(served, (text) => text.includes("POLICY_MISSING"));
    await json("policies default power_governor 99");
    await until(served, (text) => text.includes("policy 99 was written"));
    expect(await next.policy()).toEqual([99]);

    serving.kill("SIGTERM");
    const end = await until(served, (text) => text.includes('"type":"end"'));
    expect(JSON.parse(end)).toMatchObject({ reason: "signal", exitCode: 0 });
    expect(await serving.exited).toBe(0);
    expect([`${name}-policy`, `${name}-sample`].filter((path) => existsSync(path))).toEqual([]);
    const { stdout } = await muster("events --json");
    const codes = JSON.parse(stdout)
      .items.filter(({ target }: { target: string }) => target === `${NODE}/endpoint/${name}`)
      .map(({ code }: { code: string }) => code);
    expect(codes.filter((code: string) => code === "ENDPOINT_ATTACHED")).toHaveLength(2);
    expect(codes).toContain(gone);
    rmSync(store);
  });
});

describe("endpoints", () => {
  test("sample as geopmendpoint -s, wait as -a, policy as -p", async () => {
    const name = join(shm, "tool");
    await json("endpoints create", name);
    const waiting = muster("endpoints wait", name);
    await using controller = await attach(name);
    expect((await waiting).stdout).toBe("Agent: power_governor\nProfile: dgemm\nNodes: n1\n");
    await controller.sample(120.5, Number.NaN, 119);
    const { stdout } = await muster("endpoints sample tool");
    expect(stdout).toMatch(/^POWER: 120\.5\nIS_CONVERGED: NAN\nPOWER_AVERAGE_ENFORCED: 119\nSAMPLE_AGE: \d+\.\d+\n$/);
    const { results } = await json("endpoints sample", name);
    expect(results[0].answer.sample[1]).toEqual({ name: "IS_CONVERGED", unit: null, value: null });
    expect(results[0].answer.sampleAgeSeconds).toBeGreaterThan(0);
    const listed = await json(`endpoints list --filter name=${name}`);
    expect(listed.items[0].sample[0].value).toBe(120.5);
    const written = await muster(`endpoints policy ${name} 200 --yes`);
    expect(written.stdout).toBe(`${name}: done: the power_governor controller at ${name} has the policy 200\n`);
    expect(await controller.policy()).toEqual([200]);
    expect(await refusal(`endpoints policy ${name} 200`)).toMatchObject({ exitCode: 64, code: "USAGE" });
    const many = await refusal(`endpoints policy ${name} 200,1 --yes`);
    expect(many).toMatchObject({ exitCode: 64, message: "power_governor takes 1 values, not 2" });
    expect(many.hint).toContain("GEOPM_ERROR_INVALID (-3)");
    await controller.detach();
    expect((await muster(`endpoints wait ${name} --detach`)).stdout).toContain("no controller is attached");
    const nobody = await refusal("endpoints sample", name);
    expect(nobody).toMatchObject({ exitCode: 1, code: "NOT_FOUND" });
    expect(nobody.hint).toContain("GEOPM_ERROR_NO_AGENT (-13)");
    expect(await refusal(`endpoints wait ${name} --timeout 0`)).toMatchObject({ exitCode: 75, code: "TIMED_OUT" });
    expect(await refusal(`endpoints wait ${name} --timeout 20ms`)).toMatchObject({ exitCode: 75 });
    expect(await json("endpoints destroy", name, "--yes")).toMatchObject({ results: [{ outcome: "done" }] });
    expect(existsSync(`${name}-policy`)).toBe(false);
  });

  test("a wait is interrupted", async () => {
    const name = join(shm, "patient");
    await json("endpoints create", name);
    const waiting = cli.spawn(["endpoints", "wait", name]);
    await until(new LineReader(waiting.stderr), (line) => line.includes("wait until a controller attaches"));
    waiting.kill("SIGINT");
    expect(await waiting.exited).toBe(130);
    await json("endpoints destroy", name, "--yes");
  });

  test("names are resolved as GEOPM does it, and what may surprise is said", async () => {
    const made = await muster("endpoints create job-1");
    expect(made).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`${cli.path}/job-1: done`) });
    expect(made.stderr).toContain('"job-1" has no slash in front');
    expect(existsSync(join(cli.path, "job-1-policy"))).toBe(true);
    const { items } = await json(`endpoints get ${cli.path}/job-1`);
    expect(items).toMatchObject([{ name: `${cli.path}/job-1` }]);
    const gone = JSON.parse((await muster("endpoints destroy job-1 --yes --json")).stdout);
    expect(gone.warnings).toMatchObject([{ code: "NAME_DEPENDS", target: "job-1" }]);
    expect(existsSync(join(cli.path, "job-1-policy"))).toBe(false);
    expect(await refusal("endpoints destroy job-1 --yes")).toMatchObject({ exitCode: 1, errno: "ENOENT" });
  });

  test("a name with a line break is one line of what is told", async () => {
    const own = ["--policystore", join(cli.path, "lines.db")];
    const { stdout } = await muster("policies set power_governor 5 --profile", "two\nlines: done", ...own);
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
    const plan = await muster("policies set power_governor 6 --dry-run --profile", "two\nlines: done", ...own);
    expect(plan.stdout.trimEnd().split("\n")).toHaveLength(2);
  });

  test("an infinity is told as it was set", async () => {
    const own = `--policystore ${join(cli.path, "infinite.db")}`;
    await json(`policies default power_governor inf ${own}`);
    expect((await muster(`policies default power_governor ${own}`)).stdout).toContain("{INF}");
    const [result] = (await json(`policies default power_governor 5 ${own}`)).results;
    expect(result).toMatchObject({ before: { state: "INF" }, after: { state: "5" } });
  });

  test("what is there already, and what is left behind", async () => {
    const name = join(shm, "left");
    const serving = cli.spawn(["endpoints", "serve", name]);
    const lines = new LineReader(serving.stdout);
    expect(await lines.next()).toContain(`${name}\tserved\t${store}`);
    const twice = await refusal("endpoints serve", name, "--take-over");
    expect(twice).toMatchObject({ exitCode: 4, code: "LOCK_HELD", errno: "EBUSY" });
    expect(await refusal("endpoints create", name)).toMatchObject({ exitCode: 4, errno: "EEXIST" });
    expect(await refusal("endpoints destroy", name, "--yes")).toMatchObject({ exitCode: 4, code: "LOCK_HELD" });
    serving.kill("SIGKILL");
    await serving.exited;
    const { items } = await json("endpoints get", name);
    expect(items).toMatchObject([{ state: "orphaned", owned: false, problems: [{ code: "ORPHANED" }] }]);
    for (const bad of [`${shm}/`, `${shm}/two\nlines`])
      for (const verb of ["create", "serve"])
        expect(await refusal(`endpoints ${verb}`, bad)).toMatchObject({ exitCode: 64, code: "USAGE" });
    const exists = await refusal("endpoints serve", name);
    expect(exists).toMatchObject({ exitCode: 4, errno: "EEXIST", hint: expect.stringContaining("--take-over") });
    const again = cli.spawn(["endpoints", "serve", name, "--take-over"]);
    await new LineReader(again.stdout).next();
    again.kill("SIGINT");
    expect(await again.exited).toBe(0);
    expect(existsSync(`${name}-policy`)).toBe(false);
  });

  test("damaged regions are listed with their problem, and can be removed", async () => {
    const name = join(shm, "broken");
    await json("endpoints create", name);
    truncateSync(`${name}-sample`, 7);
    const { items, complete } = await json("endpoints list");
    expect(complete).toBe(true);
    expect(items.find((item: { name: string }) => item.name === name)).toMatchObject({
      state: "broken",
      problems: [{ code: "REGION_BROKEN", message: expect.stringContaining("has 7 bytes") }],
    });
    expect(await refusal("endpoints sample", name)).toMatchObject({ exitCode: 65, code: "BAD_DATA" });
    await json("endpoints destroy", name, "--yes");
    expect(existsSync(`${name}-sample`)).toBe(false);
  });

  test("the service serves what is bound to the store", async () => {
    const name = join(shm, "bound");
    const other = join(cli.path, "other.db");
    await json("endpoints create", name);
    await json("policies set power_governor 70 --policystore other.db");
    await json("endpoints bind", name, "--policystore", "other.db");
    expect((await json("endpoints get", name)).items).toMatchObject([{ store: other }]);
    const lines = new LineReader(cli.spawn(["events", "--follow"]).stdout);
    await using controller = await attach(name);
    await until(lines, (line) => line.includes("policy 70 was written"));
    expect(await controller.policy()).toEqual([70]);
    await json("endpoints unbind", name);
    await json("endpoints release", name);
    expect(await controller.policy()).toEqual([70]);
    await json("endpoints destroy", name, "--yes");
  });

  test("the policy daemon in the background, controlled as any other daemon", async () => {
    const name = join(shm, "behind");
    const pidFile = join(cli.path, "serve.pid");
    const started = await muster("endpoints serve", name, "--daemonize", "--pid-file", pidFile);
    expect(started).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^serves as process \d+\n$/) });
    expect(existsSync(`${name}-policy`)).toBe(true);
    const again = await refusal("endpoints serve", name, "--daemonize", "--pid-file", pidFile);
    expect(again).toMatchObject({ exitCode: 4, code: "LOCK_HELD" });
    expect(await refusal("endpoints serve x --daemonize")).toMatchObject({ exitCode: 64 });
    expect((await muster("daemons control --stop --pid-file", pidFile)).exitCode).toBe(0);
    expect(existsSync(`${name}-policy`)).toBe(false);
  });

  test("read-only nothing is made, and nothing is served", async () => {
    const name = join(shm, "never");
    expect(await refusal("endpoints create", name, "--read-only")).toMatchObject({ exitCode: 77, code: "READ_ONLY" });
    expect(await refusal("endpoints serve", name, "--read-only")).toMatchObject({ exitCode: 77, code: "READ_ONLY" });
    const set = await refusal("policies set power_governor 1 --policystore never.db --read-only");
    expect(set).toMatchObject({ exitCode: 77, code: "READ_ONLY" });
    expect(existsSync(join(cli.path, "never.db"))).toBe(false);
    expect(existsSync(`${name}-policy`)).toBe(false);
  });

  test.skipIf(!isRoot)("others may look, and change nothing", async () => {
    const name = join(shm, "ours");
    await json("endpoints create", name);
    chmodSync(shm, 0o755);
    const asOther = (line: string) => cli.run([...line.split(" "), "--no-autostart", "--json"], { uid: 4242 });
    const listed = await asOther("endpoints list");
    expect(listed.exitCode).toBe(0);
    expect(listed.stdout).toContain(`"name":"${name}"`);
    for (const line of [`endpoints create ${shm}/theirs`, `endpoints destroy ${name} --yes`]) {
      const refused = await asOther(line);
      expect({ line, exitCode: refused.exitCode }).toEqual({ line, exitCode: 77 });
      expect(errorOf(refused.stderr)).toMatchObject({ code: "PERMISSION_DENIED", errno: "EPERM" });
    }
    expect((await asOther("policies set power_governor 1")).exitCode).toBe(77);
    expect(existsSync(`${name}-policy`)).toBe(true);
    await json("endpoints destroy", name, "--yes");
  });
});

describe("policies", () => {
  test("set, shown, listed and removed, in a store of one's own", async () => {
    const own = "--policystore own.db";
    expect((await json(`policies list ${own}`)).items).toEqual([]);
    expect(existsSync(join(cli.path, "own.db"))).toBe(false);
    await json(`policies set power_balancer 400,NAN,NAN,NAN --profile dgemm ${own}`);
    await json(`policies default power_balancer 300 ${own}`);
    const shown = await muster(`policies default power_balancer ${own}`);
    expect(shown.stdout).toBe("Default policy for power_balancer agent:\n{300,NAN,NAN,NAN}\n");
    const { items } = await json(`policies list ${own}`);
    expect(items.map(({ id }: { id: string }) => id)).toEqual([
      `${NODE}/policy/power_balancer`,
      `${NODE}/policy/power_balancer/dgemm`,
    ]);
    expect(items[1].fields.map(({ value }: { value: number | null }) => value)).toEqual([400, null, null, null]);
    for (const item of items) expect(() => v.parse(PolicySchema, item)).not.toThrow();
    using read = new PolicyStore(join(cli.path, "own.db"));
    expect(read.getBest("power_balancer", '"dgemm"')).toEqual([400, Number.NaN, Number.NaN, Number.NaN]);
    expect((await muster(`policies list ${own}`)).stdout).toContain("power_balancer\tdgemm\tCPU_POWER_LIMIT=400W");
    expect((await json(`policies get power_balancer/dgemm ${own}`)).items).toHaveLength(1);
    await json(`policies remove power_balancer --profile dgemm --yes ${own}`);
    expect(await refusal(`policies remove power_balancer --profile dgemm --yes ${own}`)).toMatchObject({ exitCode: 1 });
    expect(await refusal(`policies get monitor ${own}`)).toMatchObject({ exitCode: 1, code: "NOT_FOUND" });
    expect(await refusal(`policies default monitor ${own}`)).toMatchObject({ exitCode: 1, code: "NOT_FOUND" });
  });

  test("what cannot be set, and why", async () => {
    const bad = async (...words: readonly string[]) => refusal("policies set", ...words, "--policystore", "own.db");
    expect(await bad("no_such", "1")).toMatchObject({ exitCode: 64, hint: expect.stringContaining("(-3)") });
    expect(await bad("power_governor", "lots")).toMatchObject({ exitCode: 64 });
    expect(await bad("power_governor", "1,2")).toMatchObject({ exitCode: 64 });
    expect(await bad("a/b", "1")).toMatchObject({ exitCode: 64, code: "USAGE" });
    expect(await bad("power_governor")).toMatchObject({ exitCode: 64, message: expect.stringContaining("VALUES") });
    cli.write("no.db", "this is not a database, and long enough to be told so by its first bytes");
    const broken = await refusal("policies list --policystore no.db");
    expect(broken).toMatchObject({ exitCode: 65, code: "BAD_DATA", hint: expect.stringContaining("(-14)") });
    expect(await refusal("endpoints serve", join(shm, "x"), "--policystore", "no.db")).toMatchObject({ exitCode: 65 });
    expect(existsSync(join(shm, "x-policy"))).toBe(false);
  });
});
