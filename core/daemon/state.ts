/** The word of state, derived from facts that are kept apart. One place, so that all front doors say the same. */
import type { DaemonState, Problem } from "#core/model/daemon.ts";
import type { DaemonFacts } from "./facts.ts";

export interface Verdict {
  readonly state: DaemonState;
  readonly present: boolean | null;
  readonly ready: boolean | null;
  readonly problems: readonly Problem[];
}

/** Pid files are written a moment after the process starts; clocks step a little. */
const SLACK_MS = 2000;

export function judgeFacts(facts: DaemonFacts, wanted: "up" | "down" | null, pidFile: string): Verdict {
  const { content } = facts;
  if (content.phase === "unreadable") {
    const problem = { code: "PID_FILE_UNREADABLE", message: `${pidFile} cannot be read: ${content.reason}` };
    return { state: "unknown", present: null, ready: null, problems: [problem] };
  }
  const verdict = facts.isLocked ? whileLocked(facts, pidFile) : whileFree(facts, pidFile);
  if (wanted === "up" && (verdict.state === "down" || verdict.state === "stale")) {
    const problem = { code: "NOT_UP", message: "it is wanted up, but it is not" };
    return { ...verdict, state: "failed", problems: [...verdict.problems, problem] };
  }
  return verdict;
}

function whileLocked({ content, process, holder }: DaemonFacts, pidFile: string): Verdict {
  switch (content.phase) {
    case "starting":
      return { state: "starting", present: true, ready: false, problems: [] };
    case "pid": {
      if (process)
        return { state: "up", present: true, ready: true, problems: notHolder(process.pid, holder, pidFile) };
      const who = holder === null ? "another process" : `process ${holder}`;
      const message = `process ${content.pid} has ended, but ${who} still holds the lock of ${pidFile}`;
      return { state: "stopping", present: false, ready: false, problems: [{ code: "LOCK_INHERITED", message }] };
    }
    case "invalid": {
      const message = `${pidFile} is locked, but ${content.reason}`;
      return { state: "unknown", present: true, ready: null, problems: [{ code: "PID_FILE_INVALID", message }] };
    }
    default:
      return { state: "stopping", present: true, ready: false, problems: [] };
  }
}

function notHolder(pid: number, holder: number | null, pidFile: string): Problem[] {
  if (holder === null || holder === pid) return [];
  return [{ code: "HOLDER_DIFFERS", message: `${pidFile} names process ${pid}, but process ${holder} holds its lock` }];
}

function whileFree({ content, process, file }: DaemonFacts, pidFile: string): Verdict {
  if (content.phase === "absent" || content.phase === "empty") {
    return { state: "down", present: false, ready: false, problems: [] };
  }
  if (process && (file === null || process.startedMs <= file.modifiedMs + SLACK_MS)) {
    const message = `process ${process.pid} lives, but does not lock ${pidFile}: whether it is the daemon cannot be told`;
    return { state: "unlocked", present: true, ready: null, problems: [{ code: "NOT_LOCKED", message }] };
  }
  const why = process
    ? `process ${process.pid} is younger than the file: the pid was given to another process`
    : "the daemon ended without emptying it";
  return {
    state: "stale",
    present: false,
    ready: false,
    problems: [{ code: "STALE_PID_FILE", message: `${pidFile} is stale: ${why}` }],
  };
}
