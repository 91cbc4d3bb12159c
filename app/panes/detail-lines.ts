/** Lines of a detail that items of several kinds have. */
import type { Exit, Problem, Usage } from "#core/model/daemon.ts";
import { userName } from "#core/store/aggregates.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { clockTime, duration, fullTime, mebibytes } from "./measures.ts";
import type { Cell, DetailLine, DrawContext } from "./pane.ts";

/** `note`: what is said of the state beside its word. */
export function stateLine(state: Cell, note = ""): DetailLine {
  const { text, tone = "text", sign = "none" } = state;
  return { label: "state", text: `${text}${note}`, tone, sign };
}

export function problemLines(problems: readonly Problem[]): readonly DetailLine[] {
  return problems.map(({ code, message }) => ({
    label: "problem",
    text: `${message} (${code})`,
    tone: "warn",
    sign: "warn",
  }));
}

export function userText(snapshot: Snapshot, uid: number): string {
  const name = userName(snapshot, uid);
  return name === String(uid) ? `uid ${uid}` : `${name} (uid ${uid})`;
}

export function startedLine(startedAt: string): DetailLine {
  return { label: "started", text: fullTime(Date.parse(startedAt)) };
}

/** When it ended, and its wait status as in waitpid(2). */
export function endedLine({ at, status }: Exit): DetailLine {
  const text = status === null ? "" : `, wait status 0x${status.toString(16).padStart(4, "0")}`;
  return { label: "ended", text: `${fullTime(Date.parse(at))}${text}` };
}

/** Counted to the newest data, whose time stands beside it. */
export function runningLine(startedAt: string, { atMs }: DrawContext): DetailLine {
  return { label: "running", text: `${duration(atMs - Date.parse(startedAt))} at ${clockTime(atMs)}` };
}

/** `whose`: of one process the memory is what is resident; of a group what the kernel counts for it. */
export function usageLines(usage: Usage | null, whose: "process" | "group"): readonly DetailLine[] {
  if (usage === null) return [];
  const now = usage.cpuPercent === null ? "first sample" : `${usage.cpuPercent.toFixed(1)} %`;
  const memory = `${mebibytes(usage.memoryBytes)} MiB`;
  return [
    { label: "cpu", text: `${now}, ${duration(usage.cpuSeconds * 1000)} in all` },
    { label: "memory", text: whose === "process" ? `${memory} resident` : `${memory}, all its processes` },
  ];
}
