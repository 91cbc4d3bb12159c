/** The parts that only turn text and bytes into values: cgroup paths, statuses, pcp.conf, frames, names. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { containerCgroup, processCgroup } from "#core/pmdaroot/cgroup-path.ts";
import { LONGEST_MESSAGE } from "#core/pmdaroot/codec.ts";
import type { ContainerRecord } from "#core/pmdaroot/container.ts";
import { Framer } from "#core/pmdaroot/framer.ts";
import { matchName, type NameTable } from "#core/pmdaroot/match.ts";
import { splitArguments } from "#core/pmdaroot/program.ts";
import { containerRequest, messageLength, parseRequest, startRequest, stopRequest } from "#core/pmdaroot/request.ts";
import { defaultSocketPath, parsePcpConf, pcpUserName } from "#core/pmdaroot/socket-path.ts";
import { statusSymbol, statusText } from "#core/pmdaroot/status.ts";
import { hexId } from "#test/harness/containers.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

const ID = hexId("one");

describe("the cgroup of a process", () => {
  test.each([
    ["v2", `0::/system.slice/docker-${ID}.scope\n`, `/system.slice/docker-${ID}.scope`],
    ["v1", `12:memory:/docker/${ID}\n3:cpu,cpuacct:/else\n1:name=systemd:/x\n`, `/docker/${ID}`],
    ["hybrid, v2 used", "5:memory:/m\n0::/two\n", "/two"],
    ["hybrid, v2 not used", "5:memory:/m\n1:name=systemd:/s\n0::/\n", "/m"],
    ["hybrid, systemd alone", "5:memory:/\n1:name=systemd:/s\n0::/\n", "/s"],
    ["in none", "5:memory:/\n0::/\n", "/"],
    ["blanks and colons in names", "0::/a b:c/d\n", "/a b:c/d"],
    ["nothing", "", null],
    ["rubbish", "x\n::\n0:/\n", null],
  ])("%s", (_what, text, path) => {
    expect(processCgroup(text)).toBe(path);
  });

  test.each([
    ["podman", ID, `/machine.slice/libpod-${ID}.scope/container`, `/machine.slice/libpod-${ID}.scope`],
    ["docker", ID, `/docker/${ID}/init.scope`, `/docker/${ID}`],
    [
      "cri",
      ID,
      `/kubepods.slice/pod1.slice/cri-containerd-${ID}.scope`,
      `/kubepods.slice/pod1.slice/cri-containerd-${ID}.scope`,
    ],
    ["lxc", "web", "/lxc.payload.web/init.scope", "/lxc.payload.web"],
    ["lxc", "web", "/lxc.payload.web-2/init.scope", "/lxc.payload.web-2"],
    ["lxc", "web", "/lxc.payload.web-two/x", "/lxc.payload.web-two/x"],
    ["lxc", "web", "/lxc/web/x", "/lxc/web"],
    ["nspawn", "my-web", "/machine.slice/machine-my\\x2dweb.scope/payload", "/machine.slice/machine-my\\x2dweb.scope"],
    ["nspawn", "web", "/machine.slice/systemd-nspawn@web.service/payload", "/machine.slice/systemd-nspawn@web.service"],
    ["runc", "a", "/user.slice/runc-a.scope/b", "/user.slice/runc-a.scope"],
    ["runc", "a", "/x/y", "/x/y"],
  ] as const)("of the container: %s %s", (engine, id, path, own) => {
    expect(containerCgroup(path, { engine, id })).toBe(own);
  });
});

describe("statuses", () => {
  test.each([
    [0, "No error", null],
    [-2, "No such file or directory", null],
    [-12345, "Generic error, already reported above", "PM_ERR_GENERIC"],
    [-12399, "Container not found", "PM_ERR_NOCONTAINER"],
    [-12350, "Metric not supported by this version of monitored application", "PM_ERR_APPVERSION"],
    [-21344, "Functionality not yet implemented", "PM_ERR_NYI"],
    [-12352, "No such PMAPI error code (-12352)", null],
  ])("%d", (status, text, symbol) => {
    expect(statusText(status)).toBe(text);
    expect(statusSymbol(status)).toBe(symbol);
  });
});

describe("where the socket is", () => {
  test("the environment, then the file PCP_CONF names", () => {
    using directory = new TemporaryDirectory();
    const PCP_CONF = directory.file("pcp.conf");
    writeFileSync(PCP_CONF, "# comment\nPCP_VAR_DIR=/srv/pcp/\nPCP_USER='collector'\nexport X=1\nPCP_BAD\n");
    expect(defaultSocketPath({ PCP_CONF })).toBe("/srv/pcp/pmcd/root.socket");
    expect(defaultSocketPath({ PCP_CONF, PCP_VAR_DIR: "/x" })).toBe("/x/pmcd/root.socket");
    expect(pcpUserName({ PCP_CONF })).toBe("collector");
    expect(pcpUserName({ PCP_CONF: "/no/such" })).toBe("pcp");
    expect(() => defaultSocketPath({ PCP_CONF: "/no/such" })).toThrow(
      expect.objectContaining({ status: -12345, target: "/no/such" }),
    );
    expect([...parsePcpConf('PCP_A="b c"\nPCP_D=\n')]).toEqual([
      ["PCP_A", "b c"],
      ["PCP_D", ""],
    ]);
  });
});

describe("messages", () => {
  test("what one side makes the other understands", () => {
    expect(parseRequest(containerRequest(0x9001, { name: "wéb" }))).toEqual({ type: 0x9001, pid: 0, name: "wéb" });
    expect(parseRequest(containerRequest(0x9001, { pid: 7 }))).toEqual({ type: 0x9001, pid: 7, name: null });
    expect(parseRequest(containerRequest(0x9005, { name: "web\0junk" }))).toMatchObject({ name: "web" });
    expect(parseRequest(startRequest(2, "label", "cat -n"))).toEqual({
      type: 0x9007,
      ipcType: 2,
      label: new Uint8Array(Buffer.from("label")),
      labelLength: 5,
      commandLine: "cat -n",
    });
    expect(parseRequest(stopRequest(-1, true))).toEqual({ type: 0x9009, pid: -1, isForced: true });
  });

  test("lengths that lie are told before anything is read by them", () => {
    const named = containerRequest(0x9003, { name: "web" });
    for (const length of [-1, 4, 4096, 0x7fff_ffff, -0x8000_0000]) {
      named.writeInt32LE(length, 20);
      expect(() => parseRequest(named)).toThrow("a name of");
    }
    const start = startRequest(2, "label", "cat");
    start.writeInt32LE(64, 32);
    expect(() => parseRequest(start)).toThrow("a label of 64 bytes");
    start.writeInt32LE(5, 32);
    for (const length of [0, -1, 4, 4096]) {
      start.writeInt32LE(length, 36);
      expect(() => parseRequest(start)).toThrow("arguments of");
    }
    for (const length of [-1, 0, 15, 23, LONGEST_MESSAGE + 1]) {
      const header = containerRequest(0x9003, { name: "web" });
      header.writeInt32LE(length, 4);
      expect(() => messageLength(header)).toThrow();
    }
  });

  test("frames out of parts of any size", () => {
    const whole = Buffer.concat([
      containerRequest(0x9003, { name: "a" }),
      stopRequest(1, false),
      containerRequest(0x9001, { pid: 3 }),
    ]);
    for (let size = 1; size <= whole.length; size++) {
      const framer = new Framer(messageLength);
      const lengths: number[] = [];
      for (let at = 0; at < whole.length; at += size) {
        framer.append(whole.subarray(at, at + size));
        for (let message = framer.next(); message !== null; message = framer.next()) lengths.push(message.length);
        framer.keep();
      }
      expect(lengths).toEqual([25, 32, 24]);
      expect(framer.isEmpty).toBe(true);
    }
  });
});

test("command lines are split at blanks alone", () => {
  expect(splitArguments("  a 'b  c'\t\"d\" ")).toEqual(["a", "'b", `c'\t"d"`]);
});

describe("names", () => {
  const record = (
    engine: ContainerRecord["engine"],
    id: string,
    name: string,
    owner: number | null = null,
  ): ContainerRecord => ({
    engine,
    id,
    names: [name],
    owner,
    pid: null,
    startTicks: null,
    writtenAtMs: 0,
    state: "created",
    image: null,
    labels: {},
  });
  const table = (records: readonly ContainerRecord[]): NameTable<ContainerRecord> => ({
    withId: (id) => records.filter((item) => item.id === id),
    withName: (name) => records.filter((item) => item.names.includes(name)),
    withIdPrefix: (prefix) => records.filter((item) => item.id.startsWith(prefix) && item.id.length === 64),
    userName: (uid) => `user${uid}`,
  });
  const find = (name: string, records: readonly ContainerRecord[]) => matchName(name, table(records));

  test("a whole id comes before a whole name, and that before the beginning of an id", () => {
    const first = record("docker", ID, "web");
    expect(find(ID, [record("podman", hexId("x"), ID), first])).toBe(first);
    const short = record("podman", hexId("x"), ID.slice(0, 4));
    expect(find(ID.slice(0, 4), [first, short])).toBe(short);
    expect(find(ID.slice(0, 5), [first, short])).toBe(first);
  });

  test("names of other engines are never shortened; a query that goes beyond the id fits nothing", () => {
    expect(() => find("we", [record("lxc", "web", "web")])).toThrow("no container is called 'we'");
    expect(() => find(`${ID}0`, [record("docker", ID, "web")])).toThrow("no container");
    expect(() => find(`${ID.slice(0, 3)}_`, [record("docker", ID, "web")])).toThrow("no container");
    for (const name of ["", "/", "//", "lxc/", "/web/"])
      expect(() => find(name, [record("lxc", "web", "web")])).toThrow();
  });

  test("what fits several is told with at most eight of them", () => {
    const many = Array.from({ length: 12 }, (_, index) => record("cri", hexId(`c${index}`), "app"));
    expect(() => find("app", many)).toThrow(/^'app' fits cri\/app \([0-9a-f]{12}\), .* and 4 more$/);
    const users = [record("podman", ID, "web", 7), record("podman", hexId("x"), "web", 8)];
    expect(() => find("web", users)).toThrow("user7's podman/web");
    expect(find("user8/web", users)).toBe(users[1] as ContainerRecord);
    expect(find("lxc/web", [record("lxc", "web", "web"), record("runc", "web", "web")])).toMatchObject({
      engine: "lxc",
    });
  });

  test("control characters of a name do not get into messages", () => {
    expect(() => find("a\u001b[31m\n", [])).toThrow("no container is called 'a?[31m?'");
  });
});
