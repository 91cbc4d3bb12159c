/** What each engine keeps, read as it is written, changed, cut, moved and taken away. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { ContainerIndex } from "#core/pmdaroot/container-index.ts";
import { watchEngines } from "#core/pmdaroot/engines/all.ts";
import { parseDocker } from "#core/pmdaroot/engines/docker.ts";
import { parseLxcInfo } from "#core/pmdaroot/engines/lxc.ts";
import { parseMachine } from "#core/pmdaroot/engines/nspawn.ts";
import { parseOci } from "#core/pmdaroot/engines/oci.ts";
import { enginePlaces } from "#core/pmdaroot/engines/places.ts";
import { parsePodmanList } from "#core/pmdaroot/engines/podman.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { readProcessStat } from "#ffi/procfs.ts";
import { ContainerStage } from "#test/harness/container-stage.ts";
import { EngineState, hasNamespaces, hexId } from "#test/harness/containers.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

const mount = (directory: string) => Bun.spawnSync(["mount", "-t", "tmpfs", "none", directory]).exitCode === 0;

function mountAt(directory: string): Disposable {
  expect(mount(directory)).toBe(true);
  return { [Symbol.dispose]: () => void Bun.spawnSync(["umount", "-q", directory]) };
}

/** Root of a container may not. */
const canMount = (() => {
  using directory = new TemporaryDirectory();
  const could = hasNamespaces && mount(directory.path);
  if (could) Bun.spawnSync(["umount", directory.path]);
  return could;
})();

const ID = hexId("one");
const OTHER = hexId("two");
const file = (text: string) => ({ text, modifiedMs: 1000 });

describe("docker", () => {
  test("a container that comes, changes, is renamed, stops and goes is known at the very next question", async () => {
    using stage = new ContainerStage();
    expect(stage.isKnown("web")).toBe(false);
    stage.state.docker(ID, "web", process.pid);
    expect(await stage.pidOf("web")).toBe(process.pid);
    stage.state.docker(ID, "front", process.pid);
    expect(stage.isKnown("web")).toBe(false);
    expect(await stage.pidOf("front")).toBe(process.pid);
    stage.state.docker(ID, "front", 0);
    expect(await stage.pidOf("front")).toBeNull();
    expect(stage.find("front")).toMatchObject({ state: "stopped", pid: null });
    stage.state.remove(`docker/containers/${ID}`);
    expect(stage.isKnown("front")).toBe(false);
    expect(stage.changed).toContain(`docker  ${ID}`);
  });

  test("config.json of old versions; the newer file counts where both are", () => {
    using stage = new ContainerStage();
    const text = JSON.stringify({ Name: "/old", State: { Running: true, Pid: process.pid } });
    stage.state.put(`docker/containers/${ID}/config.json`, text);
    expect(stage.find("old")).toMatchObject({ id: ID });
    stage.state.docker(ID, "new", process.pid);
    expect(stage.isKnown("old")).toBe(false);
  });

  test.each([
    ["running", { Running: true, Pid: 9 }, "running"],
    ["paused is running too", { Running: true, Paused: true, Pid: 9 }, "paused"],
    ["restarting", { Running: true, Restarting: true, Pid: 0 }, "restarting"],
    ["created", { Running: false, Pid: 0, StartedAt: "0001-01-01T00:00:00Z" }, "created"],
    ["stopped", { Running: false, Pid: 0, StartedAt: "2026-01-01T00:00:00Z" }, "stopped"],
  ])("state: %s", (_what, State, state) => {
    expect(parseDocker(ID, file(JSON.stringify({ State, Name: "/n" })))?.state).toBe(state as "running");
  });

  test("image and labels; keys in any order, with values of any type", () => {
    const text = `{"Config":{"Labels":{"a":"b","c":1},"Image":"busybox"},"State":{"Pid":"7","Running":1},"Name":null}`;
    expect(parseDocker(ID, file(text))).toMatchObject({ image: "busybox", labels: { a: "b" }, pid: null, names: [] });
    for (const odd of ["null", "[]", "7", '"x"', "{}", '{"State":[]}', ""])
      expect(parseDocker(ID, file(odd))).toBeNull();
  });

  test("a file that is cut anywhere keeps what was known, and never throws", async () => {
    using stage = new ContainerStage();
    const path = stage.state.docker(ID, "web", process.pid);
    expect(stage.isKnown("web")).toBe(true);
    const whole = readFileSync(path, "utf8");
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.slice(0, length));
      expect(await stage.pidOf("web")).toBe(process.pid);
    }
  });

  test("what is no plain file is not read", () => {
    using stage = new ContainerStage();
    const directory = stage.state.directory.file(`docker/containers/${ID}`);
    mkdirSync(directory, { recursive: true });
    Bun.spawnSync(["mkfifo", join(directory, "config.v2.json")]);
    const other = stage.state.directory.file(`docker/containers/${OTHER}`);
    mkdirSync(other);
    symlinkSync("/etc/passwd", join(other, "config.v2.json"));
    expect(stage.isKnown(ID)).toBe(false);
    expect(stage.isKnown(OTHER)).toBe(false);
    expect(stage.index.size).toBe(0);
  });
});

