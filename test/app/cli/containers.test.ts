/** Containers and privileged processes as an operator and a script give them. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Container } from "#core/model/container.ts";
import { SCHEMAS } from "#core/output/schema-definitions.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { CommandLine, MAIN, ownEnvironment, type RunResult } from "#test/harness/cli.ts";
import { EngineState, hasNamespaces, hexId, PlainContainer } from "#test/harness/containers.ts";
import { MusterRoot } from "#test/harness/muster-root.ts";

/** Each test runs several processes: under load that takes its time. */
setDefaultTimeout(60_000);

const isRoot = process.getuid?.() === 0;

let cli: CommandLine;
let state: EngineState;

beforeEach(() => {
  cli = new CommandLine();
  state = new EngineState();
});

afterEach(() => {
  Bun.spawnSync([process.execPath, MAIN, "serve", "--stop"], { env: cli.env });
  state[Symbol.dispose]();
  cli[Symbol.dispose]();
});

const muster = (line: string, ...more: readonly string[]): Promise<RunResult> =>
  cli.run([...line.split(" "), ...more], { env: state.variables });
const errorOf = ({ stderr }: RunResult) => JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error;

/** Of the machine's own containers, which may be there, nothing is asked. */
async function listed(): Promise<readonly Container[]> {
  const { stdout } = await muster("containers list --json --filter engine=docker");
  const document: unknown = JSON.parse(stdout);
  return v.parse(SCHEMAS.containers[1], document).items as readonly Container[];
}

describe("containers", () => {
  test("list and get: a document, a table, and names in all their forms", async () => {
    const [web, db] = [hexId("a"), hexId("b")];
    state.docker(web, "web", process.pid);
    state.docker(db, "db", 0);
    expect((await listed()).map(({ name, state }) => [name, state]).sort()).toEqual([
      ["db", "stopped"],
      ["web", "running"],
    ]);
    for (const word of ["web", "docker/web", web, web.slice(0, 20), `docker/${web}`]) {
      const { stdout, exitCode } = await muster("containers get --json", word);
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout).items).toMatchObject([{ name: "web", pid: process.pid }]);
    }
    expect((await muster("containers list")).stdout).toContain(`docker\t-\tweb\t${web.slice(0, 12)}\trunning`);
    expect(await muster("containers get nothere")).toMatchObject({ exitCode: 1 });
  });

  test("a name that several have is an error with the candidates", async () => {
    state.docker(hexId("a"), "web", 0);
    state.podman(hexId("b"), "web", null);
    const result = await muster("containers get web --json");
    expect(result.exitCode).toBe(64);
    expect(errorOf(result)).toMatchObject({ code: "AMBIGUOUS", hint: expect.stringContaining(hexId("b")) });
    const asked = await muster("containers pid web --json");
    expect(asked.exitCode).toBe(64);
    expect(errorOf(asked).message).toContain("podman/web");
    expect((await muster("containers get podman/web --json")).exitCode).toBe(0);
  });

  test.skipIf(!hasNamespaces)("hostname, pid, cgroup: of one alone, of several behind their names", async () => {
    await using container = await PlainContainer.start("inside");
    state.docker(hexId("a"), "web", container.pid);
    state.docker(hexId("b"), "db", 0);
    expect(await muster("containers hostname web")).toMatchObject({ exitCode: 0, stdout: "inside\n" });
    expect(await muster("containers pid", hexId("a").slice(0, 16))).toMatchObject({ stdout: `${container.pid}\n` });
    expect((await muster("containers cgroup web")).stdout).toMatch(/^\/.*\n$/);
    const several = await muster("containers pid web db --json");
    expect(several.exitCode).toBe(3);
    const { items } = v.parse(SCHEMAS["container-answers"][1], JSON.parse(several.stdout));
    expect(items).toMatchObject([
      { name: "web", pid: container.pid, hostName: null, server: null, error: null },
      { name: "db", pid: null, error: { code: "NOT_FOUND", errno: "ESRCH" } },
    ]);
    expect(await muster("containers hostname nothere")).toMatchObject({ exitCode: 1, stdout: "" });
  });

  test.skipIf(!hasNamespaces)("--socket asks another server; what the protocol cannot do is refused", async () => {
    await using container = await PlainContainer.start("inside");
    state.docker(hexId("a"), "web", container.pid);
    await using server = await MusterRoot.start(state);
    const socket = ["--socket", server.path];
    expect(await muster("containers hostname web", ...socket)).toMatchObject({ exitCode: 0, stdout: "inside\n" });
    expect(await muster("containers pid web", ...socket)).toMatchObject({ stdout: `${container.pid}\n` });
    expect((await muster("containers cgroup web", ...socket)).stdout).toMatch(/^\/.*\n$/);
    const { stdout } = await muster("containers pid web --json", ...socket);
    expect(JSON.parse(stdout).items).toMatchObject([{ server: server.path, id: null, pid: container.pid }]);
    expect(await muster("containers pid nothere", ...socket)).toMatchObject({ exitCode: 1 });
    for (const line of [
      "containers list",
      "containers get web",
      "containers watch",
      "processes list",
      "processes get 1",
    ]) {
      const result = await muster(`${line} --json`, ...socket);
      expect(result.exitCode).toBe(2);
      expect(errorOf(result)).toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("no list") });
    }
    expect(await muster("processes signal 1 --signal HUP --yes", ...socket)).toMatchObject({ exitCode: 2 });
    const gone = await muster("containers pid web --json --socket", cli.path);
    expect(errorOf(gone)).toMatchObject({ target: cli.path });
    expect(gone.exitCode).not.toBe(0);
  });

  test("with --root none is looked at, and nobody is asked about one", async () => {
    expect((await muster("containers list --json --root", cli.path)).stdout).toContain('"items":[]');
    expect(await muster("containers pid web --root", cli.path)).toMatchObject({ exitCode: 2 });
  });
});

