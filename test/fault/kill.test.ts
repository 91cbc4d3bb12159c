/** SIGKILL of muster in the middle of every action: locks, pid file and journal are consistent, and it is told. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { MAIN, ownEnvironment } from "#test/harness/cli.ts";
import { CHECK, control, stop } from "#test/harness/control.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

/** Instants of the kill, milliseconds after the start of the command: from before it has read its arguments to after its end. */
const INSTANTS = [5, 15, 25, 30, 35, 40, 45, 50, 60, 80, 120, 160];

function configure(directory: TemporaryDirectory): Record<string, string> {
  const command = JSON.stringify(["/bin/sh", "-c", "exec sleep 100"]);
  writeFileSync(
    directory.file("muster.toml"),
    `discover = []\n[daemon.d]\npid_file = "${directory.file("d.pid")}"\ncommand = ${command}\n`,
  );
  return ownEnvironment(directory.path);
}

function muster(env: Record<string, string>, ...words: readonly string[]) {
  return Bun.spawn([process.execPath, MAIN, ...words], { env, stdio: ["ignore", "pipe", "ignore"] });
}

function isFree(path: string): boolean {
  return !existsSync(path) || Bun.spawnSync(["flock", "-n", path, "true"]).exitCode === 0;
}

describe.each(["start", "stop", "restart", "reload"])("%s", (verb) => {
  test("killed at any instant", async () => {
    for (const instant of INSTANTS) {
      using directory = new TemporaryDirectory();
      const env = configure(directory);
      const pidFile = directory.file("d.pid");
      if (verb !== "start") expect(await muster(env, "daemons", "start", "d").exited).toBe(0);
      const action = Bun.spawn([process.execPath, MAIN, "daemons", verb, "d", "--yes"], {
        env,
        stdio: ["ignore", "ignore", "ignore"],
        timeout: instant,
        killSignal: "SIGKILL",
      });
      await action.exited;
      expect(isFree(directory.file("d.lock"))).toBe(true);
      const content = existsSync(pidFile) ? readFileSync(pidFile, "utf8") : "";
      const { status } = await control(pidFile, CHECK);
      // Up with its pid, down, or stale; never up without a pid that can be signalled.
      expect(["ok", "notRunning", "stale"]).toContain(status);
      if (status === "ok") expect(content).toMatch(/^[1-9][0-9]*\n$/);
      const list = JSON.parse(await new Response(muster(env, "daemons", "list", "--json").stdout).text());
      expect(list.items).toHaveLength(1);
      // Whatever was left, the next order is carried out.
      const next = status === "ok" ? "stop" : "start";
      expect(await muster(env, "daemons", next, "d", "--yes").exited).toBe(0);
      const events = JSON.parse(await new Response(muster(env, "events", "--json").stdout).text()).items;
      const begun = events.filter((event: { code: string }) => event.code === "ACTION_BEGUN").length;
      const over = events.filter((event: { code: string }) => /^ACTION_(ENDED|UNFINISHED)$/.test(event.code)).length;
      expect(over).toBe(begun);
      await control(pidFile, stop());
    }
  }, 120_000);
});
