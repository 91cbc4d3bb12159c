/**
 * The calls of pmdaRootConnect(3), against our server or pmdaroot(1).
 *
 * That one takes one message at a time, whole: requests wait for one another here and each goes out in one piece. Whatever
 * goes wrong is a PmdaRootError with the status the C function returns and the cause that function keeps to itself.
 */
import { type Clock, delay } from "#core/model/clock.ts";
import type { Fd } from "#ffi/fd.ts";
import { EPOLL } from "#ffi/pump.ts";
import { SysError } from "#ffi/sys-error.ts";
import { connectUnix, receiveMessage, sendMessage, shutdownSocket } from "#ffi/unix-socket.ts";
import { waitEvent } from "#ffi/wait-event.ts";
import {
  asBuffer,
  type ContainerRequestType,
  HEADER_LENGTH,
  IPC,
  LONGEST_ARGUMENTS,
  LONGEST_LABEL,
  LONGEST_MESSAGE,
  LONGEST_NAME,
  OFFSET,
  TYPE,
} from "./codec.ts";
import { PmdaRootError } from "./error.ts";
import { Framer } from "./framer.ts";
import {
  type ContainerReply,
  checkInfo,
  type ReplyProblem,
  readContainerReply,
  readStartReply,
  readStopReply,
} from "./reply.ts";
import { containerRequest, startRequest, stopRequest } from "./request.ts";
import { checkPid } from "./socket-path.ts";
import { STATUS, statusText } from "./status.ts";

export interface ClientOptions {
  readonly path: string;
  readonly clock: Clock;
  /** For each call; a server that looks through a thousand containers of its own takes seconds. */
  readonly timeoutMs?: number;
}

export interface StartedRemotely {
  readonly pid: number;
  /** Write end of its standard input and read end of its standard output; null without pipes. The caller's to close. */
  readonly toChild: Fd | null;
  readonly fromChild: Fd | null;
}

/** `status` is a wait status, wait(2). */
export interface EndedProcess {
  readonly pid: number;
  readonly status: number;
}

const TIMEOUT_MS = 30_000;
/** Between two tries while the server's queue of connections is full. */
const FULL_QUEUE_MS = 5;

interface Arrival {
  readonly bytes: Uint8Array;
  readonly descriptors: readonly Fd[];
}

/** pmdaRootConnect. Throws PmdaRootError: EPERM as the C function, with the errno of connect(2) beside it. */
export async function connectRoot(options: ClientOptions): Promise<RootClient> {
  const { clock, path, timeoutMs = TIMEOUT_MS } = options;
  const deadlineMs = clock.nowMs() + timeoutMs;
  let socket: Fd | null = null;
  while (socket === null) {
    try {
      socket = connectUnix(path);
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
      if (thrown.errnoName !== "EAGAIN" || clock.nowMs() >= deadlineMs) throw connectFailed(path, thrown);
      await delay(clock, FULL_QUEUE_MS);
    }
  }
  const client = new RootClient(options, socket);
  try {
    await client.greet();
    return client;
  } catch (thrown) {
    client.close();
    throw thrown;
  }
}

const CONNECT_HINTS: Readonly<Record<string, string>> = {
  ENOENT: "no server runs there: start pmcd with pmdaroot, or 'muster root serve'",
  ECONNREFUSED: "the server that made the socket is gone",
  EACCES: "only root may reach it; the directory and the socket have its rights",
};

