/** `muster serve` as its users have it: processes, signals, exit codes, and commands that find the service. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Check } from "#app/cli/doctor-checks.ts";
import { systemClock } from "#app/cli/system-clock.ts";
import type { Kind } from "#core/model/kinds.ts";
import { SCHEMAS } from "#core/output/schema-definitions.ts";
import { openRemoteService } from "#core/service/rpc/client.ts";
import { CommandLine, MAIN } from "#test/harness/cli.ts";
import { ownGroup, sweepGroup } from "#test/harness/job-set.ts";
import { RawClient, stopRequest, UID } from "#test/harness/rpc.ts";

/** A command line whose service, if one runs at the end, is stopped, and takes its control group along. */
function open(toml = "", group: string | null = null): CommandLine {
  const cli = new CommandLine(group === null ? toml : `${toml}\n[jobs]\ncgroup = "/${group}"\n`);
  if (group !== null) cli.defer(() => sweepGroup(group));
  cli.defer(() => {
    if (pidOf(cli) === null) return;
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, MAIN, "serve", "--stop"], { env: cli.env });
    if (exitCode !== 0) throw new Error(`the service does not end: ${stderr}`);
  });
  return cli;
}

/** The same for one that is killed: what it leaves is in a group of the test's own. */
const openKilled = (toml = "") => open(toml, ownGroup());

const socketOf = (cli: CommandLine) => join(cli.path, "runtime/muster.sock");
const logOf = (cli: CommandLine) => readFileSync(join(cli.path, "state/serve.log"), "utf8");

function pidOf(cli: CommandLine): number | null {
  const file = join(cli.path, "runtime/muster.pid");
  const text = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  return /^\d+$/.test(text) ? Number(text) : null;
}

function remote(cli: CommandLine, kinds: readonly Kind[]) {
  const path = socketOf(cli);
  return openRemoteService({ path, clock: systemClock, trustedUids: [UID], kinds, mode: "watch", isReadOnly: false });
}