describe("podman", () => {
  test("created, started, and the pid file that stays when it has stopped", async () => {
    using stage = new ContainerStage();
    stage.state.podman(ID, "web", null);
    expect(stage.find("web")).toMatchObject({ engine: "podman", state: "created" });
    expect(await stage.pidOf("web")).toBeNull();
    await using child = Bun.spawn(["sleep", "1000"]);
    stage.state.put(`podman/run/${ID}/userdata/pidfile`, String(child.pid));
    expect(await stage.pidOf("web")).toBe(child.pid);
    child.kill("SIGKILL");
    await child.exited;
    expect(await stage.pidOf("web")).toBeNull();
  });

  test("a pid that by now is another process's is not the container's", async () => {
    using stage = new ContainerStage();
    await using child = Bun.spawn(["sleep", "1000"]);
    stage.state.podman(ID, "web", child.pid);
    const pidFile = stage.state.directory.file(`podman/run/${ID}/userdata/pidfile`);
    const early = new Date(Date.now() - 3_600_000);
    Bun.spawnSync(["touch", "-d", early.toISOString(), pidFile]);
    expect(await stage.pidOf("web")).toBeNull();
  });

  test("several names, none, escapes, keys in any order, and entries that are none", () => {
    const text = `[{"names":["a","b\\u0065"],"id":"${ID}"},{"id":"${OTHER}"},7,null,{"id":"../x"},{"id":5},{}]`;
    const list = parsePodmanList(text);
    expect([...(list ?? [])]).toEqual([
      [ID, { names: ["a", "be"], image: null }],
      [OTHER, { names: [], image: null }],
    ]);
    expect(parsePodmanList("[{")).toBeNull();
    expect(parsePodmanList("{}")).toBeNull();
  });

  test("ten thousand entries, and one that goes among them", () => {
    using stage = new ContainerStage();
    const entries = Array.from({ length: 10_000 }, (_, index) => ({ id: hexId(`p${index}`), names: [`p${index}`] }));
    stage.state.put("podman/data/containers.json", JSON.stringify(entries));
    expect(stage.find("p9999")).toMatchObject({ id: hexId("p9999") });
    expect(stage.index.size).toBe(10_000);
    stage.state.put("podman/data/containers.json", JSON.stringify(entries.filter(({ names }) => names[0] !== "p5")));
    expect(stage.isKnown("p5")).toBe(false);
    expect(stage.index.size).toBe(9999);
  });

  test("a list that is cut anywhere keeps what was known", () => {
    using stage = new ContainerStage();
    stage.state.podman(ID, "web", null);
    expect(stage.isKnown("web")).toBe(true);
    const path = stage.state.directory.file("podman/data/containers.json");
    const whole = readFileSync(path, "utf8");
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.slice(0, length));
      expect(stage.isKnown("web")).toBe(true);
    }
  });
});