function connectFailed(path: string, cause: SysError): PmdaRootError {
  const hint = CONNECT_HINTS[cause.errnoName];
  return new PmdaRootError(STATUS.EPERM, `cannot connect to ${path}: ${cause.message}`, {
    target: path,
    errno: cause.errnoName,
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

export class RootClient implements Disposable {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #socket: Fd;
  readonly #framer = new Framer(replyLength);
  #descriptors: Fd[] = [];
  /** Ends of processes that a wait for another one was told. */
  readonly #ended = new Map<number, EndedProcess>();
  #last: Promise<unknown> = Promise.resolve();
  #isShut = false;

  constructor({ path, clock, timeoutMs = TIMEOUT_MS }: ClientOptions, socket: Fd) {
    this.#path = path;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#socket = socket;
  }

  /** The server speaks first. One that closes instead lets only others in. */
  async greet(): Promise<void> {
    const { bytes } = await this.#receive("pmdaRootConnect");
    const status = checkInfo(bytes);
    if (status !== 0) throw this.#failed("pmdaRootConnect", { status, text: "" });
  }

  /** pmdaRootContainerHostName. Throws PmdaRootError: PM_ERR_NOCONTAINER; ENOENT when it does not run. */
  async containerHostName(name: string): Promise<string> {
    const { name: found } = await this.#container(TYPE.HOSTNAME_REQUEST, "pmdaRootContainerHostName", { name });
    return asBuffer(found).toString("utf8");
  }

  /** The same by a process of the container, which the C function cannot. */
  async hostNameOf(pid: number): Promise<string> {
    const asked = { pid: checkPid(pid) };
    const { name } = await this.#container(TYPE.HOSTNAME_REQUEST, "pmdaRootContainerHostName", asked);
    return asBuffer(name).toString("utf8");
  }

  /** pmdaRootContainerProcessID; null when the container does not run. */
  async containerProcessId(name: string): Promise<number | null> {
    const { pid } = await this.#container(TYPE.PROCESSID_REQUEST, "pmdaRootContainerProcessID", { name });
    return pid > 0 ? pid : null;
  }

  /** pmdaRootContainerCGroupName: below the mount point, without a slash in front. */
  async containerCgroupName(name: string): Promise<string> {
    const { name: found } = await this.#container(TYPE.CGROUPNAME_REQUEST, "pmdaRootContainerCGroupName", { name });
    return asBuffer(found).toString("utf8");
  }

  /** pmdaRootProcessStart. `commandLine` is split at blanks. A program that cannot be run is told by its wait status, 0x100. */
  async processStart(label: string, commandLine: string, ipc: keyof typeof IPC = "PIPE"): Promise<StartedRemotely> {
    const call = "pmdaRootProcessStart";
    this.#checkText(call, "label", label, 1, LONGEST_LABEL);
    this.#checkText(call, "command line", commandLine, 1, LONGEST_ARGUMENTS);
    const { bytes, descriptors } = await this.#exchange(call, startRequest(IPC[ipc], label, commandLine));
    const reply = readStartReply(bytes);
    if ("status" in reply) {
      for (const fd of descriptors) fd.close();
      throw this.#failed(call, reply, label);
    }
    const [toChild = null, fromChild = null, ...rest] = descriptors;
    for (const fd of rest) fd.close();
    return { pid: reply.pid, toChild, fromChild };
  }

  /** pmdaRootProcessWait: any process that has ended; "running" if none has yet, null if there are none left to wait for. */
  async processWait(): Promise<EndedProcess | "running" | null> {
    const [kept] = this.#ended.values();
    if (kept) {
      this.#ended.delete(kept.pid);
      return kept;
    }
    return this.#wait();
  }

  /**
   * The same of one process. It asks for any and keeps what is of others: pmdaroot(1) takes a wait for a pid as an order to
   * send it SIGTERM.
   */
  async processWaitFor(pid: number): Promise<EndedProcess | "running" | null> {
    checkPid(pid);
    for (;;) {
      const kept = this.#ended.get(pid);
      if (kept) {
        this.#ended.delete(pid);
        return kept;
      }
      const ended = await this.#wait();
      if (ended === null || ended === "running" || ended.pid === pid) return ended;
      this.#ended.set(ended.pid, ended);
    }
  }

  /** pmdaRootProcessTerminate: SIGKILL. Throws PmdaRootError EPERM for what the server did not start. */
  async processTerminate(pid: number): Promise<void> {
    const call = "pmdaRootProcessTerminate";
    const { bytes } = await this.#exchange(call, stopRequest(checkPid(pid), true));
    const reply = readStopReply(bytes);
    if ("status" in reply) throw this.#failed(call, reply, String(pid));
  }

  /** pmdaRootShutdown, and the descriptor closed as well. */
  close(): void {
    if (this.#socket.isClosed) return;
    if (!this.#isShut) shutdownSocket(this.#socket);
    this.#isShut = true;
    for (const fd of this.#descriptors) fd.close();
    this.#descriptors = [];
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #wait(): Promise<EndedProcess | "running" | null> {
    const call = "pmdaRootProcessWait";
    const { bytes } = await this.#exchange(call, stopRequest(-1, false));
    const reply = readStopReply(bytes);
    if ("status" in reply) throw this.#failed(call, reply);
    if (reply.pid === 0) return "running";
    return reply.pid < 0 ? null : { pid: reply.pid, status: reply.code };
  }

  async #container(
    type: ContainerRequestType,
    call: string,
    asked: { readonly pid?: number; readonly name?: string },
  ): Promise<ContainerReply> {
    if (asked.name !== undefined) this.#checkText(call, "name", asked.name, 1, LONGEST_NAME);
    const { bytes } = await this.#exchange(call, containerRequest(type, asked));
    const reply = readContainerReply(bytes, type + 1);
    if ("status" in reply) throw this.#failed(call, reply, asked.name ?? String(asked.pid));
    return reply;
  }

  #checkText(call: string, what: string, text: string, least: number, most: number): void {
    const length = Buffer.byteLength(text);
    const problem =
      length < least ? "is empty" : length > most ? `has ${length} bytes, at most ${most} are allowed` : null;
    if (problem === null && !text.includes("\0")) return;
    throw new PmdaRootError(
      length > most ? STATUS.E2BIG : STATUS.EINVAL,
      `${call}: the ${what} ${problem ?? "holds a NUL byte"}`,
    );
  }

  /** One request and its reply; the next one waits. */
  #exchange(call: string, request: Buffer): Promise<Arrival> {
    const turn = this.#last.then(() => this.#ask(call, request));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #ask(call: string, request: Buffer): Promise<Arrival> {
    if (this.#socket.isClosed) throw new PmdaRootError(STATUS.ENOTCONN, `${call}: not connected to ${this.#path}`);
    const count = sendMessage(this.#socket, request);
    if (count !== request.length) {
      // What the C function returns for any failed send.
      const cause = new SysError(count < 0 ? -count : 5, "sendmsg", this.#path);
      this.close();
      throw new PmdaRootError(STATUS.EPERM, `${call}: ${cause.message}`, {
        target: this.#path,
        errno: cause.errnoName,
        cause,
      });
    }
    return this.#receive(call);
  }

  async #receive(call: string): Promise<Arrival> {
    const deadline = new AbortController();
    const cancel = this.#clock.setTimer(this.#timeoutMs, () => deadline.abort());
    try {
      for (;;) {
        const message = this.#framer.next();
        if (message !== null) return this.#arrived(message);
        if (await this.#read()) continue;
        if (!(await waitEvent(this.#socket, EPOLL.IN, deadline.signal))) throw this.#timedOut(call);
      }
    } catch (thrown) {
      // A reply that comes too late would be taken for that to the next request.
      this.close();
      if (thrown instanceof SysError) {
        throw new PmdaRootError(-thrown.errno, `${call}: ${thrown.message}`, { target: this.#path, cause: thrown });
      }
      throw thrown;
    } finally {
      cancel();
    }
  }

  /** False when nothing has come yet. */
  async #read(): Promise<boolean> {
    const received = receiveMessage(this.#socket, LONGEST_MESSAGE);
    if (received === null) return false;
    this.#descriptors.push(...received.descriptors);
    if (received.bytes.length === 0) throw this.#goneAway();
    this.#framer.append(received.bytes);
    return true;
  }

  #arrived(message: Uint8Array): Arrival {
    const descriptors = this.#descriptors;
    this.#descriptors = [];
    return { bytes: message.slice(), descriptors };
  }

  #goneAway(): PmdaRootError {
    const hint = "it closes the connections of users who may not ask, and those of requests it does not take";
    return new PmdaRootError(STATUS.EINVAL, `the server at ${this.#path} closed the connection`, {
      target: this.#path,
      errno: "ECONNRESET",
      hint,
    });
  }

  #timedOut(call: string): PmdaRootError {
    const seconds = this.#timeoutMs / 1000;
    return new PmdaRootError(STATUS.ETIMEDOUT, `${call}: no answer from ${this.#path} within ${seconds} s`, {
      target: this.#path,
    });
  }

  #failed(call: string, { status, text }: ReplyProblem, target = this.#path): PmdaRootError {
    return new PmdaRootError(status, `${call} ${target}: ${text || statusText(status)}`, { target });
  }
}

/** Replies are framed as requests are; one whose length cannot be is left to the checks of its kind. */
function replyLength(bytes: Uint8Array): number | null {
  if (bytes.length < HEADER_LENGTH) return null;
  const length = asBuffer(bytes).readInt32LE(OFFSET.length);
  return length < HEADER_LENGTH || length > LONGEST_MESSAGE ? bytes.length : length;
}