describe("in the background", () => {
  test("started it listens; a second start names the first; stopped it leaves nothing but an empty pid file", async () => {
    using cli = open();
    expect((await cli.run(["serve", "--status"])).exitCode).toBe(1);
    const started = await cli.run(["serve", "--json"]);
    expect(started).toMatchObject({ exitCode: 0, stderr: "" });
    const pid = pidOf(cli);
    // Whoever could read them could lock them, and keep the service from being started or stopped.
    for (const name of ["muster.pid", "muster.lock"]) {
      expect(statSync(join(cli.path, "runtime", name)).mode & 0o007).toBe(0);
    }
    expect(v.parse(SCHEMAS.service[1], JSON.parse(started.stdout))).toMatchObject({ running: true, pid });
    const client = await RawClient.connect(socketOf(cli));
    expect((await client.ask("hello")).result).toMatchObject({ pid, uid: UID });

    const second = await cli.run(["serve", "--json"]);
    expect(second.exitCode).toBe(4);
    expect(JSON.parse(second.stderr).error).toMatchObject({
      code: "LOCK_HELD",
      message: `muster's service runs already as process ${pid}`,
    });
    expect(await cli.run(["serve", "--status"])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`${pid}`),
    });

    expect((await cli.run(["serve", "--stop"])).exitCode).toBe(0);
    expect(await client.line()).toBeNull();
    expect(existsSync(socketOf(cli))).toBe(false);
    expect(readFileSync(join(cli.path, "runtime/muster.pid"), "utf8")).toBe("");
    expect((await cli.run(["serve", "--status"])).exitCode).toBe(1);
    expect((await cli.run(["serve", "--stop"])).exitCode).toBe(0);
    const events = await cli.run(["events"]);
    expect(events.stdout).toContain("SERVICE_STARTED");
    expect(events.stdout).toContain("SERVICE_STOPPED");
  });

  test("two starts at once: one service, and the other start says so", async () => {
    using cli = open();
    const codes = await Promise.all([cli.run(["serve"]), cli.run(["serve"])]);
    expect(codes.map(({ exitCode }) => exitCode).sort()).toEqual([0, 4]);
  });

  test("after kill -9 the next one takes the place of the socket that is left", async () => {
    using cli = openKilled();
    await cli.run(["serve"]);
    const service = await remote(cli, ["daemons"]);
    const first = service.info.pid;
    const lost = Promise.withResolvers<void>();
    const back = Promise.withResolvers<void>();
    service.subscribe(["daemons"], ({ snapshot: { shelves } }) => {
      if (shelves.daemons.error?.code === "UNREACHABLE") lost.resolve();
      else if (shelves.daemons.staleSinceMs === null) back.resolve();
    });
    process.kill(first, "SIGKILL");
    await lost.promise;
    expect(existsSync(socketOf(cli))).toBe(true);
    expect((await cli.run(["daemons", "list"])).exitCode).toBe(0);
    expect((await cli.run(["serve"])).exitCode).toBe(0);
    await back.promise;
    expect(pidOf(cli)).not.toBe(first);
    await service.close();
  });

  test("an action in flight when the service is killed is unknown, never failed", async () => {
    using cli = openKilled();
    // Ignores SIGTERM, so that stopping it takes as long as is wanted.
    const pidFile = join(cli.runDirectory, "web.pid");
    const command = `["/usr/bin/perl", "-e", "$SIG{TERM} = 'IGNORE'; sleep 1000"]`;
    cli.write("etc/daemons.d/web.toml", `[daemon.web]\npid_file = "${pidFile}"\ncommand = ${command}\n`);
    await cli.run(["serve"]);
    expect(await cli.run(["daemons", "start", "web"])).toMatchObject({ exitCode: 0, stderr: expect.anything() });
    const daemonPid = Number(readFileSync(pidFile, "utf8"));
    cli.defer(() => process.kill(daemonPid, "SIGKILL"));
    const service = await remote(cli, ["daemons"]);
    const request = stopRequest("r1", { targets: [{ id: `${service.node}/daemon/web` }] });
    const report = await service.invoke(request, {
      onProgress: ({ step }) => {
        if (step.op === "wait") process.kill(service.info.pid, "SIGKILL");
      },
    });
    expect(report.results).toMatchObject([{ outcome: "unknown", error: { code: "UNREACHABLE" } }]);
    await service.close();
  });

  test("SIGHUP: the configuration is read again, and what is wrong with it is an event", async () => {
    using cli = open();
    await cli.run(["serve"]);
    const service = await remote(cli, ["daemons", "events"]);
    const told = Promise.withResolvers<string>();
    const found = Promise.withResolvers<void>();
    service.subscribe(["daemons", "events"], ({ batch }) => {
      for (const event of batch) {
        if (event.src === "events" && event.op === "upsert" && event.item.code === "CONFIG_PROBLEM") {
          told.resolve(event.item.message);
        }
      }
      if (service.snapshot().shelves.daemons.items.size === 1) found.resolve();
    });
    cli.configure(`wrong = 1\n[daemon.web]\npid_file = "${join(cli.runDirectory, "web.pid")}"\n`);
    const hint = await cli.run(["daemons", "list"]);
    expect(hint.stderr).toContain("the configuration has changed since the service read it");
    process.kill(service.info.pid, "SIGHUP");
    expect(await told.promise).toContain("'wrong'");
    await found.promise;
    expect(logOf(cli)).toContain("configuration read again");
    expect((await cli.run(["daemons", "list"])).stdout).toContain("web");
    await service.close();
  });

  test("SIGHUP: read_only refuses what is asked for from then on, whoever asks, and lets it be done again", async () => {
    const web = (cli: CommandLine) =>
      `[daemon.web]\npid_file = "${join(cli.runDirectory, "web.pid")}"\ncommand = ["/bin/sleep", "100"]\n`;
    using cli = open();
    cli.configure(web(cli));
    await cli.run(["serve"]);
    const service = await remote(cli, ["daemons", "events"]);
    const reloaded = async (toml: string) => {
      const told = Promise.withResolvers<string>();
      const end = service.subscribe(["events"], ({ batch }) => {
        for (const event of batch) {
          if (event.src === "events" && event.op === "upsert" && event.item.code === "CONFIG_LOADED") {
            told.resolve(event.item.message);
          }
        }
      });
      cli.configure(toml);
      process.kill(service.info.pid, "SIGHUP");
      const message = await told.promise;
      end();
      return message;
    };
    const start = () => {
      const targets = [{ id: `${service.node}/daemon/web` }];
      const id = `start-${crypto.randomUUID()}`;
      return service.invoke({ ...stopRequest(id), action: "daemon.start", targets });
    };
    expect(await reloaded(`read_only = true\n${web(cli)}`)).toContain("nothing else is changed");
    expect(service.isReadOnly).toBe(true);
    expect((await start()).results).toMatchObject([{ outcome: "refused", error: { code: "READ_ONLY" } }]);
    expect(await reloaded(web(cli))).toContain("no longer read-only");
    expect(service.isReadOnly).toBe(false);
    expect((await start()).results).toMatchObject([{ outcome: "done" }]);
    expect((await cli.run(["daemons", "kill", "web", "--yes"])).exitCode).toBe(0);
    await service.close();
  });

  test("SIGHUP: a service that began read-only stays so, and says that the next one will not be", async () => {
    using cli = open("read_only = true\n");
    expect((await cli.run(["serve"])).exitCode).toBe(0);
    const service = await remote(cli, ["events"]);
    const told = Promise.withResolvers<string>();
    service.subscribe(["events"], ({ batch }) => {
      for (const event of batch) {
        if (event.src === "events" && event.op === "upsert" && event.item.code === "CONFIG_LOADED") {
          told.resolve(event.item.message);
        }
      }
    });
    cli.configure("");
    process.kill(service.info.pid, "SIGHUP");
    expect(await told.promise).toContain("counts from the next start of the service on");
    expect(service.isReadOnly).toBe(true);
    await service.close();
  });

  test("SIGHUP: what counts only from the next start on is told by the lists and by doctor, until it is taken back", async () => {
    using cli = open('[pagg]\nload = ["absent"]\n');
    const doctor = async () => {
      const { checks } = JSON.parse((await cli.run(["doctor", "--json"])).stdout);
      return checks.flatMap(({ group, ok, detail }: Check) => (group === "service" && !ok ? [detail] : []));
    };
    await cli.run(["serve"]);
    const absent = expect.stringContaining("it was not loaded: there is no file of a module absent");
    expect(await doctor()).toContainEqual(absent);
    const service = await remote(cli, ["jobs"]);
    const warned = async (isWarned: boolean) => {
      process.kill(service.info.pid, "SIGHUP");
      const fits = () =>
        service.snapshot().shelves.jobs.warnings.some(({ message }) => message.includes("/elsewhere")) === isWarned;
      if (fits()) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = service.subscribe(["jobs"], () => fits() && resolve());
      await promise;
      end();
    };
    cli.configure('[pagg]\nload = ["absent"]\n[jobs]\ncgroup = "/elsewhere"\n');
    await warned(true);
    const pending = expect.stringContaining("counts from the next start of the service on: /elsewhere");
    expect(await doctor()).toEqual(expect.arrayContaining([pending, absent]));
    expect((await cli.run(["jobs", "list"])).stderr).toContain("/elsewhere");
    cli.configure('[pagg]\nload = ["absent"]\n');
    await warned(false);
    const told = await doctor();
    expect(told).toContainEqual(absent);
    expect(told).not.toContainEqual(pending);
    await service.close();
  });
});