describe("users' own podman", () => {
  const place = `users/12345`;
  const list = "home/.local/share/containers/storage/overlay-containers/containers.json";

  test("is looked for once the user is there, and forgotten when he has left", () => {
    using stage = new ContainerStage();
    stage.state.put(list, JSON.stringify([{ id: ID, names: ["mine"] }]));
    expect(stage.isKnown("mine")).toBe(false);
    mkdirSync(stage.state.directory.file(place), { recursive: true });
    expect(stage.find("mine")).toMatchObject({ owner: 12_345, engine: "podman" });
    expect(stage.isKnown("12345/mine")).toBe(true);
    stage.state.remove(place);
    expect(stage.isKnown("mine")).toBe(false);
  });

  test.skipIf(!canMount)(
    `though his directory is made first and mounted over then${canMount ? "" : " (skipped: may not mount)"}`,
    () => {
      using stage = new ContainerStage();
      stage.state.put(list, JSON.stringify([{ id: ID, names: ["mine"] }]));
      const directory = stage.state.directory.file(place);
      mkdirSync(directory, { recursive: true });
      expect(stage.find("mine")).toMatchObject({ state: "created" });
      using _mounted = mountAt(directory);
      stage.state.put(`${place}/containers/overlay-containers/${ID}/userdata/pidfile`, String(process.pid));
      expect(stage.find("mine")).toMatchObject({ pid: process.pid });
    },
  );

  test("the system's names mean what they meant, whatever a user calls his", () => {
    using stage = new ContainerStage();
    stage.state.docker(ID, "web", process.pid);
    stage.state.put(list, JSON.stringify([{ id: OTHER, names: ["web", ID.slice(0, 12), ID] }]));
    mkdirSync(stage.state.directory.file(place), { recursive: true });
    for (const name of ["web", ID.slice(0, 12), ID]) expect(stage.find(name)).toMatchObject({ engine: "docker" });
    expect(stage.find("12345/web")).toMatchObject({ id: OTHER });
  });

  test("a process that is not in a namespace of his is not his container", async () => {
    using stage = new ContainerStage();
    stage.state.put(list, JSON.stringify([{ id: ID, names: ["mine"] }]));
    stage.state.put(`${place}/containers/overlay-containers/${ID}/userdata/pidfile`, String(process.pid));
    expect(stage.find("mine")).toMatchObject({ pid: process.pid });
    expect(await stage.pidOf("mine")).toBeNull();
  });

  test.skipIf(!hasNamespaces)(
    `one that is, is${hasNamespaces ? "" : " (skipped: may not make namespaces)"}`,
    async () => {
      using stage = new ContainerStage();
      const command = [
        "setpriv",
        "--reuid=12345",
        "--clear-groups",
        "unshare",
        "--user",
        "sh",
        "-c",
        "echo ready; exec sleep 1000",
      ];
      await using child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
      await child.stdout.getReader().read();
      stage.state.put(list, JSON.stringify([{ id: ID, names: ["mine"] }]));
      stage.state.put(`${place}/containers/overlay-containers/${ID}/userdata/pidfile`, String(child.pid));
      expect(await stage.pidOf("mine")).toBe(child.pid);
    },
  );
});

