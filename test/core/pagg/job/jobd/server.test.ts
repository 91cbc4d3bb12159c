/** The server among clients of every kind: silent, hostile, many, gone; and C's, whose compiler lays the structures out. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { MusterError, toMusterError } from "#core/model/error.ts";
import { jidText } from "#core/model/jid.ts";
import { REQUESTS } from "#core/pagg/job/jobd/layout.ts";
import type { JobdServerOptions } from "#core/pagg/job/jobd/server.ts";
import {
  job_attachpid,
  job_create,
  job_detachjid,
  job_detachpid,
  job_getjid,
  job_getjidcnt,
  job_getjidlist,
  job_getpidcnt,
  job_getpidlist,
  job_getprimepid,
  job_getuid,
  job_killjid,
  job_runcsa,
  job_sethid,
  job_waitjid,
} from "#core/pagg/job/libjob.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { CClient, type CReply } from "#test/harness/job-client.ts";
import { TestJobd } from "#test/harness/jobd.ts";
import { JobdKeeper } from "#test/harness/jobd-keeper.ts";
import { Perl } from "#test/harness/perl.ts";
import { exchange, RawSocket } from "#test/harness/raw-socket.ts";

const isRoot = process.getuid?.() === 0;
/** Other users' processes can only be had by root, and only root can write the control groups. */
const rootTest = test.skipIf(!isRoot);

let directory: TemporaryDirectory;
let jobd: TestJobd;

beforeEach(() => {
  directory = new TemporaryDirectory();
});
afterEach(() => {
  jobd[Symbol.dispose]();
  directory[Symbol.dispose]();
});

function serve(options: Partial<JobdServerOptions> = {}, isReadOnly = false): void {
  jobd = new TestJobd(directory, options, isReadOnly);
}

