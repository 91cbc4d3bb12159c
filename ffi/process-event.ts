/** Messages of the proc connector: include/uapi/linux/cn_proc.h behind a connector and a netlink header. */
export type ProcessEvent =
  | {
      readonly type: "fork";
      /** The thread that forked may be any; the process is `parentTgid`. */
      readonly parentPid: number;
      readonly parentTgid: number;
      readonly childPid: number;
      /** Nanoseconds of CLOCK_MONOTONIC, as in every event that has a time. */
      readonly timeNs: number;
    }
  | { readonly type: "exec"; readonly pid: number }
  | {
      readonly type: "exit";
      readonly pid: number;
      /** Wait status */
      readonly status: number;
      /** The process that is its parent now; 0 if that had collected it already, and before Linux 4.18. */
      readonly parentPid: number;
      readonly timeNs: number;
    }
  // Of a thread that is not the first of its process; told only to those who ask for it.
  | { readonly type: "threadStart"; readonly tgid: number }
  | { readonly type: "threadExit"; readonly tgid: number; readonly status: number; readonly timeNs: number };

export type ProcessEventType = "fork" | "exec" | "exit";

/** Bits of the kernel's filter; the same numbers name the events. */
export const EVENT_BITS: Readonly<Record<ProcessEventType, number>> = { fork: 0x1, exec: 0x2, exit: 0x8000_0000 };

/** What a message says: an event of a process, the answer to a request of ours, or nothing of interest. */
export type ConnectorMessage =
  | ProcessEvent
  | { readonly type: "acknowledgement"; readonly errno: number; readonly answers: number };

/** nlmsghdr 16, cn_msg 20; then proc_event: what, cpu, time (8), data. */
export const OFFSET = { source: 16, answers: 28, length: 32, what: 36, time: 44, data: 52 } as const;

const CONNECTOR_PROCESS = 1;
const LONGEST_DATA = 24;

/**
 * The message in the first `length` bytes of `view`: null for other events, and bytes that are none. It takes a view,
 * which the reader makes once: a storm brings tens of thousands of messages a second.
 */
export function parseConnectorMessage(view: DataView, length: number): ConnectorMessage | null {
  const has = (words: number) => length >= OFFSET.data + words * 4;
  if (!has(1) || view.getUint32(OFFSET.source, true) !== CONNECTOR_PROCESS) return null;
  if (view.getUint32(OFFSET.source + 4, true) !== CONNECTOR_PROCESS) return null;
  const word = (index: number) => view.getUint32(OFFSET.data + index * 4, true);
  switch (view.getUint32(OFFSET.what, true)) {
    case 0:
      return { type: "acknowledgement", errno: word(0), answers: view.getUint32(OFFSET.answers, true) };
    case EVENT_BITS.fork:
      // parent pid, parent tgid, child pid, child tgid
      if (!has(4)) return null;
      if (word(2) !== word(3)) return { type: "threadStart", tgid: word(3) };
      return { type: "fork", parentPid: word(0), parentTgid: word(1), childPid: word(2), timeNs: timeOf(view) };
    case EVENT_BITS.exec:
      return has(2) && word(0) === word(1) ? { type: "exec", pid: word(0) } : null;
    case EVENT_BITS.exit: {
      // pid, tgid, status, signal to the parent, and since 4.18 parent pid and parent tgid
      if (!has(4)) return null;
      const [status, timeNs] = [word(2), timeOf(view)];
      if (word(0) !== word(1)) return { type: "threadExit", tgid: word(1), status, timeNs };
      return { type: "exit", pid: word(0), status, parentPid: has(LONGEST_DATA / 4) ? word(5) : 0, timeNs };
    }
    default:
      return null;
  }
}

/** As a number: after 104 days of uptime it is a few nanoseconds off. */
function timeOf(view: DataView): number {
  return view.getUint32(OFFSET.time + 4, true) * 2 ** 32 + view.getUint32(OFFSET.time, true);
}
