/**
 * Asks a jobd from C, in a process of its own, because the calls block: job-client.ts SOCKET, one JSON request a line on
 * standard input, one JSON reply a line on standard output.
 */
import { join } from "node:path";
import { lazyC } from "#ffi/compile-c.ts";
import { cString, kernelBytes } from "#ffi/memory.ts";
import source from "./job-client.c" with { type: "text" };
import { linesOf } from "./lines.ts";

const client = lazyC("job-client.c", source, {
  use_socket: { args: ["ptr"], returns: "void" },
  c_create: { args: ["u64", "i32", "i32", "ptr"], returns: "i32" },
  c_of_pid: { args: ["i32", "i32", "u64", "ptr"], returns: "i32" },
  c_waitjid: { args: ["u64", "i32", "ptr"], returns: "i32" },
  c_killjid: { args: ["u64", "i32", "ptr"], returns: "i32" },
  c_getjidcnt: { args: ["ptr"], returns: "i32" },
  c_getjidlist: { args: ["ptr", "i32", "ptr"], returns: "i32" },
  c_getpidlist: { args: ["u64", "ptr", "i32", "ptr"], returns: "i32" },
  c_of_jid: { args: ["i32", "u64", "ptr"], returns: "i32" },
  c_sethid: { args: ["u64", "ptr"], returns: "i32" },
  c_runcsa: { args: ["i32", "ptr"], returns: "i32" },
  c_many_getjidcnt: { args: ["i32"], returns: "f64" },
  c_many_getpidlist: { args: ["u64", "ptr", "i32", "i32"], returns: "f64" },
});

/** jids are text, as JSON has no integers of 64 bits. */
export interface CRequest {
  readonly call: keyof typeof CALLS;
  readonly jid?: string;
  readonly pid?: number;
  readonly uid?: number;
  /** signal, host id, capacity, options, run, or how many times */
  readonly number?: number;
  readonly times?: number;
}

export interface CReply {
  /** 0 or a negative errno; seconds of a call that was made many times. */
  readonly result: number;
  readonly out: readonly string[];
  readonly list: readonly string[];
}

const out = new BigUint64Array(new ArrayBuffer(16));

type Call = (
  request: Required<Omit<CRequest, "call" | "jid">> & { jid: bigint },
  list: Uint8Array<ArrayBuffer>,
) => number;

const CALLS = {
  create: ({ jid, pid, uid }) => client().c_create(jid, pid, uid, out),
  getjid: ({ pid }) => client().c_of_pid(4, pid, 0n, out),
  detachpid: ({ pid }) => client().c_of_pid(21, pid, 0n, out),
  attachpid: ({ pid, jid }) => client().c_of_pid(22, pid, jid, out),
  waitjid: ({ jid, number }) => client().c_waitjid(jid, number, out),
  killjid: ({ jid, number }) => client().c_killjid(jid, number, out),
  getjidcnt: () => client().c_getjidcnt(out),
  getjidlist: ({ number }, list) => client().c_getjidlist(list, number, out),
  getpidlist: ({ jid, number }, list) => client().c_getpidlist(jid, list, number, out),
  getpidcnt: ({ jid }) => client().c_of_jid(11, jid, out),
  getuid: ({ jid }) => client().c_of_jid(17, jid, out),
  getprimepid: ({ jid }) => client().c_of_jid(18, jid, out),
  detachjid: ({ jid }) => client().c_of_jid(20, jid, out),
  sethid: ({ number }) => client().c_sethid(BigInt(number), out),
  runcsa: ({ number }) => client().c_runcsa(number, out),
  manyJidcnt: ({ times }) => client().c_many_getjidcnt(times),
  manyPidlist: ({ jid, number, times }, list) => client().c_many_getpidlist(jid, list, number, times),
} satisfies Record<string, Call>;

const ROOM = 8 * 100_000;

function perform({ call, jid = "0", pid = 0, uid = 0, number = 0, times = 1 }: CRequest): CReply {
  const list = kernelBytes(ROOM);
  out.fill(0n);
  const act: Call = CALLS[call];
  const result = act({ jid: BigInt(jid), pid, uid, number, times }, list);
  const count = Number(out[0]);
  const elements =
    result !== 0 || !call.endsWith("list")
      ? []
      : [
          ...(call === "getjidlist"
            ? new BigUint64Array(list.buffer, 0, count)
            : new Int32Array(list.buffer, 0, count)),
        ];
  return { result, out: [...out].map(String), list: elements.map(String) };
}

/** The same, from the process that wants to know. */
export class CClient implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncGenerator<string>;

  constructor(path: string) {
    const argv = [process.execPath, join(import.meta.dir, "job-client.ts"), path];
    this.#child = Bun.spawn(argv, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    this.#lines = linesOf(this.#child.stdout);
  }

  get pid(): number {
    return this.#child.pid;
  }

  async ask(request: CRequest): Promise<CReply> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    await this.#child.stdin.flush();
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("job-client.ts has ended");
    return JSON.parse(value);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#child.exited;
  }
}

async function main([path = ""]: readonly string[]): Promise<void> {
  client().use_socket(cString(path, "connect"));
  for await (const line of linesOf(Bun.stdin.stream())) {
    process.stdout.write(`${JSON.stringify(perform(JSON.parse(line)))}\n`);
  }
}

if (import.meta.main) {
  main(process.argv.slice(2)).catch((thrown) => {
    process.stderr.write(`job-client: ${thrown}\n`);
    process.exit(1);
  });
}