test("in the foreground: logs to standard error, ends by SIGTERM with 0, and holds the same lock", async () => {
  using cli = open();
  const child = cli.spawn(["serve", "--foreground"]);
  const reader = child.stderr.getReader();
  const first = new TextDecoder().decode((await reader.read()).value);
  expect(first).toContain(`listens as process ${child.pid}`);
  expect(pidOf(cli)).toBe(child.pid);
  expect((await cli.run(["serve", "--foreground"])).exitCode).toBe(4);
  expect((await cli.run(["serve"])).exitCode).toBe(4);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  expect(existsSync(socketOf(cli))).toBe(false);
  expect(pidOf(cli)).toBeNull();
});

describe("what cannot be", () => {
  test.each([
    [["serve", "--stop", "--status"], 64],
    [["serve", "--root", "/tmp"], 2],
    [["serve", "--print-unit", "upstart"], 64],
    [["serve", "extra"], 64],
  ])("%j", async (args, exitCode) => {
    using cli = open();
    expect(await cli.run(args)).toMatchObject({ exitCode, stdout: "" });
  });

  test("a file in the place of the runtime directory", async () => {
    using cli = open();
    const env = { MUSTER_RUNTIME_DIR: cli.write("file", "") };
    expect((await cli.run(["serve"], { env })).exitCode).not.toBe(0);
  });
});

