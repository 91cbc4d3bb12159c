/** A process as a module sees it: read of /proc when it is first asked for, and never of a later one with the same pid. */
import { readProcRecord, readProcText } from "#ffi/proc-file.ts";
import { type ProcessStat, readProcessStat } from "#ffi/procfs.ts";
import type { PaggProcess } from "../module-api.ts";

/** Start times are cut to whole ticks. */
const TICK_SLACK = 1;
const NOBODY = 0xffff_ffff;

export interface ProcessIdentity {
  readonly pid: number;
  readonly parentPid: number;
  /** null: not known yet; then it has started by `ticks` at the latest. */
  readonly startTicks: string | null;
  readonly ticks: number;
}

interface Read {
  comm?: string | null;
  argv?: readonly string[] | null;
  uid?: number | null;
  loginUid?: number | null;
}

export class ProcessView implements PaggProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly #procRoot: string;
  readonly #ticks: number;
  #startTicks: string | null;
  #read: Read;

  constructor(procRoot: string, identity: ProcessIdentity, parent: ProcessView | null) {
    this.pid = identity.pid;
    this.parentPid = identity.parentPid;
    this.#procRoot = procRoot;
    this.#startTicks = identity.startTicks;
    this.#ticks = identity.ticks;
    this.#read = parent ? { ...parent.#read } : {};
  }

  get startTicks(): string | null {
    return this.#startTicks ?? this.#stat()?.startTicks ?? null;
  }

  get comm(): string | null {
    this.#read.comm ??= this.#stat()?.comm ?? null;
    return this.#read.comm;
  }

  get argv(): readonly string[] | null {
    if (this.#read.argv === undefined) {
      const text = this.#file("cmdline", readProcRecord);
      this.#read.argv = text === null ? null : text.replace(/\0$/, "").split("\0");
    }
    return this.#read.argv;
  }

  get uid(): number | null {
    if (this.#read.uid === undefined) {
      const match = /^Uid:\s+([0-9]+)/m.exec(this.#file("status", readProcText) ?? "");
      this.#read.uid = match ? Number(match[1]) : null;
    }
    return this.#read.uid;
  }

  get loginUid(): number | null {
    if (this.#read.loginUid === undefined) {
      const text = this.#file("loginuid", readProcRecord);
      const uid = text !== null && /^[0-9]+\n?$/.test(text) ? Number(text) : NOBODY;
      this.#read.loginUid = uid === NOBODY ? null : uid;
    }
    return this.#read.loginUid;
  }

  /** It executes another program: what was read no longer holds. */
  forget(): void {
    this.#read = {};
  }

  /** The file if it was still the same process after it was read. */
  #file(name: string, read: (path: string) => string | null): string | null {
    try {
      const text = read(`${this.#procRoot}/${this.pid}/${name}`);
      return this.#stat() === null ? null : text;
    } catch {
      // hidepid of proc(5), or a kernel without audit.
      return null;
    }
  }

  #stat(): ProcessStat | null {
    let stat: ProcessStat | null;
    try {
      stat = readProcessStat(this.#procRoot, this.pid);
    } catch {
      return null;
    }
    if (stat === null) return null;
    if (this.#startTicks === null && Number(stat.startTicks) <= this.#ticks + TICK_SLACK) {
      this.#startTicks = stat.startTicks;
    }
    return stat.startTicks === this.#startTicks ? stat : null;
  }
}
