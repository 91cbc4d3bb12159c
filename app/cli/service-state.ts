/** Whether the service runs, as which process and since when: by its pid file, and by its own word if it answers. */
import { check } from "#core/daemon/check.ts";
import { openPidFile, readPidFile } from "#core/daemon/pid-file.ts";
import { timestamp } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { plainDocument } from "#core/output/document.ts";
import { bootTimeMs, clockTicksPerSecond, processIdentityTicks } from "#ffi/procfs.ts";
import { writeText } from "./context.ts";
import { servicePlace } from "./service-place.ts";
import { origin, type Session, writeDocument } from "./session.ts";

export interface ServiceState {
  /** null: it cannot be told. */
  readonly running: boolean | null;
  readonly pid: number | null;
  readonly startedAt: string | null;
  readonly pidFile: string;
  readonly socket: string;
  /** What its pid file says, in one sentence. */
  readonly detail: string;
}

/** Throws nothing: a pid file that may not be read is one of the answers. Never takes the guard: only looks. */
export function serviceState(environment: Environment): ServiceState {
  const { pidFile, socket } = servicePlace(environment);
  const places = { pidFile, socket };
  try {
    const { status, message } = check(pidFile);
    const running = status === "ok" ? true : status === "error" ? null : false;
    const pid = status === "ok" ? pidIn(pidFile) : null;
    return { running, pid, startedAt: pid === null ? null : startOf(environment, pid), ...places, detail: message };
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    return { running: null, pid: null, startedAt: null, ...places, detail };
  }
}

/** `exitCode`: left out, it tells whether the service runs. */
export async function writeStatus(session: Session, exitCode?: number): Promise<number> {
  const { call, environment } = session;
  const state = serviceState(environment);
  if (call.isJson) await writeDocument(call, plainDocument("ServiceStatus", origin(session), { ...state }));
  else if (!call.isQuiet) await writeText(call, `${sentenceOf(state)}\n`);
  return exitCode ?? (state.running === true ? 0 : 1);
}

function sentenceOf({ running, pid, startedAt, socket, detail }: ServiceState): string {
  if (running === null) return `it cannot be told whether the service runs: ${detail}`;
  if (!running) return "the service does not run";
  const since = startedAt === null ? "" : ` since ${startedAt}`;
  return `the service runs as process ${pid ?? "?"}${since}; it listens on ${socket}`;
}

function pidIn(pidFile: string): number | null {
  using fd = openPidFile(pidFile);
  const content = fd ? readPidFile(fd).content : null;
  return content?.phase === "pid" ? content.pid : null;
}

function startOf({ procRoot }: Environment, pid: number): string | null {
  const ticks = processIdentityTicks(procRoot, pid);
  if (ticks === null) return null;
  return timestamp(bootTimeMs(procRoot) + (Number(ticks) * 1000) / clockTicksPerSecond());
}