describe("unit files", () => {
  test.skipIf(Bun.which("systemd-analyze") === null)("systemd takes its own", async () => {
    using cli = open();
    const { stdout, exitCode } = await cli.run(["serve", "--print-unit", "systemd"]);
    expect(exitCode).toBe(0);
    const unit = join(cli.path, "muster.service");
    writeFileSync(unit, stdout);
    const verify = Bun.spawnSync(["systemd-analyze", "verify", "--man=no", unit]);
    expect({ exitCode: verify.exitCode, stderr: verify.stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
  });

  test("the OpenRC script is a shell script", async () => {
    using cli = open();
    const { stdout } = await cli.run(["serve", "--print-unit", "openrc"]);
    expect(stdout).toStartWith("#!/sbin/openrc-run\n");
    expect(Bun.spawnSync(["sh", "-n"], { stdin: new TextEncoder().encode(stdout) }).exitCode).toBe(0);
  });
});

describe("commands find the service", () => {
  const web = (cli: CommandLine) =>
    `[daemon.web]\npid_file = "${join(cli.runDirectory, "web.pid")}"\ncommand = ["/bin/sleep", "1000"]\n`;

  test("and get the same from it as without it", async () => {
    using cli = open();
    cli.configure(web(cli));
    const strip = (text: string) => text.replace(/"generatedAt":"[^"]*"|"since":"[^"]*"/g, "");
    const alone = await cli.run(["daemons", "list", "--json"]);
    await cli.run(["serve"]);
    const served = await cli.run(["daemons", "list", "--json"]);
    expect(strip(served.stdout)).toBe(strip(alone.stdout));
    expect((await cli.run(["daemons", "start", "web", "--json"])).exitCode).toBe(0);
    expect((await cli.run(["daemons", "check", "web"])).exitCode).toBe(0);
    const [row] = JSON.parse((await cli.run(["daemons", "get", "web", "--json"])).stdout).items;
    expect(row.state).toBe("up");
    expect((await cli.run(["daemons", "kill", "web", "--yes"])).exitCode).toBe(0);
    expect((await cli.run(["events"])).stdout).toContain("ACTION_ENDED");
  });

  test("unless they ask for another configuration, another root or none that changes", async () => {
    using cli = open();
    await cli.run(["serve"]);
    cli.configure(web(cli));
    const other = cli.write("other.toml", `discover = []\n${web(cli)}`);
    expect((await cli.run(["daemons", "list", "--config", other])).stdout).toContain("web");
    const refused = await cli.run(["daemons", "start", "web", "--read-only", "--config", other]);
    expect(refused.exitCode).toBe(77);
  });

  test("what has to last starts one, says so once, and can be forbidden", async () => {
    using cli = open();
    const forbidden = await cli.run(["categories", "add", "mine", "--no-autostart"]);
    expect(forbidden.exitCode).toBe(75);
    expect(forbidden.stderr).toContain("muster serve");
    expect(pidOf(cli)).toBeNull();
    const added = await cli.run(["categories", "add", "mine"]);
    expect(added).toMatchObject({ exitCode: 0 });
    expect(added.stderr).toStartWith(`started muster's service (pid ${pidOf(cli)}); --no-autostart forbids that\n`);
    expect((await cli.run(["categories", "add", "yours"])).stderr).not.toContain("started");
    expect((await cli.run(["categories", "list"])).stdout).toContain("mine");
  });
});