describe("lxc", () => {
  test("lxc-info is asked about the one container, and again while it does not run", async () => {
    using stage = new ContainerStage();
    stage.state.lxc("a", null);
    stage.state.lxc("b", process.pid);
    expect(await stage.pidOf("a")).toBeNull();
    expect(await stage.pidOf("b")).toBe(process.pid);
    stage.state.put("lxcpid/a", String(process.pid));
    expect(await stage.pidOf("a")).toBe(process.pid);
    stage.state.remove("lxc/a");
    expect(stage.isKnown("a")).toBe(false);
  });

  test("a hundred at once are asked about a few at a time", async () => {
    using stage = new ContainerStage();
    for (let count = 0; count < 100; count++) stage.state.lxc(`c${count}`, count % 2 ? process.pid : null);
    const { directory } = stage.state;
    const script = readFileSync(directory.file("lxc-info"), "utf8").replace(
      "#!/bin/sh",
      `#!/bin/sh\necho + >>${directory.file("runs")}`,
    );
    writeFileSync(directory.file("lxc-info"), script);
    const list = await stage.index.list();
    expect(list.filter(({ process }) => process !== null)).toHaveLength(50);
    expect(readFileSync(directory.file("runs"), "utf8")).toBe("+\n".repeat(100));
  });

  /** lxc-info as a script that first starts another process, and tells its pid at a fifo. */
  const withOffspring = ({ state: { directory } }: ContainerStage, script: string): (() => Promise<PidFd>) => {
    const fifo = directory.file("fifo");
    Bun.spawnSync(["mkfifo", fifo]);
    writeFileSync(directory.file("lxc-info"), `#!/bin/sh\nsleep 1000 &\necho $! >${fifo}\n${script}\n`, {
      mode: 0o755,
    });
    return async () => {
      const pidfd = PidFd.open(Number(await readFile(fifo, "utf8")));
      if (pidfd === null) throw new Error("it has ended before it was looked at");
      return pidfd;
    };
  };

  test("a tool that has ended has answered, though what it started keeps its output open", async () => {
    using stage = new ContainerStage();
    stage.state.lxc("a", null);
    const offspring = withOffspring(stage, `echo 'State: RUNNING'; echo 'PID: ${process.pid}'`);
    const asked = stage.pidOf("a");
    using left = await offspring();
    expect(await asked).toBe(process.pid);
    await left.exited();
  });

  test("one that hangs has a deadline, with all that it started", async () => {
    const clock = createVirtualClock();
    using stage = new ContainerStage({ clock });
    stage.state.lxc("a", null);
    const offspring = withOffspring(stage, "wait");
    const asked = stage.pidOf("a");
    using left = await offspring();
    clock.advance(60_000);
    expect(await asked).toBeNull();
    await left.exited();
  });

  test("without the tool they are known and do not run; that is said once", async () => {
    using stage = new ContainerStage();
    stage.state.lxc("a", process.pid);
    rmSync(stage.state.directory.file("lxc-info"));
    expect(await stage.pidOf("a")).toBeNull();
    expect(await stage.pidOf("a")).toBeNull();
    expect(stage.problems).toEqual([expect.stringContaining("cannot be run")]);
  });

  test.each([
    ["Name: a\nState:          RUNNING\nPID:            812\n", 812, "running"],
    ["State: FROZEN\nPID: 812\n", 812, "paused"],
    ["State: STOPPED\n", null, "stopped"],
    ["State: WHATEVER\nPID: 99999999999\n", null, "stopped"],
    ["", null, "stopped"],
  ])("%j", (text, pid, state) => {
    expect(parseLxcInfo("a", text, 0)).toMatchObject({ pid, state });
  });
});

describe("containerd", () => {
  test("a pod's containers by name and by pod, in namespaces that come and go", async () => {
    using stage = new ContainerStage();
    const annotations = {
      "io.kubernetes.cri.sandbox-name": "pod",
      "io.kubernetes.cri.container-name": "app",
      "io.kubernetes.cri.image-name": "registry/app:1",
    };
    stage.state.put(`containerd/k8s.io/${ID}/config.json`, JSON.stringify({ annotations }));
    expect(stage.find("pod/app")).toMatchObject({ engine: "cri", state: "created", image: "registry/app:1" });
    stage.state.put(`containerd/k8s.io/${ID}/init.pid`, String(process.pid));
    expect(await stage.pidOf("app")).toBe(process.pid);
    stage.state.remove("containerd/k8s.io");
    expect(stage.isKnown("app")).toBe(false);
    expect(stage.index.size).toBe(0);
  });

  test("docker's containers are docker's, though containerd knows them too", () => {
    using stage = new ContainerStage();
    stage.state.docker(ID, "web", process.pid);
    stage.state.put(`containerd/moby/${ID}/init.pid`, String(process.pid));
    stage.state.put(`runc/${ID}/state.json`, JSON.stringify({ init_process_pid: process.pid }));
    for (const name of [ID, ID.slice(0, 8), "web"]) expect(stage.find(name)).toMatchObject({ engine: "docker" });
    expect(stage.index.size).toBe(1);
  });
});

