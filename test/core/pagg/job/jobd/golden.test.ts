/**
 * Every exchange that was recorded with SGI's jobd (golden.tsv), asked again of muster's, on living processes in the same
 * places. Pids are other ones; every other byte must be the same.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { REQUESTS, requestName } from "#core/pagg/job/jobd/layout.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { TestJobd } from "#test/harness/jobd.ts";
import { Perl } from "#test/harness/perl.ts";
import { exchange, RawSocket } from "#test/harness/raw-socket.ts";

const isRoot = process.getuid?.() === 0;

interface Row {
  readonly set: string;
  readonly name: string;
  readonly request: Buffer;
  readonly reply: Buffer;
}

const rows: readonly Row[] = readFileSync(join(import.meta.dir, "golden.tsv"), "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => {
    const [set = "", name = "", , , , , request = "", reply = ""] = line.split("\t");
    return { set, name, request: Buffer.from(request, "hex"), reply: Buffer.from(reply, "hex") };
  });

/** Where jobd answers from what an earlier request left on its stack; muster's refuses. */
const ANSWERED_FROM_NOTHING: ReadonlySet<string> = new Set(["getjid-size12"]);

/** Pids of the recording by what they were. */
const RECORDED = {
  /** in no job, until 025 */
  stranger: 0x6d43,
  /** made the first job; with two children, the younger first in lists */
  first: 0x6d8a,
  olderChild: 0x6d8e,
  youngerChild: 0x6d8f,
  /** made the second job */
  second: 0x6d92,
  /** asked for the jid of the second job */
  third: 0x6d97,
  /** in no job */
  fourth: 0x6d2c,
} as const;

type Role = keyof typeof RECORDED;

const NOBODY = 65534;

const why = isRoot ? "" : " (skipped: only root has jobs of others' processes)";

