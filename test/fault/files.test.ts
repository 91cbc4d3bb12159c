/** What stands in the way in the file system: read-only, not ours, not what it should be. Through the real command. */
import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { MAIN, ownEnvironment } from "#test/harness/cli.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Peer } from "#test/harness/peer.ts";

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
const rootTest = test.skipIf(!isRoot);

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(argv: readonly string[], more: { uid?: number; env?: Record<string, string> } = {}): Promise<Ran> {
  const ids = more.uid === undefined ? {} : { uid: more.uid, gid: more.uid };
  const env = { PATH: "/usr/bin:/bin", ...more.env };
  const child = Bun.spawn([...argv], { env, stdin: "ignore", stdout: "pipe", stderr: "pipe", ...ids });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { exitCode: await child.exited, stdout, stderr };
}

const muster = (words: readonly string[], more = {}) => run([process.execPath, MAIN, ...words], more);

describe("a read-only file system (needs root to mount one)", () => {
  rootTest("the guard file cannot be made: 102, and why", async () => {
    using directory = new TemporaryDirectory();
    const script = `mount -t tmpfs none "$1" && echo 812 > "$1/d.pid" && mount -o remount,ro "$1" &&
      exec "$2" "$3" daemons control --check --pid-file "$1/d.pid"`;
    const ran = await run(["unshare", "-m", "sh", "-c", script, "sh", directory.path, process.execPath, MAIN]);
    expect(ran.exitCode).toBe(102);
    expect(ran.stderr).toContain("EROFS");
    expect(ran.stderr).toContain("d.lock");
  });

  rootTest("a state directory there: the action is done, and it is said that it was not recorded", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.daemon(pidFile);
    writeFileSync(directory.file("muster.toml"), `discover = []\n[daemon.d]\npid_file = "${pidFile}"\n`);
    mkdirSync(directory.file("state"));
    const script = `mount -t tmpfs -o ro none "$1/state" && MUSTER_CONFIG="$1/muster.toml" MUSTER_STATE_DIR="$1/state" exec "$2" "$3" daemons stop d --yes`;
    const ran = await run(["unshare", "-m", "sh", "-c", script, "sh", directory.path, process.execPath, MAIN]);
    expect(ran.exitCode).toBe(0);
    expect(await peer.exited()).toBe(0);
    expect(ran.stderr).toContain("journal");
  });
});

describe("as another user (needs root to become one)", () => {
  rootTest("what may not be read is unknown in the list, and an error of permission for the one who asks", async () => {
    using directory = new TemporaryDirectory();
    chmodSync(directory.path, 0o755);
    const pidFile = directory.file("secret.pid");
    writeFileSync(pidFile, "1\n");
    writeFileSync(directory.file("secret.lock"), "");
    chmodSync(pidFile, 0o600);
    const env = ownEnvironment(directory.path);
    writeFileSync(directory.file("muster.toml"), `discover = ["${directory.path}"]\n`);
    const list = await muster(["daemons", "list", "--json"], { uid: NOBODY, env });
    const [item] = JSON.parse(list.stdout).items;
    expect(item).toMatchObject({ state: "unknown", present: null, lock: { held: null } });
    expect(item.problems[0].message).toContain("EACCES");
    const check = await muster(["daemons", "control", "--check", "--pid-file", pidFile], { uid: NOBODY, env });
    expect(check.exitCode).toBe(102);
    expect(check.stderr).toContain("EACCES");
  });

  rootTest("doctor tells what he may not look into, and everything else", async () => {
    using directory = new TemporaryDirectory();
    chmodSync(directory.path, 0o755);
    const hidden = directory.file("hidden");
    mkdirSync(`${hidden}/podman`, { recursive: true });
    chmodSync(hidden, 0o700);
    const own = ownEnvironment(directory.path);
    const env = { ...own, PCP_PODMAN_DATADIR: `${hidden}/podman`, MUSTER_STATE_DIR: `${hidden}/state` };
    writeFileSync(directory.file("muster.toml"), `discover = ["${hidden}/run"]\n`);
    const { exitCode, stdout, stderr } = await muster(["doctor", "--json"], { uid: NOBODY, env });
    expect([exitCode, stderr]).toEqual([1, ""]);
    const checks: { name: string; ok: boolean; detail: string }[] = JSON.parse(stdout).checks;
    const ofName = (wanted: string) => checks.find(({ name }) => name === wanted);
    expect(ofName("container-engines")).toMatchObject({ ok: false });
    expect(ofName("container-engines")?.detail).toContain(`${hidden}/podman cannot be read: EACCES`);
    expect(ofName("state-directory")?.detail).toContain(`${hidden}/state cannot be written: EACCES`);
    expect(ofName("discover")?.detail).toContain(`${hidden}/run cannot be read: EACCES`);
  });

  rootTest("of containers he may not see he is told so, and not that they are looked at", async () => {
    using directory = new TemporaryDirectory();
    chmodSync(directory.path, 0o755);
    mkdirSync(directory.file("hidden/podman"), { recursive: true });
    chmodSync(directory.file("hidden/podman"), 0o700);
    const env = { ...ownEnvironment(directory.path), PCP_PODMAN_DATADIR: directory.file("hidden/podman") };
    writeFileSync(directory.file("muster.toml"), "");
    const { exitCode, stdout } = await muster(["containers", "list", "--json"], { uid: NOBODY, env });
    expect(exitCode).toBe(0);
    // Once, and not of each directory of each engine.
    expect(JSON.parse(stdout).warnings).toEqual([expect.objectContaining({ code: "PERMISSION_DENIED" })]);
  });

  rootTest("another user's daemon is seen, but may not be signalled: nothing happens to it, exit 77", async () => {
    using directory = new TemporaryDirectory();
    chmodSync(directory.path, 0o777);
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.daemon(pidFile);
    chownSync(pidFile, NOBODY, NOBODY);
    const env = ownEnvironment(directory.path);
    writeFileSync(directory.file("muster.toml"), `discover = []\n[daemon.d]\npid_file = "${pidFile}"\n`);
    const ran = await muster(["daemons", "stop", "d", "--yes", "--json"], { uid: NOBODY, env });
    expect(ran.exitCode).toBe(77);
    const [result] = JSON.parse(ran.stdout).results;
    expect(result).toMatchObject({ outcome: "refused", error: { code: "PERMISSION_DENIED", errno: "EPERM" } });
    expect(await peer.tell("on TERM exit")).toBe("ok");
  });
});

test("a pid file behind a symbolic link that was planted is followed only where it was declared", async () => {
  using directory = new TemporaryDirectory();
  const target = directory.file("target");
  writeFileSync(target, "99999999\n");
  Bun.spawnSync(["ln", "-s", target, directory.file("planted.pid")]);
  const env = ownEnvironment(directory.path);
  writeFileSync(directory.file("muster.toml"), `discover = ["${directory.path}"]\n`);
  expect(JSON.parse((await muster(["daemons", "list", "--json"], { env })).stdout).items).toEqual([]);
  expect(readFileSync(target, "utf8")).toBe("99999999\n");
});