describe("runc and crun", () => {
  const ticks = Number(readProcessStat("/proc", process.pid)?.startTicks);

  test("a process is the container's only if it is the one that was started then", async () => {
    using stage = new ContainerStage();
    stage.state.put("runc/a/state.json", JSON.stringify({ init_process_pid: process.pid, init_process_start: ticks }));
    stage.state.put("crun/b/status", JSON.stringify({ pid: process.pid, "process-start-time": ticks, bundle: "/b" }));
    expect(await stage.pidOf("a")).toBe(process.pid);
    expect(await stage.pidOf("crun/b")).toBe(process.pid);
    expect(stage.find("b").image).toBe("/b");
    const stale = { init_process_pid: process.pid, init_process_start: ticks + 1 };
    stage.state.put("runc/a/state.json", JSON.stringify(stale));
    expect(await stage.pidOf("a")).toBeNull();
  });

  test("labels and pids that are none", () => {
    const state = { init_process_pid: -1, config: { labels: ["bundle=/run/x=y", "plain"] } };
    expect(parseOci("runc", "a", file(JSON.stringify(state)), null)).toMatchObject({
      pid: null,
      image: "/run/x=y",
      labels: { bundle: "/run/x=y", plain: "" },
    });
    expect(parseOci("crun", "a", file("{"), null)).toBeNull();
  });
});

describe("systemd-nspawn", () => {
  test("machines that are containers", async () => {
    using stage = new ContainerStage();
    stage.state.put("machines/web", `NAME=web\nCLASS=container\nLEADER=${process.pid}\nROOT=/var/lib/machines/web\n`);
    stage.state.put("machines/vm", `NAME=vm\nCLASS=vm\nLEADER=${process.pid}\n`);
    symlinkSync("web", stage.state.directory.file("machines/unit:machine-web.scope"));
    expect(await stage.pidOf("nspawn/web")).toBe(process.pid);
    expect(stage.find("web").image).toBe("/var/lib/machines/web");
    expect(stage.index.size).toBe(1);
    stage.state.remove("machines/web");
    expect(stage.isKnown("web")).toBe(false);
  });

  test("without a leader there is none", () => {
    expect(parseMachine("web", file("CLASS=container\n"))).toBeNull();
    expect(parseMachine("web", file("CLASS=container\nLEADER=-1\n"))).toBeNull();
  });
});