describe.skipIf(!isRoot)(`recorded exchanges${why}`, () => {
  const directory = new TemporaryDirectory();
  const living = new Map<Role, number>();
  const perls = new AsyncDisposableStack();
  let jobd: TestJobd;

  const start = async (role: Role): Promise<Perl> => {
    const perl = perls.use(await Perl.run(""));
    living.set(role, perl.pid);
    return perl;
  };

  beforeAll(async () => {
    chmodSync(directory.path, 0o755);
    jobd = new TestJobd(directory);
    for (const role of ["stranger", "second", "third", "fourth"] as const) await start(role);
    const first = await start("first");
    forkTwo = async () => {
      // Each child waits until its parent's end, or a signal to the job.
      for (const role of ["olderChild", "youngerChild"] as const) {
        first.tell(`my $pid = fork; if (!$pid) { POSIX::pause() while 1 } print "$pid\\n"`);
        living.set(role, Number(await first.line()));
        await first.line();
      }
    };
  });
  afterAll(async () => {
    jobd[Symbol.dispose]();
    await perls.disposeAsync();
    directory[Symbol.dispose]();
  });

  let forkTwo: () => Promise<void>;

  /** The recorded bytes with the pids of this run. */
  const here = (bytes: Buffer, offsets: readonly number[]): Buffer => {
    const copy = Buffer.from(bytes);
    for (const offset of offsets) {
      if (offset + 4 > copy.length) continue;
      const pid = copy.readInt32LE(offset);
      const role = (Object.keys(RECORDED) as Role[]).find((name) => RECORDED[name] === pid);
      const now = role === undefined ? undefined : living.get(role);
      if (now !== undefined) copy.writeInt32LE(now, offset);
    }
    return copy;
  };

  const requestOf = ({ request }: Row): Buffer => here(request, pidOffsets(request));

  const expectedOf = ({ request, reply }: Row): Buffer => {
    const name = requestName(request.readInt32LE(0));
    const offsets = [...pidOffsets(request)];
    if (name === "GETPRIMEPID") offsets.push(REQUESTS.GETPRIMEPID.result);
    if (name === "GETPIDLST") for (let at = REQUESTS.GETPIDLST.length; at < reply.length; at += 4) offsets.push(at);
    return here(reply, offsets);
  };

  const rootRow = (row: Row) => {
    test(`root/${row.name}`, async () => {
      if (row.name === "013-getpidcnt") await forkTwo();
      if (row.name === "042-detachjid-ok") await createJob("fourth", 0x500n);
      using socket = await RawSocket.connect(jobd.path);
      socket.send(requestOf(row));
      if (row.name === "040-waitjid-ok") await killFirstJob();
      expect(hex(await socket.rest())).toBe(hex(expectedOf(row)));
    });
  };

  const createJob = async (role: Role, jid: bigint) => {
    const { req, length, ...at } = REQUESTS.CREATE;
    const message = Buffer.alloc(length);
    message.writeInt32LE(req, 0);
    message.writeInt32LE(length, 8);
    message.writeBigUInt64LE(jid, at.jid);
    message.writeInt32LE(living.get(role) ?? -1, at.pid);
    const reply = await exchange(jobd.path, message);
    expect(Buffer.from(reply).readBigUInt64LE(at.result)).toBe(jid);
  };

  /** SIGTERM to the job that 040 waits for: connections are served in the order they were made. */
  const killFirstJob = async () => {
    const kill = Buffer.from("0600000000000000200000000000000001000000785634120f00000000000000", "hex");
    expect(Buffer.from(await exchange(jobd.path, kill)).readInt32LE(4)).toBe(0);
  };

  const ofSet = (name: string) => rows.filter(({ set }) => set === name);
  const before040 = ofSet("root").findIndex(({ name }) => name.startsWith("040"));

  // As recorded: by hand while there are no jobs; then root's; a stranger's while there are two.
  for (const row of ofSet("raw")) {
    test(`raw/${row.name}`, async () => {
      const reply = await exchange(jobd.path, row.request, { ends: true });
      expect(hex(reply)).toBe(ANSWERED_FROM_NOTHING.has(row.name) ? "" : hex(row.reply));
    });
  }
  for (const row of ofSet("root").slice(0, before040)) rootRow(row);
  for (const row of ofSet("unpriv")) {
    test(`unpriv/${row.name}`, async () => {
      const reply = await askAs([], NOBODY, jobd.path, requestOf(row));
      expect(hex(reply)).toBe(hex(expectedOf(row)));
    });
  }
  // What real jobd lets pass, because it asks for a capability and not of which namespace.
  for (const row of ofSet("unpriv").filter(({ name }) => name.endsWith("EPERM"))) {
    test.skipIf(!canUnshare)(`root of a namespace of his own: ${row.name}`, async () => {
      const reply = await askAs(["unshare", "-Ur"], NOBODY, jobd.path, requestOf(row));
      expect(hex(reply)).toBe(hex(expectedOf(row)));
    });
  }
  for (const row of ofSet("root").slice(before040)) rootRow(row);

  test("all of it was asked", () => {
    expect(rows.length).toBe(69);
  });
});

const canUnshare = Bun.spawnSync(["unshare", "-Ur", "true"], { stderr: "ignore" }).exitCode === 0;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function pidOffsets(request: Buffer): readonly number[] {
  const name = request.length < 12 ? null : requestName(request.readInt32LE(0));
  const layout = name === null ? null : REQUESTS[name];
  return layout && "pid" in layout ? [layout.pid] : [];
}

/** One exchange by another user's process, without muster's code. */
async function askAs(wrapper: readonly string[], uid: number, path: string, request: Buffer): Promise<Buffer> {
  const script = `use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "no connection: $!";
    print $s pack("H*", $ARGV[1]); $s->flush; local $/; print unpack("H*", <$s> // "");`;
  const child = Bun.spawn([...wrapper, "perl", "-e", script, path, hex(request)], {
    cwd: "/",
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    uid,
    gid: uid,
  });
  return Buffer.from(await new Response(child.stdout).text(), "hex");
}
