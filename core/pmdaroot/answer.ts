/** Request -> reply. What fails is a status in the reply; nothing here closes a connection. */

import { SysError } from "#ffi/sys-error.ts";
import { containerCgroup } from "./cgroup-path.ts";
import { containerMessage, LONGEST_NAME, stopMessage, TYPE } from "./codec.ts";
import { type ContainerRecord, displayName } from "./container.ts";
import type { ContainerIndex } from "./container-index.ts";
import { PmdaRootError } from "./error.ts";
import { type FirstProcess, hostNameOf } from "./first-process.ts";
import type { Starter } from "./process-row.ts";
import type { ProcessTable, StartedProcess } from "./process-table.ts";
import { containerError, startReply } from "./reply.ts";
import type { ContainerRequest, StartRequest, StopRequest } from "./request.ts";
import { statPath } from "./stat-path.ts";
import { STATUS } from "./status.ts";

export interface Answerer {
  readonly index: ContainerIndex;
  readonly processes: ProcessTable;
  readonly procRoot: string;
  /** Where programs are started for clients, if it is there; else where this process is. */
  readonly agentDirectory: string | null;
  readonly log: (text: string) => void;
}

/** A promise only where an engine has to be asked first. */
export function answerContainer(world: Answerer, request: ContainerRequest): Buffer | Promise<Buffer> {
  try {
    if (request.name === null) return hostNameReply(world, request.pid, null);
    const record = world.index.find(request.name);
    const process = world.index.processOf(record);
    if (!(process instanceof Promise)) return replyAbout(world, request, record, process);
    return process
      .then((found) => replyAbout(world, request, record, found))
      .catch((thrown) => failed(world, request, thrown));
  } catch (thrown) {
    return failed(world, request, thrown);
  }
}

/** A container that does not run has no process: 0, which is an answer. It has no host name and no cgroup: those are errors. */
function replyAbout(
  world: Answerer,
  { type }: ContainerRequest,
  record: ContainerRecord,
  process: FirstProcess | null,
): Buffer {
  if (type === TYPE.PROCESSID_REQUEST) return containerMessage(TYPE.PROCESSID, 0, process?.pid ?? 0);
  if (process === null) throw doesNotRun(record);
  if (type === TYPE.HOSTNAME_REQUEST) return hostNameReply(world, process.pid, { record, process });
  return cgroupReply(record, process);
}

/** The last one of each: it is the same until somebody moves the process. */
const cgroupReplies = new WeakMap<FirstProcess, { readonly path: string; readonly reply: Buffer }>();

function cgroupReply(record: ContainerRecord, process: FirstProcess): Buffer {
  const path = process.cgroup();
  if (path === null) throw doesNotRun(record);
  const last = cgroupReplies.get(process);
  if (last?.path === path) return last.reply;
  const reply = namedReply(TYPE.CGROUPNAME, process.pid, containerCgroup(path, record).slice(1));
  cgroupReplies.set(process, { path, reply });
  return reply;
}

function hostNameReply(
  { procRoot }: Answerer,
  pid: number,
  meant: { readonly record: ContainerRecord; readonly process: FirstProcess } | null,
): Buffer {
  if (pid <= 0) throw new PmdaRootError(STATUS.ENOENT, `${pid} is no process`, { target: String(pid) });
  const name = meant === null ? hostNameOf(procRoot, pid) : meant.process.hostName();
  if (meant !== null && name === null) throw doesNotRun(meant.record);
  return namedReply(TYPE.HOSTNAME, pid, name ?? "");
}

function namedReply(type: number, pid: number, name: string): Buffer {
  const bytes = Buffer.from(name);
  if (bytes.length > LONGEST_NAME) throw new PmdaRootError(STATUS.E2BIG, `a name of ${bytes.length} bytes`);
  return containerMessage(type, 0, pid, bytes);
}

function doesNotRun(record: ContainerRecord): PmdaRootError {
  const state = record.state === "created" ? "was never started" : "does not run";
  return new PmdaRootError(STATUS.ENOENT, `${record.engine} container '${displayName(record)}' ${state}`, {
    target: record.id,
  });
}

function failed({ index, log }: Answerer, { type, pid, name }: ContainerRequest, thrown: unknown): Buffer {
  const status = statusOf(thrown);
  if (status === null) throw thrown;
  const message = (thrown as Error).message;
  // Collectors ask again and again about a container that is gone or does not run.
  if (status !== STATUS.NOCONTAINER && status !== STATUS.ENOENT) log(message);
  // The status alone says it all of a process, and of a name that nothing has.
  const text = name === null || (status === STATUS.NOCONTAINER && index.leftOut.isEmpty) ? "" : message;
  return containerError(type + 1, status, pid, text);
}

function statusOf(thrown: unknown): number | null {
  if (thrown instanceof PmdaRootError) return thrown.status;
  return thrown instanceof SysError ? -thrown.errno : null;
}

export interface ProcessAnswer {
  readonly reply: Buffer;
  /** For the log, once the reply is on its way; null: nothing has happened. */
  readonly line: string | null;
}

export interface StartAnswer extends ProcessAnswer {
  readonly started: StartedProcess | null;
}

export function answerStart(
  { processes, agentDirectory }: Answerer,
  starter: Starter,
  request: StartRequest,
): StartAnswer {
  const label = Buffer.from(request.label).toString("utf8").split("\0", 1)[0] ?? "";
  try {
    // PCP's agents write their logs to where they are: from pmdaroot(1) they have pmcd's directory.
    const cwd = agentDirectory !== null && statPath(agentDirectory)?.isDirectory() ? agentDirectory : null;
    const started = processes.start(starter, label, request.commandLine, request.ipcType, cwd);
    const line = `started process ${started.pid} (${label}): ${request.commandLine}`;
    return { reply: startReply(0, started.pid, request.label), started, line };
  } catch (thrown) {
    if (!(thrown instanceof PmdaRootError)) throw thrown;
    return { reply: startReply(thrown.status, -1, request.label), started: null, line: null };
  }
}

export function answerStop({ processes }: Answerer, starter: Starter, { pid, isForced }: StopRequest): ProcessAnswer {
  try {
    if (!isForced) {
      const ended = pid > 0 ? processes.waitFor(starter, pid) : processes.wait(starter);
      return { reply: stopMessage(TYPE.STOP, 0, ended.pid, ended.code, 0), line: null };
    }
    processes.terminate(pid);
    return { reply: stopMessage(TYPE.STOP, 0, pid, 0, 0), line: `terminated process ${pid}` };
  } catch (thrown) {
    const status = statusOf(thrown);
    if (status === null) throw thrown;
    const reply = stopMessage(TYPE.STOP, status, pid, 0, 0);
    // The kernel's reason: it became another user's, who is beyond a server that is not root's.
    const isKernels = thrown instanceof SysError;
    const failure = `was not ${isForced ? "terminated" : "waited for"}`;
    return { reply, line: isKernels ? `process ${pid} ${failure}: ${thrown.message}` : null };
  }
}
