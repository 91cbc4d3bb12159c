/** `muster root serve` as its users have it: a process with options, signals and exit codes. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import { connectRoot } from "#core/pmdaroot/client.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { CommandLine } from "#test/harness/cli.ts";
import { EngineState, hexId } from "#test/harness/containers.ts";
import { MusterRoot } from "#test/harness/muster-root.ts";

describe("root serve", () => {
  test("listens where it is told, looks where PCP's variables say, and ends in order", async () => {
    using state = new EngineState();
    state.docker(hexId("a"), "web", process.pid);
    await using server = await MusterRoot.start(state);
    using client = await connectRoot({ path: server.path, clock: systemClock });
    expect(await client.containerProcessId("web")).toBe(process.pid);
    expect(server.log).toMatch(/listens at .*ours\.socket as process \d+; \d+ containers/);
    expect(await server.end()).toBe(0);
    expect(server.log).toContain("ends: SIGTERM");
    expect(existsSync(server.path)).toBe(false);
  });

  test("without --socket it listens where PCP looks", async () => {
    using state = new EngineState();
    await using server = await MusterRoot.start(state, { PCP_VAR_DIR: state.directory.file("var") });
    expect(server.path).toBe(state.directory.file("var/pmcd/root.socket"));
    using _client = await connectRoot({ path: server.path, clock: systemClock });
  });

  test("what it started runs on after its end", async () => {
    using state = new EngineState();
    await using server = await MusterRoot.start(state);
    using client = await connectRoot({ path: server.path, clock: systemClock });
    const { pid } = await client.processStart("sleep", "sleep 1000", "SOCKET");
    using process = PidFd.open(pid);
    expect(await server.end()).toBe(0);
    expect(process?.isAlive()).toBe(true);
    process?.sendSignal(9);
  });

  test("with --read-only nothing is started", async () => {
    using state = new EngineState();
    await using server = await MusterRoot.start(state, {}, ["--read-only"]);
    using client = await connectRoot({ path: server.path, clock: systemClock });
    expect(client.processStart("true", "true")).rejects.toMatchObject({ status: -1 });
  });

  test("with --pcp-match names are matched as pmdaroot does", async () => {
    using state = new EngineState();
    const id = hexId("a");
    state.docker(id, "web", process.pid);
    await using server = await MusterRoot.start(state, {}, ["--pcp-match"]);
    using client = await connectRoot({ path: server.path, clock: systemClock });
    expect(await client.containerProcessId(`${id[0]}_no_such`)).toBe(process.pid);
  });

  test("a second server, unknown users and --root are refused", async () => {
    using state = new EngineState();
    await using server = await MusterRoot.start(state);
    using cli = new CommandLine();
    const run = (...words: readonly string[]) => cli.run(["root", "serve", "--socket", server.path, ...words]);
    const second = await run("--json");
    expect(second.exitCode).toBe(4);
    expect(JSON.parse(second.stderr.split("\n").at(-2) ?? "").error).toMatchObject({
      code: "LOCK_HELD",
      target: server.path,
    });
    expect(await run("--allow", "no-such-user")).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining("there is no user 'no-such-user'"),
    });
    expect((await run("--root", cli.path)).exitCode).toBe(2);
  });
});