/** One look a turn of the loop. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const descriptors = () => readdirSync("/proc/self/fd").length;

async function errnoOf(asked: Promise<unknown>): Promise<string | null> {
  return asked.then(
    () => null,
    (thrown) => toMusterError(thrown).errno,
  );
}

function message(name: keyof typeof REQUESTS, fields: Readonly<Record<number, number | bigint>> = {}): Buffer {
  const { req, length } = REQUESTS[name];
  const bytes = Buffer.alloc(length);
  bytes.writeInt32LE(req, 0);
  bytes.writeInt32LE(length, 8);
  for (const [offset, value] of Object.entries(fields)) {
    if (typeof value === "bigint") bytes.writeBigUInt64LE(value, Number(offset));
    else bytes.writeInt32LE(value, Number(offset));
  }
  return bytes;
}

const COUNT = message("GETJIDCNT");

describe("libjob", () => {
  rootTest("every function, on living processes", async () => {
    serve();
    const { address } = jobd;
    await using first = await Perl.run("");
    await using second = await Perl.run("");
    expect(await job_sethid(address, 0x12345678)).toBe(0x12345678);
    const jid = await job_create(address, { uid: 1000, pid: first.pid });
    expect(jid).toBe(0x1234567800000001n);
    expect(await job_getjid(address, first.pid)).toBe(jid);
    expect(await errnoOf(job_getjid(address, second.pid))).toBe("ENODATA");
    expect(await job_attachpid(address, second.pid, jid)).toBe(jid);
    expect(await errnoOf(job_attachpid(address, second.pid, jid))).toBe("EINVAL");
    expect(await job_getpidcnt(address, jid)).toBe(2);
    expect(await job_getpidlist(address, jid, 100)).toEqual([second.pid, first.pid]);
    expect(await job_getpidlist(address, jid, 1)).toEqual([second.pid]);
    expect(await job_getprimepid(address, jid)).toBe(first.pid);
    expect(await job_getuid(address, jid)).toBe(1000);
    expect(await job_getjidcnt(address)).toBe(1);
    expect(await job_getjidlist(address, 10)).toEqual([jid]);
    expect(await job_runcsa(address, "start")).toBe(false);
    await job_killjid(address, jid, 0);
    expect(await job_detachpid(address, second.pid)).toBe(jid);
    expect(await errnoOf(job_detachpid(address, second.pid))).toBe("ESRCH");
    const status = job_waitjid(address, jid);
    // Connections are served in the order they were made: with this answer the other one waits.
    await job_getjidcnt(address);
    first.tell("POSIX::_exit(3)");
    expect(await status).toBe(3 << 8);
    expect(await errnoOf(job_waitjid(address, jid))).toBe("ENODATA");
    const next = await job_create(address, { uid: 0, pid: second.pid });
    const detached = job_waitjid(address, next);
    await job_getjidcnt(address);
    expect(await job_detachjid(address, next)).toBe(1);
    expect(await detached).toBe(0);
    expect(await job_getjidcnt(address)).toBe(0);
  });

  rootTest("disabled jobs: CREATE returns 0 and no error, the server stays, another host id enables them", async () => {
    serve();
    const { address } = jobd;
    await using process = await Perl.run("");
    expect(await job_sethid(address, 0xffffffff)).toBe(0xffffffff);
    expect(jobd.log.join()).toContain("disabled");
    expect(await job_create(address, { uid: 0, pid: process.pid })).toBe(0n);
    expect(await job_getjidcnt(address)).toBe(0);
    await job_sethid(address, 5);
    expect((await job_create(address, { uid: 0, pid: process.pid })) >> 32n).toBe(5n);
  });
});

describe("what changes something", () => {
  rootTest("leaves a row before and one after; what only asks leaves none", async () => {
    serve();
    const { address } = jobd;
    await using first = await Perl.run("");
    await using second = await Perl.run("");
    const rows = () => jobd.rows.splice(0);
    const both = (action: string, target: string, plan: string, done: string, outcome = "done") => [
      `ACTION_BEGUN ${action} n1/${target} 0 jobd: ${plan}`,
      `ACTION_ENDED ${action} ${outcome} n1/${target} 0 jobd: ${done}`,
    ];
    await job_sethid(address, 5);
    expect(rows()).toEqual(
      both("module.ctl", "module/job", "send JOB_SETHID to job: 00000005", "the host id of new jobs is 00000005"),
    );
    const jid = await job_create(address, { uid: 1000, pid: first.pid });
    const text = jidText(jid);
    const target = `job/${text}`;
    const created = `process ${first.pid} is the first of ${text}`;
    const creation = `put process ${first.pid} into a new job of uid 1000`;
    expect(rows()).toEqual(both("job.create", `job/${first.pid}`, creation, created));
    await job_attachpid(address, second.pid, jid);
    const attached = `process ${second.pid} is in ${text}`;
    expect(rows()).toEqual(both("job.attach", target, `put process ${second.pid} into ${text}`, attached));
    expect(await errnoOf(job_attachpid(address, second.pid, jid))).toBe("EINVAL");
    const again = `process ${second.pid} is in job ${text} already`;
    expect(rows()).toEqual(both("job.attach", target, `put process ${second.pid} into ${text}`, again, "refused"));
    const member = `attachment/job/${second.pid}:${processIdentityTicks("/proc", second.pid)}`;
    await job_detachpid(address, second.pid);
    const left = `process ${second.pid} has left ${text}`;
    expect(rows()).toEqual(both("attachment.detach", member, `let process ${second.pid} out of its job`, left));
    await job_killjid(address, jid, 28);
    const sent = `SIGWINCH was sent to every process of ${text}`;
    expect(rows()).toEqual(both("job.kill", target, `send SIGWINCH to ${text}`, sent));

    await job_killjid(address, jid, 0);
    await job_getjid(address, first.pid);
    await job_getpidlist(address, jid, 10);
    await job_runcsa(address, "start");
    // Refused before anybody was asked.
    expect(await errnoOf(job_killjid(address, jid, 65))).toBe("EINVAL");
    expect(await errnoOf(job_killjid(address, 77n, 9))).toBe("ENODATA");
    expect(rows()).toEqual([]);

    await job_detachjid(address, jid);
    const released = "1 process let out; the job has ended";
    expect(rows()).toEqual(both("job.detach", target, `let all processes out of ${text}`, released));
    expect(await errnoOf(job_detachjid(address, jid))).toBe("ENODATA");
    const gone = `there is no job ${text}`;
    expect(rows()).toEqual(both("job.detach", target, `let all processes out of ${text}`, gone, "refused"));
  });

  rootTest("is refused with EPERM while muster is read-only, and nothing is done", async () => {
    serve({}, true);
    const { address, jobs } = jobd;
    await using member = await Perl.run("");
    await using stranger = await Perl.run("");
    const jid = jobs.create({ pid: member.pid, uid: 0 });
    for (const ask of [
      () => job_create(address, { uid: 0, pid: stranger.pid }),
      () => job_attachpid(address, stranger.pid, jid),
      () => job_detachpid(address, member.pid),
      () => job_detachjid(address, jid),
      () => job_killjid(address, jid, 9),
      () => job_sethid(address, 7),
    ]) {
      expect(await errnoOf(ask())).toBe("EPERM");
    }
    expect(jobs.hid).toBe(0);
    expect(await job_getpidlist(address, jid, 10)).toEqual([member.pid]);
    await job_killjid(address, jid, 0);
    expect(jobd.rows).toEqual([]);
  });
});

rootTest("a client in C that lays the structures out itself", async () => {
  serve();
  await using c = new CClient(jobd.path);
  await using other = await Perl.run("");
  expect(await c.ask({ call: "getjidcnt" })).toMatchObject({ result: 0, out: ["0", "0"] });
  // As libjob does it: whoever asks is the first member.
  const { result, out } = await c.ask({ call: "create", uid: 1000 });
  const [jid = ""] = out;
  expect([result, jid]).toEqual([0, "1"]);
  expect(await c.ask({ call: "getjid", pid: c.pid })).toMatchObject({ result: 0, out: ["1", "0"] });
  expect(await c.ask({ call: "attachpid", pid: other.pid, jid })).toMatchObject({ result: 0, out: ["1", "0"] });
  expect(await c.ask({ call: "getpidcnt", jid })).toMatchObject({ result: 0, out: ["2", "0"] });
  expect(await c.ask({ call: "getpidlist", jid, number: 100 })).toMatchObject({
    result: 0,
    list: [String(other.pid), String(c.pid)],
  });
  expect(await c.ask({ call: "getprimepid", jid })).toMatchObject({ result: 0, out: [String(c.pid), "0"] });
  expect(await c.ask({ call: "getuid", jid })).toMatchObject({ result: 0, out: ["1000", "0"] });
  expect(await c.ask({ call: "getjidlist", number: 10 })).toMatchObject({ result: 0, list: ["1"] });
  expect(await c.ask({ call: "detachpid", pid: c.pid })).toMatchObject({ result: 0, out: ["1", "0"] });
  expect(await c.ask({ call: "waitjid", jid, number: 1 })).toMatchObject({ result: -22 });
  expect(await c.ask({ call: "killjid", jid, number: 9 })).toMatchObject({ result: 0, out: ["0", "0"] });
  // Ended meanwhile, or it waits for the end: both are right.
  const waited = await c.ask({ call: "waitjid", jid });
  const right: readonly CReply[] = [
    { result: 0, out: ["1", "9"], list: [] },
    { result: -61, out: ["0", "0"], list: [] },
  ];
  expect(right).toContainEqual(waited);
  expect(await c.ask({ call: "sethid", number: 7 })).toMatchObject({ result: 0, out: ["7", "0"] });
  expect(await c.ask({ call: "runcsa", number: 1 })).toMatchObject({ result: 0, out: [String(2 ** 32 - 1), "0"] });
  expect(await c.ask({ call: "manyJidcnt", times: 1000 })).toMatchObject({ result: expect.any(Number) });
});

rootTest("children that make jobs of their own as soon as they live leave nothing in their parent's", async () => {
  serve();
  const { address } = jobd;
  await using parent = await Perl.run("");
  const jid = await job_create(address, { uid: 0, pid: parent.pid });
  // Each asks for a job for itself, waits for the answer, and ends.
  const { pid } = REQUESTS.CREATE;
  const create = message("CREATE").toString("hex");
  parent.tell(
    `for (1..1000) { if (fork) { wait; next } socket(my $s, 1, 1, 0); connect($s, pack("S a108", 1, "${jobd.path}")) or die $!;
    my $m = pack("H*", "${create}"); substr($m, ${pid}, 4) = pack("l", $$); syswrite($s, $m); sysread($s, $m, 48); POSIX::_exit(0) }
    print "done\\n"`.replaceAll("\n", " "),
  );
  expect(await parent.line()).toBe("done");
  expect(await job_getpidlist(address, jid, 1000)).toEqual([parent.pid]);
  await until(() => jobd.jobs.getjidcnt() === 1);
});

describe("clients that do not go on", () => {
  test("silent ones stall nobody, not even C's that asks a thousand times", async () => {
    serve();
    const silent: RawSocket[] = [];
    for (let index = 0; index < 100; index++) silent.push(await RawSocket.connect(jobd.path));
    for (const socket of silent) socket.send(COUNT.subarray(0, 7));
    await using c = new CClient(jobd.path);
    expect((await c.ask({ call: "manyJidcnt", times: 1000 })).result).toBeGreaterThan(0);
    // They are still there, and are answered when they go on.
    for (const socket of silent) socket.send(COUNT.subarray(7));
    for (const socket of silent) expect(await socket.rest()).toEqual(new Uint8Array(COUNT));
  });

  test("they are let go after a while", async () => {
    serve({ slow: { milliseconds: 30, connections: 10 } });
    using silent = await RawSocket.connect(jobd.path);
    using half = await RawSocket.connect(jobd.path);
    half.send(COUNT.subarray(0, 15));
    expect((await silent.rest()).length).toBe(0);
    expect((await half.rest()).length).toBe(0);
  });

  test("beyond their number the oldest goes first", async () => {
    serve({ slow: { milliseconds: 1e6, connections: 5 } });
    const silent: RawSocket[] = [];
    for (let index = 0; index < 8; index++) silent.push(await RawSocket.connect(jobd.path));
    for (const socket of silent.slice(0, 3)) expect((await socket.rest()).length).toBe(0);
    for (const socket of silent.slice(3)) {
      socket.send(COUNT);
      expect(await socket.rest()).toEqual(new Uint8Array(COUNT));
    }
  });
});

describe("hostile bytes", () => {
  test.each([-(2 ** 31), -13, -1, 0, 1, 11, 49, 4096, 2 ** 30, 2 ** 31 - 1])(
    "a size of %d gets no reply",
    async (size) => {
      serve();
      const bytes = Buffer.alloc(64);
      bytes.writeInt32LE(REQUESTS.GETJIDCNT.req, 0);
      bytes.writeInt32LE(size, 8);
      expect((await exchange(jobd.path, bytes)).length).toBe(0);
      expect(await job_getjidcnt(jobd.address)).toBe(0);
    },
  );

  test("a size that cuts off what the request needs gets no reply; one that cuts off the result gets as much", async () => {
    serve();
    for (const { req, needs, length } of Object.values(REQUESTS)) {
      for (let size = 12; size < length; size++) {
        const bytes = Buffer.alloc(size);
        bytes.writeInt32LE(req, 0);
        bytes.writeInt32LE(size, 8);
        expect((await exchange(jobd.path, bytes)).length).toBe(size < needs ? 0 : size);
      }
    }
  });

  test("whatever comes, in whatever pieces: a reply as long as the request says, or none", async () => {
    // Nobody may do anything, so that chance does no harm.
    serve({
      changesBy: () => {
        throw new MusterError("PERMISSION_DENIED", "no", { errno: "EPERM" });
      },
    });
    const before = descriptors();
    let seed = 20_260_101;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    for (let round = 0; round < 1500; round++) {
      const bytes = Buffer.from(Array.from({ length: random(60) }, () => random(256)));
      if (bytes.length >= 12) {
        bytes.writeInt32LE(random(26), 0);
        bytes.writeInt32LE(random(3) === 0 ? random(2 ** 31) - 2 ** 30 : random(52), 8);
      }
      if (bytes.length >= 16) bytes.writeInt32LE(random(40) - 20, 12);
      const size = bytes.length >= 12 ? bytes.readInt32LE(8) : -1;
      const reply = await exchange(jobd.path, bytes, { ends: true });
      const isWhole = size >= 12 && size <= 48 && bytes.length >= size;
      expect(isWhole ? [0, size] : [0]).toContain(reply.length);
    }
    await until(() => descriptors() <= before);
    expect(await job_getjidcnt(jobd.address)).toBe(0);
  });

  test("negative capacities: ENOMEM and the capacity as it was; an unknown job comes first", async () => {
    serve();
    for (const capacity of [-1, -5, -(2 ** 31)]) {
      const jids = Buffer.from(await exchange(jobd.path, message("GETJIDLST", { 12: capacity })));
      expect([jids.length, jids.readInt32LE(4), jids.readInt32LE(12)]).toEqual([24, 12, capacity]);
      const pids = Buffer.from(await exchange(jobd.path, message("GETPIDLST", { 12: capacity, 24: 99n })));
      expect([pids.length, pids.readInt32LE(4), pids.readInt32LE(12)]).toEqual([32, 61, capacity]);
    }
  });

  rootTest("a negative capacity for the pids of a job there is", async () => {
    serve();
    await using process = await Perl.run("");
    const jid = await job_create(jobd.address, { uid: 0, pid: process.pid });
    const pids = Buffer.from(await exchange(jobd.path, message("GETPIDLST", { 12: -2, 24: jid })));
    expect([pids.length, pids.readInt32LE(4), pids.readInt32LE(12)]).toEqual([32, 12, -2]);
  });
});

describe("those who wait for a job", () => {
  rootTest("five hundred of them are told when it ends, and nothing of them stays", async () => {
    serve();
    await using process = await Perl.run("");
    const jid = await job_create(jobd.address, { uid: 0, pid: process.pid });
    const before = descriptors();
    const waiting: RawSocket[] = [];
    for (let index = 0; index < 500; index++) {
      const socket = await RawSocket.connect(jobd.path);
      socket.send(message("WAITJID", { 24: jid }));
      // Half of them say no more, which is no reason to forget them.
      if (index % 2 === 0) socket.shutDown();
      waiting.push(socket);
    }
    expect(await job_getjidcnt(jobd.address)).toBe(1);
    await job_killjid(jobd.address, jid, 15);
    for (const socket of waiting) {
      const reply = Buffer.from(await socket.rest());
      expect([reply.readInt32LE(4), reply.readBigUInt64LE(16), reply.readInt32LE(32)]).toEqual([0, jid, 15]);
    }
    await until(() => descriptors() <= before);
  });

  rootTest("one whose process is killed is forgotten, and the others are told all the same", async () => {
    serve();
    await using keeper = await JobdKeeper.start(directory.file("kept/jobd-socket"));
    const address = { ...jobd.address, path: directory.file("kept/jobd-socket") };
    await using process = await Perl.run("");
    const jid = await job_create(address, { uid: 0, pid: process.pid });
    const stays = job_waitjid(address, jid);
    await using gone = new CClient(address.path);
    expect(await gone.ask({ call: "getpidcnt", jid: String(jid) })).toMatchObject({ result: 0, out: ["1", "0"] });
    const before = keeper.descriptors();
    const left = gone.ask({ call: "waitjid", jid: String(jid) }).catch(() => "gone");
    await until(() => keeper.descriptors() > before);
    gone.kill();
    expect(await left).toBe("gone");
    await until(() => keeper.descriptors() <= before);
    await job_killjid(address, jid, 9);
    expect(await stays).toBe(9);
  });

  rootTest("a user can have so many, beyond which it is ENOMEM; root has no such bound", async () => {
    serve({ waiters: { all: 6, ofOneUser: 2 } });
    await using process = await Perl.run("");
    const jid = await job_create(jobd.address, { uid: 0, pid: process.pid });
    const script = `use IO::Socket::UNIX; my @all; for (1..4) { push @all, IO::Socket::UNIX->new(Peer => $ARGV[0]) or die $!;
      syswrite($all[-1], pack("H*", $ARGV[1])) } my $got = ""; sysread($all[$_], $got, 40), print unpack("l", substr($got, 4)), " " for 2, 3`;
    Bun.spawnSync(["chmod", "755", directory.path]);
    const hex = message("WAITJID", { 24: jid }).toString("hex");
    const child = Bun.spawn(["perl", "-e", script, jobd.path, hex], {
      cwd: "/",
      stdout: "pipe",
      uid: 65534,
      gid: 65534,
    });
    expect(await new Response(child.stdout).text()).toBe("12 12 ");
    const waiting = Array.from({ length: 6 }, () => job_waitjid(jobd.address, jid).catch((thrown) => thrown));
    await job_getjidcnt(jobd.address);
    expect(await errnoOf(job_waitjid(jobd.address, jid))).toBe("ENOMEM");
    await job_killjid(jobd.address, jid, 9);
    for (const status of await Promise.all(waiting)) expect(status).toBe(9);
  });

  rootTest("when the server ends they get EINTR, not a status, and the job goes on", async () => {
    serve();
    await using process = await Perl.run("");
    const jid = await job_create(jobd.address, { uid: 0, pid: process.pid });
    using socket = await RawSocket.connect(jobd.path);
    socket.send(message("WAITJID", { 24: jid }));
    expect(await job_getjidcnt(jobd.address)).toBe(1);
    jobd.server.close();
    const reply = Buffer.from(await socket.rest());
    expect([reply.readInt32LE(4), reply.readBigUInt64LE(16), reply.readInt32LE(32)]).toEqual([4, 0n, 0]);
    expect(existsSync(jobd.path)).toBe(false);
    expect(jobd.jobs.getjidcnt()).toBe(1);
    expect((await job_getjidcnt(jobd.address).catch((thrown) => thrown)).code).toBe("UNREACHABLE");
  });
});

test("many clients at once are all answered", async () => {
  serve();
  const clients = Array.from({ length: 4 }, () => new CClient(jobd.path));
  const many = clients.map((client) => client.ask({ call: "manyJidcnt", times: 500 }));
  const own = Array.from({ length: 300 }, () => job_getjidcnt(jobd.address));
  expect(await Promise.all(own)).toEqual(Array(300).fill(0));
  for (const { result } of await Promise.all(many)) expect(result).toBeGreaterThan(0);
  for (const client of clients) await client[Symbol.asyncDispose]();
});

test("where descriptors run out the silent give theirs back, and who asks is answered", async () => {
  serve();
  const path = directory.file("poor/jobd-socket");
  const address = { ...jobd.address, path };
  await using keeper = await JobdKeeper.start(path, 96);
  const silent: RawSocket[] = [];
  for (let index = 0; index < 150; index++) silent.push(await RawSocket.connect(path));
  for (let round = 0; round < 5; round++) expect(await job_getjidcnt(address)).toBe(0);
  for (const socket of silent) socket[Symbol.dispose]();
  expect(await job_getjidcnt(address)).toBe(0);
  expect(await keeper.end()).toBe(0);
});

rootTest(
  "where those who wait have taken all descriptors, others wait in the backlog and are answered later",
  async () => {
    serve();
    const path = directory.file("poor/jobd-socket");
    const address = { ...jobd.address, path };
    await using keeper = await JobdKeeper.start(path, 96);
    await using process = await Perl.run("");
    const jid = await job_create(address, { uid: 0, pid: process.pid });
    const wait = () => job_waitjid(address, jid).catch((thrown) => thrown.errno);
    const waiting = Array.from({ length: 10 }, wait);
    // Answered behind them: they wait by now, whereas who has been accepted may not have been heard yet.
    expect(await job_getjidcnt(address)).toBe(1);
    waiting.push(...Array.from({ length: 140 }, wait));
    await until(() => keeper.descriptors() >= 96);
    const asked = job_getjidcnt(address);
    process.tell("POSIX::_exit(3)");
    expect(await asked).toBeLessThanOrEqual(1);
    // Those that were accepted before it ended have its status, the others are told that there is no such job.
    const ends = await Promise.all(waiting);
    expect(new Set(ends)).toEqual(new Set([3 << 8, "ENODATA"]));
  },
);