describe("processes", () => {
  test("start, list, wait, terminate, by the service that is started for it", async () => {
    const { stdout, exitCode } = await muster("processes start demo -- sleep 1000");
    expect(exitCode).toBe(0);
    const pid = Number(stdout);
    using pidfd = PidFd.open(pid);
    expect(pidfd?.isAlive()).toBe(true);
    const { items } = v.parse(SCHEMAS.processes[1], JSON.parse((await muster("processes list --json")).stdout));
    expect(items).toMatchObject([{ label: "demo", pid, state: "running" }]);
    expect(await muster("processes terminate demo")).toMatchObject({ exitCode: 64 });
    expect(await muster("processes terminate demo --dry-run")).toMatchObject({ exitCode: 0 });
    expect(pidfd?.isAlive()).toBe(true);
    const waiting = muster("processes wait", String(pid));
    expect(await muster("processes terminate demo --yes")).toMatchObject({ exitCode: 0 });
    expect(await waiting).toMatchObject({ exitCode: 0, stdout: `${pid} killed by SIGKILL\n` });
    expect(await muster("processes wait --exit-code demo")).toMatchObject({ exitCode: 137 });
    expect(await muster("processes terminate demo --yes")).toMatchObject({ exitCode: 4 });
    expect(await muster("processes wait 1")).toMatchObject({ exitCode: 1 });
  });

  test("a script's exit code, a wait with an end, a program that is none, and words that hold a blank", async () => {
    const script = cli.write("three", "#!/bin/sh\nexit 3\n");
    chmodSync(script, 0o755);
    expect((await muster("processes start three --", script)).exitCode).toBe(0);
    expect(await muster("processes wait three --exit-code")).toMatchObject({ exitCode: 3 });
    const { stdout } = await muster("processes start demo -- sleep 1000");
    expect(await muster("processes wait demo --timeout 50ms")).toMatchObject({ exitCode: 75 });
    expect(await muster("processes signal demo --signal TERM --yes")).toMatchObject({ exitCode: 0 });
    expect(await muster("processes wait", stdout.trim())).toMatchObject({
      stdout: `${stdout.trim()} killed by SIGTERM\n`,
    });
    expect(await muster("processes start none -- /no/such/program")).toMatchObject({ exitCode: 3 });
    expect(await muster("processes start blank -- sh -c", "exit 3")).toMatchObject({ exitCode: 64 });
    expect(await muster("processes start nothing")).toMatchObject({ exitCode: 64 });
  });

  test("a service that is killed leaves its processes to the next one, which sees their end", async () => {
    const { stdout } = await muster("processes start demo -- sleep 1000");
    const pid = stdout.trim();
    const service = Number(readFileSync(join(cli.path, "runtime/muster.pid"), "utf8"));
    using pidfd = PidFd.open(service);
    pidfd?.sendSignal(9);
    await pidfd?.exited();
    // Nobody keeps it now, but everybody can see what was left.
    const left = JSON.parse((await muster("processes list --json --no-autostart")).stdout);
    expect(left.items).toMatchObject([{ label: "demo", state: "running" }]);
    expect(await muster("processes terminate demo --yes --no-autostart")).toMatchObject({ exitCode: 75 });
    expect(await muster("serve")).toMatchObject({ exitCode: 0 });
    const { items } = JSON.parse((await muster("processes list --json")).stdout);
    expect(items).toMatchObject([{ label: "demo", pid: Number(pid), state: "running", adopted: true }]);
    expect(await muster("processes terminate demo --yes")).toMatchObject({ exitCode: 0 });
    const waited = await muster("processes wait demo");
    // The kernel keeps the status from Linux 6.15 on, once whoever has inherited the process collects it.
    expect(waited.stdout).toMatch(new RegExp(`^${pid} (killed by SIGKILL|status unknown)\n$`));
  });

  test("of another server: start, wait, terminate; what is no child of its is never named to it", async () => {
    await using server = await MusterRoot.start(state);
    const socket = ["--socket", server.path];
    const { stdout } = await muster("processes start demo", ...socket, "--", "sleep", "1000");
    const pid = stdout.trim();
    using pidfd = PidFd.open(Number(pid));
    expect(pidfd?.isAlive()).toBe(true);
    using bystander = PidFd.open(process.pid);
    const refused = await muster("processes terminate --yes --json", String(process.pid), ...socket);
    expect(refused.exitCode).toBe(1);
    expect(errorOf(refused)).toMatchObject({ code: "NOT_FOUND", errno: "EPERM" });
    expect(bystander?.isAlive()).toBe(true);
    expect(await muster("processes terminate --dry-run", pid, ...socket)).toMatchObject({ exitCode: 0 });
    expect(pidfd?.isAlive()).toBe(true);
    expect(await muster("processes wait --timeout 200ms", pid, ...socket)).toMatchObject({ exitCode: 75 });
    expect(await muster("processes terminate --yes", pid, ...socket)).toMatchObject({ exitCode: 0 });
    expect(await muster("processes wait --exit-code", pid, ...socket)).toMatchObject({
      exitCode: 137,
      stdout: `${pid} killed by SIGKILL\n`,
    });
    expect(await muster("processes wait", ...socket)).toMatchObject({ exitCode: 1 });
    expect(await muster("processes terminate demo --yes", ...socket)).toMatchObject({ exitCode: 64 });
  });
});

