/** What a user may make the server read: all of it is his, and none of it more than anybody can wait for. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync } from "node:fs";
import { PmdaRootError } from "#core/pmdaroot/error.ts";
import { ContainerStage } from "#test/harness/container-stage.ts";
import { hexId } from "#test/harness/containers.ts";
import { RootFixture } from "#test/harness/root-server.ts";

const UID = 12_345;
const LIST = "home/.local/share/containers/storage/overlay-containers/containers.json";
const RUNC = `users/${UID}/runc`;
const MOST = 1000;

const entry = (name: string) => ({ id: hexId(name), names: [name] });
const padded = (value: object, bytes: number) => JSON.stringify(value).padEnd(bytes, " ");
const runc = (bytes = 0) => padded({ init_process_pid: process.pid }, bytes);

/** With the system's container `web`. */
function openStage(): ContainerStage {
  const stage = new ContainerStage();
  stage.state.docker(hexId("web"), "web", process.pid);
  mkdirSync(stage.state.directory.file(RUNC), { recursive: true });
  return stage;
}

function refusal(stage: ContainerStage, name: string): string {
  try {
    return `found ${stage.find(name).id}`;
  } catch (thrown) {
    if (thrown instanceof PmdaRootError && thrown.status === -12399) return thrown.message;
    throw thrown;
  }
}

describe("a file", () => {
  test("of more than a megabyte is left out, whoever asks for what may be in it is told, and it comes back smaller", () => {
    using stage = openStage();
    stage.state.put(LIST, padded([entry("mine")], 1 << 20));
    expect(stage.find("mine")).toMatchObject({ owner: UID });
    stage.state.put(LIST, padded([entry("mine")], (1 << 20) + 1));
    const path = stage.state.directory.file(LIST);
    const why = `uid ${UID}'s ${path} (larger than 1 MiB)`;
    expect(refusal(stage, "mine")).toBe(`no container is called 'mine'; left out: ${why}`);
    expect(stage.problems).toEqual([`left out of uid ${UID}'s containers: ${path} (larger than 1 MiB)`]);
    expect(stage.find("web")).toMatchObject({ owner: null });
    stage.state.put(LIST, JSON.stringify([entry("mine")]));
    expect(stage.find("mine")).toMatchObject({ owner: UID });
    expect(refusal(stage, "other")).toBe("no container is called 'other'");
  });

  test("counts with all others of the same user", () => {
    using stage = openStage();
    for (let count = 0; count < 9; count++) stage.state.put(`${RUNC}/c${count}/state.json`, runc(1 << 20));
    const known = Array.from({ length: 9 }, (_, count) => `c${count}`).filter(stage.isKnown);
    expect(known).toHaveLength(8);
    expect(refusal(stage, "none")).toContain("(more than 8 MiB with the user's other files)");
    const [first = ""] = known;
    stage.state.remove(`${RUNC}/${first}`);
    expect(stage.isKnown(first)).toBe(false);
    stage.state.put(`${RUNC}/late/state.json`, runc(1 << 20));
    expect(stage.isKnown("late")).toBe(true);
  });

  test("that is the system's may be larger", () => {
    using stage = openStage();
    stage.state.put("podman/data/containers.json", padded([entry("listed")], 3 << 20));
    stage.state.put("runc/large/state.json", runc(3 << 20));
    expect(stage.find("listed")).toMatchObject({ owner: null });
    expect(stage.find("large")).toMatchObject({ owner: null });
  });

  test("with the number of a process is no larger than one", async () => {
    using stage = openStage();
    stage.state.podman(hexId("p"), "p", process.pid);
    expect(await stage.pidOf("p")).toBe(process.pid);
    stage.state.put(`podman/run/${hexId("p")}/userdata/pidfile`, String(process.pid).padEnd(65, "\n"));
    expect(await stage.pidOf("p")).toBeNull();
  });
});

describe("entries", () => {
  test("of a list are taken up to the bound", () => {
    using stage = openStage();
    const all = Array.from({ length: MOST + 1 }, (_, count) => entry(`p${count}`));
    stage.state.put(LIST, JSON.stringify(all));
    expect(stage.isKnown(`p${MOST - 1}`)).toBe(true);
    expect(refusal(stage, `p${MOST}`)).toContain("containers.json (more than 1000 entries)");
    stage.state.put(LIST, JSON.stringify(all.slice(1)));
    expect(stage.isKnown(`p${MOST}`)).toBe(true);
    expect(refusal(stage, "p0")).toBe("no container is called 'p0'");
  });

  test.each(["at once", "one by one"])(
    "of a directory that come %s are too, and those left out come in as others go",
    (how) => {
      using stage = openStage();
      const directory = stage.state.directory.file(RUNC);
      const isAtOnce = how === "at once";
      expect(stage.isKnown("web")).toBe(true);
      if (isAtOnce) renameSync(directory, `${directory}.away`);
      for (let count = 0; count <= MOST; count++) {
        stage.state.put(`${RUNC}${isAtOnce ? ".away" : ""}/c${count}/state.json`, runc());
        if (!isAtOnce) expect(stage.isKnown("web")).toBe(true);
      }
      if (isAtOnce) renameSync(`${directory}.away`, directory);
      expect(refusal(stage, "none")).toContain(`${directory} (more than 1000 entries)`);
      expect(stage.index.size).toBe(1 + MOST);
      const names = Array.from({ length: MOST + 1 }, (_, count) => `c${count}`);
      const [left = ""] = names.filter((name) => !stage.isKnown(name));
      const [gone = ""] = names.filter((name) => name !== left);
      stage.state.remove(`${RUNC}/${gone}`);
      expect(stage.isKnown(left)).toBe(true);
      expect(refusal(stage, gone)).toBe(`no container is called '${gone}'`);
    },
  );

  test("and names of one container", () => {
    using stage = openStage();
    const names = Array.from({ length: 1000 }, (_, count) => `n${count}`);
    stage.state.put(LIST, JSON.stringify([{ id: hexId("mine"), names }]));
    expect(stage.isKnown("n15")).toBe(true);
    expect(stage.isKnown("n16")).toBe(false);
  });
});

test("it is told of a user once, however often he comes; once he has left nothing is left out", () => {
  using stage = openStage();
  for (let round = 0; round < 3; round++) {
    stage.state.put(`${RUNC}/evil\n${round}/state.json`, runc(2 << 20));
    expect(refusal(stage, "x")).toContain(`evil?${round}/state.json (larger than 1 MiB)`);
    stage.state.remove(`users/${UID}`);
    expect(refusal(stage, "x")).toBe("no container is called 'x'");
  }
  expect(stage.problems).toHaveLength(1);
});

test("a client is told through the socket; nobody is told anything while all is taken in", async () => {
  using fixture = new RootFixture();
  using client = await fixture.connect();
  const message = () => client.containerProcessId("mine").catch((error) => error.message);
  expect(await message()).toEndWith("Container not found");
  fixture.state.put(`${RUNC}/mine/state.json`, runc(2 << 20));
  expect(await message()).toEndWith("mine/state.json (larger than 1 MiB)");
  fixture.state.put(`${RUNC}/mine/state.json`, runc());
  expect(await client.containerProcessId("mine")).toBeNull();
});
