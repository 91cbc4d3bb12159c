/** Conversations recorded with pmdaroot of PCP 6.0.3, held again with muster's server: the same bytes but for pids. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PidFd } from "#ffi/pidfd.ts";
import { EngineState, hasNamespaces, hexId, PlainContainer } from "#test/harness/containers.ts";
import { type RawRootClient, RootFixture } from "#test/harness/root-server.ts";

const DIRECTORY = join(import.meta.dir, "../../../fixtures/pmdaroot");
const DOCKER = hexId("docker-0");
const PODMAN = hexId("podman-0");

/** Pids of the recorded containers, by their host names. */
const RECORDED = { "web-host-1": 27429, "web-host-2": 27435, "web-host-3": 27441 } as const;

/**
 * Where muster's server differs on purpose. By the number of the message in the conversation: the bytes sent instead; ""
 * for a connection that is closed instead; null where nothing comes until the rest of the request does.
 */
const DIFFERENCES: Readonly<Record<string, Readonly<Record<number, string | null>>>> = {
  // A wait sends no signal: the process runs still, and is told of when it has been terminated.
  "09-wait-positive-pid-is-sigterm": {
    4: "0a90000020000000000000000200000000000000000000000000000000000000",
    6: "0a90000020000000000000000200000000000000000000000000000000000000",
  },
  // No exit status is lost.
  "14-two-dead-children-one-lost": { 8: "0a900000200000000000000002000000d17c0000000100000000000000000000" },
  // 64 bytes of the stack are not told.
  "21-raw-hostname-by-pid-0": { 2: "0290000018000000feffffff020000000000000000000000" },
  "22-raw-hostname-by-pid-none": { 2: "0290000018000000feffffff020000007f96980000000000" },
  // A length that no message has; one that says that more is to come.
  "33-raw-length-huge": { 2: "" },
  "34-raw-short-8": { 2: null },
  "43-raw-stop-short": { 2: null },
};

interface Message {
  readonly conn: number;
  readonly dir: "c2s" | "s2c";
  readonly hex: string;
}

const names = readdirSync(DIRECTORY)
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => name.replace(".jsonl", ""));

function read(name: string): Message[] {
  const lines = readFileSync(join(DIRECTORY, `${name}.jsonl`), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** The recorded containers: their processes are real, what their cgroups are called is said by a /proc of our own. */
async function openStage(): Promise<
  AsyncDisposable & { readonly fixture: RootFixture; readonly pids: Map<number, number> }
> {
  const stack = new AsyncDisposableStack();
  const pids = new Map<number, number>();
  const state = stack.use(new EngineState());
  const procRoot = state.directory.file("proc");
  mkdirSync(procRoot);
  symlinkSync("/proc/stat", join(procRoot, "stat"));
  const start = async (hostName: keyof typeof RECORDED, cgroup: string) => {
    const { pid } = stack.use(await PlainContainer.start(hostName));
    pids.set(RECORDED[hostName], pid);
    mkdirSync(join(procRoot, String(pid)));
    writeFileSync(join(procRoot, `${pid}/cgroup`), `1:memory:/other\n0::${cgroup}\n`);
    for (const name of ["stat", "ns"]) symlinkSync(`/proc/${pid}/${name}`, join(procRoot, `${pid}/${name}`));
    return pid;
  };
  state.docker(DOCKER, "dk0", await start("web-host-1", `/system.slice/docker-${DOCKER}.scope`));
  state.podman(PODMAN, "pm0", await start("web-host-2", `/machine.slice/libpod-${PODMAN}.scope`));
  state.lxc("lx0", await start("web-host-3", "/lxc/lx0"));
  const fixture = stack.use(new RootFixture({ state, procRoot }));
  return { fixture, pids, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const TYPE = { start: "08900000", stopRequest: "09900000" };

const pidIn = (hex: string) => Buffer.from(hex.slice(32, 40), "hex").readInt32LE(0);

/** The pid stands at the same place in every message that has one. */
function withPid(hex: string, pid: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(pid);
  return hex.slice(0, 32) + bytes.toString("hex") + hex.slice(40);
}

async function hasEnded(pid: number | undefined): Promise<void> {
  using process = pid === undefined ? null : PidFd.open(pid);
  await process?.exited();
}

describe("as pmdaroot answered", () => {
  for (const name of names) {
    test.skipIf(!hasNamespaces)(hasNamespaces ? name : `${name} (skipped: may not make namespaces)`, async () => {
      await using stage = await openStage();
      const { fixture, pids } = stage;
      const clients = new Map<number, RawRootClient>();
      const translate = (hex: string) => (hex.length < 40 ? hex : withPid(hex, pids.get(pidIn(hex)) ?? pidIn(hex)));
      const conversation = read(name);
      for (const [index, { conn, dir, hex: recorded }] of conversation.entries()) {
        let client = clients.get(conn);
        if (!client) {
          client = fixture.raw();
          clients.set(conn, client);
        }
        const difference = DIFFERENCES[name]?.[index];
        if (dir === "c2s" && recorded === "") client.close();
        else if (dir === "c2s") {
          // Recorded after a pause in which processes ended.
          const told = conversation[index + 1]?.hex ?? "";
          const ending = DIFFERENCES[name]?.[index + 1] ?? told;
          if (recorded.startsWith(TYPE.stopRequest) && pidIn(recorded) < 0) await hasEnded(pids.get(pidIn(ending)));
          if (name.startsWith("14")) await Promise.all(fixture.root.processes.list().map(({ pid }) => hasEnded(pid)));
          client.send(Buffer.from(translate(recorded), "hex"));
        } else if (difference === null) {
          client.close();
        } else {
          const hex = difference ?? recorded;
          const reply = (await client.message()).toString("hex");
          if (hex.startsWith(TYPE.start) && pidIn(hex) > 0) {
            pids.set(pidIn(hex), pidIn(reply));
            expect(pidIn(reply)).toBeGreaterThan(0);
          }
          expect(reply).toBe(translate(hex));
        }
      }
      // The server is up and serves the next one.
      using last = fixture.raw();
      expect((await last.message()).length).toBe(24);
      for (const client of clients.values()) client.close();
      for (const { pid, status } of fixture.root.processes.list())
        if (status === null) fixture.root.processes.terminate(pid);
    });
  }
});
