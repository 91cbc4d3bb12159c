/** /proc/PID/stat and /proc/stat: proc_pid_stat(5), proc_stat(5). */
import { MAXIMUM_INT } from "./memory.ts";
import { readProcRecord, readProcText } from "./proc-file.ts";
import { checkInteger } from "./sys-error.ts";

export interface ProcessStat {
  readonly pid: number;
  /** At most 15 bytes; may hold blanks, parentheses and line feeds. */
  readonly comm: string;
  /** One letter: R S D Z T t X I P. */
  readonly state: string;
  readonly parentPid: number;
  readonly processGroup: number;
  readonly session: number;
  /** Those that live, the first one counted as long as its process is not collected. */
  readonly threads: number;
  /** Clock ticks after boot: with the pid, the identity of the process. Kept as text, it is only compared. */
  readonly startTicks: string;
  /** CPU time in clock ticks. */
  readonly userTicks: number;
  readonly systemTicks: number;
  readonly residentPages: number;
  readonly kernelThread: boolean;
  /** Forked, but never executed a program of its own: PF_FORKNOEXEC. */
  readonly forkNoExec: boolean;
  /**
   * Wait status of a zombie; null for what lives. Without the right to trace the process the kernel says 0 instead.
   * (Also null when a line ends before it.)
   */
  readonly exitStatus: number | null;
}

const PF_FORKNOEXEC = 0x40;
const PF_KTHREAD = 0x0020_0000;

/** Places in the line, counted from the state (field 3 of the manual page is 0 here). */
const FIELD = {
  state: 0,
  parentPid: 1,
  processGroup: 2,
  session: 3,
  flags: 6,
  userTicks: 11,
  systemTicks: 12,
  threads: 17,
  startTicks: 19,
  residentPages: 21,
  exitCode: 49,
} as const;

/** null when the process is gone. */
export function readProcessStat(procRoot: string, pid: number): ProcessStat | null {
  const line = readStatLine(procRoot, pid);
  return line === null ? null : parseProcessStat(line);
}

/** The first thread: it stays a zombie as long as others of its process live. */
export const isLeaderGone = ({ state }: ProcessStat): boolean => state === "Z" || state === "X";

/** All of the process. */
export const hasEnded = (stat: ProcessStat): boolean => isLeaderGone(stat) && stat.threads <= 1;

/** Only the start time: what tells a process from a later one with the same pid. null when it is gone. */
export function processIdentityTicks(procRoot: string, pid: number): string | null {
  const line = readStatLine(procRoot, pid);
  if (line === null) return null;
  const ticks = line.slice(line.lastIndexOf(")") + 2).split(" ", FIELD.startTicks + 1)[FIELD.startTicks];
  return ticks !== undefined && /^[0-9]+$/.test(ticks) ? ticks : null;
}

function readStatLine(procRoot: string, pid: number): string | null {
  checkInteger(pid, 1, MAXIMUM_INT, "read stat", "pid");
  return readProcRecord(`${procRoot}/${pid}/stat`);
}

/** null when the text is not a stat line. */
export function parseProcessStat(line: string): ProcessStat | null {
  const open = line.indexOf(" (");
  // comm may hold ')' itself; no field after it does.
  const close = line.lastIndexOf(") ");
  if (open < 1 || close < open + 2) return null;
  const fields = line.slice(close + 2).split(" ");
  const numberAt = (index: number) => Number(fields[index]);
  const startTicks = fields[FIELD.startTicks];
  const state = fields[FIELD.state];
  const stat = {
    pid: Number(line.slice(0, open)),
    comm: line.slice(open + 2, close),
    state: state ?? "",
    parentPid: numberAt(FIELD.parentPid),
    processGroup: numberAt(FIELD.processGroup),
    session: numberAt(FIELD.session),
    threads: numberAt(FIELD.threads),
    startTicks: startTicks ?? "",
    userTicks: numberAt(FIELD.userTicks),
    systemTicks: numberAt(FIELD.systemTicks),
    residentPages: numberAt(FIELD.residentPages),
    kernelThread: (numberAt(FIELD.flags) & PF_KTHREAD) !== 0,
    forkNoExec: (numberAt(FIELD.flags) & PF_FORKNOEXEC) !== 0,
    exitStatus: (state === "Z" || state === "X") && fields.length > FIELD.exitCode ? numberAt(FIELD.exitCode) : null,
  };
  const numbers = [stat.pid, stat.parentPid, stat.processGroup, stat.session, stat.userTicks, stat.systemTicks];
  if (!numbers.every(Number.isSafeInteger) || !Number.isSafeInteger(stat.residentPages)) return null;
  if (stat.state.length !== 1 || !/^[0-9]+$/.test(stat.startTicks)) return null;
  return stat;
}

/** Wall clock of the start of the machine, milliseconds since 1970: exact to 10 ms for this machine, to a second for a
 * tree that stands in for it. 0 when it is not told. */
export function bootTimeMs(procRoot: string): number {
  const line = /^btime ([0-9]+)$/m.exec(readProcText(`${procRoot}/stat`) ?? "");
  if (line === null) return 0;
  const wholeMs = Number(line[1]) * 1000;
  return procRoot === "/proc" ? refine(wholeMs) : wholeMs;
}

/** The kernel tells whole seconds; the uptime tells the rest. Kept, so that the start of a process does not tremble. */
function refine(wholeMs: number): number {
  if (refined?.wholeMs === wholeMs) return refined.bootMs;
  const uptime = Number((readProcText("/proc/uptime") ?? "").split(" ")[0]);
  const exactMs = Date.now() - uptime * 1000;
  const bootMs = exactMs >= wholeMs && exactMs < wholeMs + 1000 ? Math.round(exactMs) : wholeMs;
  refined = { wholeMs, bootMs };
  return bootMs;
}

let refined: { readonly wholeMs: number; readonly bootMs: number } | null = null;