test("doctor tells of engines and of who answers PCP", async () => {
  state.docker(hexId("a"), "web", 0);
  await using server = await MusterRoot.start(state);
  cli.configure(`[pmdaroot]\nsocket = "${server.path}"\n`);
  const { checks } = JSON.parse((await muster("doctor --json")).stdout);
  const detail = (name: string) => checks.find((check: { name: string }) => check.name === name)?.detail;
  expect(detail("container-engines")).toContain(`docker ${state.places.dockerDirectory}`);
  expect(detail("pmdaroot-socket")).toMatch(/: muster, process \d+ of uid \d+$/);
});

test.skipIf(!isRoot)(
  "needs root to become another user: what only root may look into is told, and stops nothing",
  async () => {
    const [hidden, own] = [join(cli.path, "hidden"), join(cli.path, "own")];
    mkdirSync(join(hidden, "docker"), { recursive: true, mode: 0o700 });
    cli.write("own/muster.toml", "");
    chmodSync(cli.path, 0o755);
    chmodSync(own, 0o777);
    const asOther = (line: string) => {
      const env = { ...ownEnvironment(own), PCP_DOCKER_DIR: join(hidden, "docker") };
      return cli.run(line.split(" "), { uid: 4242, env });
    };
    const doctor = await asOther("doctor --json");
    expect(doctor).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(doctor.stdout).checks).toContainEqual(
      expect.objectContaining({
        name: "container-engines",
        ok: false,
        detail: expect.stringContaining(`docker ${hidden}/docker cannot be read: EACCES`),
      }),
    );
    expect(await asOther("serve")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await asOther("containers list --filter engine=docker")).toMatchObject({ exitCode: 0, stdout: "" });
    expect(await asOther("serve --stop")).toMatchObject({ exitCode: 0 });
  },
);
