/**
 * The first process of a container: what the engine wrote is only a number, and may be of a container that ended long ago.
 * It counts if the process lives and is the one the engine meant, and only as long as that very process lives.
 */

import { userNamespaceOwner } from "#ffi/namespace-owner.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { readProcRecord } from "#ffi/proc-file.ts";
import { bootTimeMs, clockTicksPerSecond, type ProcessStat, readProcessStat } from "#ffi/procfs.ts";
import { SysError } from "#ffi/sys-error.ts";
import { namesContainer } from "./cgroup-path.ts";
import type { ContainerRecord } from "./container.ts";

/** Clocks of file systems tick every 4 ms, those of processes every 10; a clock that was set meanwhile by more is rare. */
const SLACK_MS = 2000;

export class FirstProcess implements Disposable {
  readonly pid: number;
  readonly startTicks: string;
  readonly #procRoot: string;
  /** null where descriptors are short: then the start time is compared instead. */
  readonly #pidfd: PidFd | null;

  private constructor(procRoot: string, pid: number, startTicks: string, pidfd: PidFd | null) {
    this.#procRoot = procRoot;
    this.pid = pid;
    this.startTicks = startTicks;
    this.#pidfd = pidfd;
  }

  /** null: no such process, or another one. `mayHold`: whether a descriptor may be spent on it. */
  static find(procRoot: string, record: ContainerRecord, mayHold: boolean): FirstProcess | null {
    const { pid } = record;
    if (pid === null) return null;
    const pidfd = mayHold ? openOrNone(pid) : null;
    const stat = readProcessStat(procRoot, pid);
    // What was read is of the process that is held, since that one lives still.
    if (stat !== null && isMeant(procRoot, record, stat) && pidfd !== "gone" && (pidfd?.isAlive() ?? true)) {
      return new FirstProcess(procRoot, pid, stat.startTicks, pidfd);
    }
    if (pidfd !== "gone") pidfd?.close();
    return null;
  }

  isAlive(): boolean {
    if (this.#pidfd !== null) return this.#pidfd.isAlive();
    const stat = readProcessStat(this.#procRoot, this.pid);
    return stat !== null && lives(stat) && stat.startTicks === this.startTicks;
  }

  /** Of use for a watch; null where none is held. */
  get pidfd(): PidFd | null {
    return this.#pidfd;
  }

  [Symbol.dispose](): void {
    this.#pidfd?.close();
  }
}

/** null where none can be had. */
function openOrNone(pid: number): PidFd | "gone" | null {
  try {
    return PidFd.open(pid) ?? "gone";
  } catch (thrown) {
    if (thrown instanceof SysError) return null;
    throw thrown;
  }
}

function lives(stat: ProcessStat): boolean {
  return stat.state !== "Z" && stat.state !== "X";
}

function isMeant(procRoot: string, record: ContainerRecord, stat: ProcessStat): boolean {
  if (!lives(stat) || stat.kernelThread) return false;
  // What a user writes into his own files may name anybody's process.
  if (record.owner !== null && userNamespaceOwner(procRoot, stat.pid) !== record.owner) return false;
  if (record.startTicks !== null) return record.startTicks === stat.startTicks;
  const startedMs = bootTimeMs(procRoot) + (Number(stat.startTicks) * 1000) / clockTicksPerSecond();
  if (startedMs <= record.writtenAtMs + SLACK_MS) return true;
  // Started after it was written down: another process, unless the clock was set and its cgroup bears the container's id.
  const cgroups = readProcRecord(`${procRoot}/${stat.pid}/cgroup`) ?? "";
  return cgroups.split("\n").some((line) => line.split("/").some((part) => namesContainer(part, record)));
}