describe("notification", () => {
  test("directories that are moved away, come back and are made anew are followed", () => {
    using stage = new ContainerStage();
    const docker = stage.state.directory.file("docker/containers");
    for (let round = 0; round < 3; round++) {
      stage.state.docker(ID, "web", process.pid);
      expect(stage.isKnown("web")).toBe(true);
      renameSync(docker, `${docker}.away`);
      expect(stage.isKnown("web")).toBe(false);
      renameSync(`${docker}.away`, docker);
      expect(stage.isKnown("web")).toBe(true);
      rmSync(docker, { recursive: true });
      expect(stage.isKnown("web")).toBe(false);
      expect(stage.index.size).toBe(0);
    }
  });

  test.skipIf(!canMount)(`what a mount hides and shows${canMount ? "" : " (skipped: may not mount)"}`, () => {
    using stage = new ContainerStage();
    stage.state.docker(ID, "web", process.pid);
    expect(stage.isKnown("web")).toBe(true);
    const directory = stage.state.directory.file("docker");
    using _mounted = mountAt(directory);
    expect(stage.isKnown("web")).toBe(false);
    stage.state.docker(ID, "inside", process.pid);
    expect(stage.isKnown("inside")).toBe(true);
    expect(Bun.spawnSync(["umount", directory]).exitCode).toBe(0);
    expect(stage.isKnown("inside")).toBe(false);
    expect(stage.isKnown("web")).toBe(true);
    stage.state.docker(OTHER, "late", process.pid);
    expect(stage.isKnown("late")).toBe(true);
  });

  test("a file where a directory should be is no directory, until it is one", () => {
    using stage = new ContainerStage();
    stage.state.put("docker", "no directory");
    expect(stage.isKnown("web")).toBe(false);
    stage.state.remove("docker");
    stage.state.docker(ID, "web", process.pid);
    expect(stage.isKnown("web")).toBe(true);
  });

  test("a thousand that come and go at once", () => {
    using stage = new ContainerStage();
    for (let count = 0; count < 1000; count++) stage.state.docker(hexId(`d${count}`), `d${count}`, process.pid);
    for (let count = 0; count < 1000; count++) expect(stage.find(`d${count}`).id).toBe(hexId(`d${count}`));
    stage.state.remove("docker/containers");
    expect(stage.isKnown("d7")).toBe(false);
    expect(stage.index.size).toBe(0);
  });

  test("more events than the queue holds lose nothing", () => {
    using stage = new ContainerStage();
    stage.state.docker(ID, "web", process.pid);
    expect(stage.isKnown("web")).toBe(true);
    const most = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
    const path = stage.state.directory.file(`docker/containers/${ID}/x`);
    // Two of a kind are one event, so they alternate.
    for (let count = 0; count <= most / 2; count++) {
      writeFileSync(path, "");
      rmSync(path);
    }
    stage.state.docker(OTHER, "late", process.pid);
    expect(stage.isKnown("late")).toBe(true);
  });

  test("the end of a process is told without anybody asking", async () => {
    using state = new EngineState();
    const { promise, resolve } = Promise.withResolvers<string>();
    const seen: string[] = [];
    using index = new ContainerIndex({
      procRoot: "/proc",
      isLoose: false,
      mostHeld: 10,
      onProblem: () => {},
      onChange: (key) => {
        seen.push(key);
        if (seen.length > 1) resolve(key);
      },
    });
    await using child = Bun.spawn(["sleep", "1000"]);
    state.docker(ID, "web", child.pid);
    using _engines = watchEngines(index, state.places, { env: {}, clock: systemClock });
    expect((await index.list())[0]?.process?.pid).toBe(child.pid);
    child.kill("SIGKILL");
    expect(await promise).toBe(`docker  ${ID}`);
    expect((await index.list())[0]?.process).toBeNull();
  });

  test("where descriptors are short, processes are told apart by their start", async () => {
    using stage = new ContainerStage({ mostHeld: 0 });
    await using child = Bun.spawn(["sleep", "1000"]);
    stage.state.docker(ID, "web", child.pid);
    expect(await stage.pidOf("web")).toBe(child.pid);
    child.kill("SIGKILL");
    await child.exited;
    expect(await stage.pidOf("web")).toBeNull();
  });
});

describe("loose matching", () => {
  test("as pmdaroot: by the letters an id begins with, and the first of the best", () => {
    using stage = new ContainerStage({ isLoose: true });
    stage.state.docker(ID, "web", process.pid);
    expect(stage.find(`${ID} and more`)).toMatchObject({ id: ID });
    expect(stage.find(`${ID[0]}_not_a_name`)).toMatchObject({ id: ID });
    expect(stage.find("web")).toMatchObject({ id: ID });
    expect(stage.isKnown("_nothing")).toBe(false);
    stage.state.docker(OTHER, `${ID.slice(0, 10)}`, process.pid);
    expect(stage.find(ID.slice(0, 10))).toMatchObject({ id: OTHER });
  });
});

describe("where engines are", () => {
  const home = () => null;

  test("by PCP's variables, without slashes at the end", () => {
    const variables = {
      PCP_DOCKER_DIR: "/d/",
      PCP_PODMAN_DATADIR: "/p",
      PCP_LXC_DIR: "/",
      PCP_LXC_INFO: "lxc-info  -P /x",
    };
    expect(enginePlaces(variables, home)).toMatchObject({
      dockerDirectory: "/d",
      podmanDataDirectory: "/p",
      lxcDirectory: "/",
      lxcInfo: ["lxc-info", "-P", "/x"],
    });
    expect(enginePlaces({ PCP_DOCKER_DIR: "" }, home)).toMatchObject({
      dockerDirectory: "/var/lib/docker",
      lxcInfo: ["lxc-info"],
    });
  });
});
