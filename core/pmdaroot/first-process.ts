/**
 * The first process of a container: what the engine wrote is only a number, and may be of a container that ended long ago.
 * It counts if the process lives and is the one the engine meant, and only as long as that very process lives.
 */

import { type Fd, OPEN, openFd } from "#ffi/fd.ts";
import { hostNameIn } from "#ffi/host-name.ts";
import { userNamespaceOwner } from "#ffi/namespace-owner.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { KeptRecord, readProcRecord } from "#ffi/proc-file.ts";
import { bootTimeMs, clockTicksPerSecond, type ProcessStat, readProcessStat } from "#ffi/procfs.ts";
import { SysError } from "#ffi/sys-error.ts";
import { namesContainer, processCgroup } from "./cgroup-path.ts";
import type { ContainerRecord } from "./container.ts";

/** Clocks of file systems tick every 4 ms, those of processes every 10; a clock that was set meanwhile by more is rare. */
const SLACK_MS = 2000;

export class FirstProcess implements Disposable {
  readonly pid: number;
  readonly startTicks: string;
  readonly #procRoot: string;
  /** null where descriptors are short: then the start time is compared instead. */
  readonly #pidfd: PidFd | null;
  /** Opened with the first question, where a pidfd is held too. */
  #cgroupFile: KeptRecord | null = null;
  #cgroups: { readonly text: string; readonly path: string | null } = { text: "", path: null };

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

  /** The host name it sees; null when it has ended. Throws SysError. */
  hostName(): string | null {
    const name = this.#hostNameByPidfd();
    if (name !== undefined) return name;
    using namespace = openIfThere(`${this.#procRoot}/${this.pid}/ns/uts`);
    // Open, it stays the namespace of whoever had the number: the one meant, if that one lives still.
    return namespace !== null && this.isAlive() ? hostNameIn(namespace) : null;
  }

  /** undefined where the kernel, or a /proc that stands in for it, does not take pidfds for that. */
  #hostNameByPidfd(): string | null | undefined {
    if (this.#pidfd === null || !canEnterByPidfd) return undefined;
    try {
      return hostNameIn(this.#pidfd.fd);
    } catch (thrown) {
      if (thrown instanceof SysError && thrown.errnoName === "ESRCH") return null;
      if (!(thrown instanceof SysError && thrown.errnoName === "EINVAL")) throw thrown;
      canEnterByPidfd = false;
      return undefined;
    }
  }

  /** As the kernel says at this moment, with its leading slash; null when it has ended. Throws SysError. */
  cgroup(): string | null {
    const text = this.cgroupText();
    if (text === null) return null;
    // It is moved hardly ever, and told in a dozen lines where there are as many hierarchies.
    if (text !== this.#cgroups.text) this.#cgroups = { text, path: processCgroup(text) };
    return this.#cgroups.path;
  }

  /** All of /proc/PID/cgroup; null when it has ended. Throws SysError. */
  cgroupText(): string | null {
    const path = `${this.#procRoot}/${this.pid}/cgroup`;
    if (this.#pidfd === null) {
      const text = readProcRecord(path);
      return this.isAlive() ? text : null;
    }
    if (this.#cgroupFile === null) {
      const file = openIfThere(path);
      // The one who has the number now is the one meant, if that one lives still; the descriptor stays his.
      if (file === null || !this.isAlive()) {
        file?.close();
        return null;
      }
      this.#cgroupFile = new KeptRecord(file);
    }
    return this.#cgroupFile.read();
  }

  [Symbol.dispose](): void {
    this.#pidfd?.close();
    this.#cgroupFile?.[Symbol.dispose]();
  }
}

/** Since Linux 5.8. */
let canEnterByPidfd = true;

/** The host name any process sees. Throws SysError: ENOENT when there is none, EACCES when it may not be looked at. */
export function hostNameOf(procRoot: string, pid: number): string {
  using namespace = openFd(`${procRoot}/${pid}/ns/uts`, OPEN.READ_ONLY);
  return hostNameIn(namespace);
}

function openIfThere(path: string): Fd | null {
  try {
    return openFd(path, OPEN.READ_ONLY);
  } catch (thrown) {
    if (thrown instanceof SysError && thrown.errnoName === "ENOENT") return null;
    throw thrown;
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
