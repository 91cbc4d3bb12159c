/**
 * The calls of pmdaRootConnect(3), against our server or pmdaroot(1). Whatever goes wrong is a PmdaRootError with the status
 * the C function returns and the cause that function keeps to itself.
 */
import { MusterError } from "#core/model/error.ts";
import type { Fd } from "#ffi/fd.ts";
import { type ClientLine, type ClientOptions, openLine } from "./client-line.ts";
import {
  asBuffer,
  type ContainerRequestType,
  IPC,
  LONGEST_ARGUMENTS,
  LONGEST_LABEL,
  LONGEST_NAME,
  TYPE,
} from "./codec.ts";
import { PmdaRootError } from "./error.ts";
import {
  type ContainerReply,
  checkInfo,
  type ReplyProblem,
  readContainerReply,
  readStartReply,
  readStopReply,
} from "./reply.ts";
import { containerRequest, startRequest, stopRequest } from "./request.ts";
import { STATUS, statusText } from "./status.ts";

export type { ClientOptions } from "./client-line.ts";

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

/** pmdaRootConnect. Throws PmdaRootError: EPERM as the C function, with the errno of connect(2) beside it. */
export async function connectRoot(options: ClientOptions): Promise<RootClient> {
  const client = new RootClient(await openLine(options));
  try {
    await client.greet();
    return client;
  } catch (thrown) {
    client.close();
    throw thrown;
  }
}

export class RootClient implements Disposable {
  readonly #line: ClientLine;
  /** Ends of processes that a wait for another one was told. */
  readonly #ended = new Map<number, EndedProcess>();

  constructor(line: ClientLine) {
    this.#line = line;
  }

  /** The process that listens there and its user, as the kernel says. Throws SysError. */
  get server(): { readonly pid: number; readonly uid: number } {
    const { pid, uid } = this.#line.server;
    return { pid, uid };
  }

  /** The server speaks first. One that closes instead lets only others in. */
  async greet(): Promise<void> {
    const { bytes } = await this.#line.receive("pmdaRootConnect");
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
    const { bytes, descriptors } = await this.#line.exchange(call, startRequest(IPC[ipc], label, commandLine));
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
    const { bytes } = await this.#line.exchange(call, stopRequest(checkPid(pid), true));
    const reply = readStopReply(bytes);
    if ("status" in reply) throw this.#failed(call, reply, String(pid));
  }

  /** pmdaRootShutdown, and the descriptor closed as well. */
  close(): void {
    this.#line.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #wait(): Promise<EndedProcess | "running" | null> {
    const call = "pmdaRootProcessWait";
    const { bytes } = await this.#line.exchange(call, stopRequest(-1, false));
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
    const { bytes } = await this.#line.exchange(call, containerRequest(type, asked));
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

  #failed(call: string, { status, text }: ReplyProblem, target = this.#line.path): PmdaRootError {
    return new PmdaRootError(status, `${call} ${target}: ${text || statusText(status)}`, { target });
  }
}

/** A number the C interface takes; throws MusterError USAGE for any other. */
function checkPid(pid: number): number {
  if (Number.isInteger(pid) && pid > 0 && pid <= 0x7fff_ffff) return pid;
  throw new MusterError("USAGE", `${pid} is no process id`, { target: String(pid) });
}
