/**
 * START: run the command under the guard lock and believe nothing it says. It has succeeded only if afterwards somebody
 * holds the lock of the pid file, the file names a pid, and that process lives and is the one that holds the lock.
 */
import { delay } from "#core/model/clock.ts";
import { MusterError } from "#core/model/error.ts";
import { describeWaitStatus } from "#ffi/signals.ts";
import type { Credentials } from "./accounts.ts";
import { answer, judge } from "./answer.ts";
import type { ActiveParams, ControlContext } from "./control-params.ts";
import { waitWithDeadline } from "./deadline.ts";
import { holdProcess } from "./holder.ts";
import { openPidFile, type PidFileReading, readPidFile } from "./pid-file.ts";
import { spawnProgram } from "./program.ts";

/** How to start: either a command that follows the protocol itself, or muster's own way of daemonizing one. */
export interface StartCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  readonly credentials: Credentials | null;
  /** For the command to end and the pid to be written; null: without end. */
  readonly deadlineSeconds: number | null;
  /** Takes the place of running argv: daemonizes it under the protocol. Throws MusterError. */
  readonly daemonize: ((argv: readonly string[]) => Promise<unknown>) | null;
  /** Where the command's output goes: to this process's own, or nowhere. */
  readonly output: "inherit" | "null";
}

/** Runs already 100; started 0; started over a stale pid file 103, which is success too. Throws START_FAILED. */
export async function startDaemon(command: StartCommand, params: ActiveParams, context: ControlContext) {
  const { pidFile } = params;
  const before = look(pidFile);
  const was = before ? judge(pidFile, before) : null;
  if (was?.status === "error") return was;
  if (was?.status === "ok") return answer("alreadyDone", "the daemon runs already");
  params.onStep({ op: "run", text: `running ${command.argv.join(" ")}`, argv: command.argv });
  if (command.daemonize) await command.daemonize(command.argv);
  else await runToEnd(command, params, context);
  const pid = await provePid(command, params, context);
  return answer(was?.status === "stale" ? "stale" : "ok", `the daemon runs as process ${pid}`);
}

function look(pidFile: string): PidFileReading | null {
  using fd = openPidFile(pidFile);
  return fd ? readPidFile(fd) : null;
}

/** The command itself ends when the daemon is ready; its exit status is not 0 if it failed. */
async function runToEnd(command: StartCommand, params: ActiveParams, context: ControlContext): Promise<void> {
  using child = spawnProgram({ ...command, newSession: false });
  const { pidfd } = child;
  const ended = await waitWithDeadline(context.clock, command.deadlineSeconds, params.abort, (signal) =>
    pidfd.exited(signal),
  );
  if (!ended) {
    const code = params.abort?.aborted ? "CANCELLED" : "START_FAILED";
    throw new MusterError(code, `${command.argv[0]} (process ${child.pid}) has not gone into the background`, {
      target: params.pidFile,
      hint: "a program that stays in the foreground is started by: muster daemons run --pid-file FILE -- COMMAND",
    });
  }
  const status = pidfd.reap();
  if (status !== 0) {
    const how = status === null ? "ended in an unknown way" : `ended with ${describeWaitStatus(status)}`;
    throw startFailed(params.pidFile, `${command.argv[0]} ${how}`);
  }
}

/** A daemon that ends its starter before its pid is written gets until the deadline to write it. */
async function provePid(command: StartCommand, params: ActiveParams, context: ControlContext): Promise<number> {
  const { clock, procRoot } = context;
  const end = clock.nowMs() + (command.deadlineSeconds ?? 5) * 1000;
  for (;;) {
    using fd = openPidFile(params.pidFile);
    const reading = fd && readPidFile(fd);
    if (!fd || !reading?.isLocked) {
      throw startFailed(
        params.pidFile,
        `${command.argv[0]} ended well, but nobody holds the lock of ${params.pidFile}`,
      );
    }
    if (reading.content.phase === "pid") {
      const { pid } = reading.content;
      const holder = holdProcess(fd, reading, pid, procRoot, null);
      holder?.pidfd.close();
      if (holder) return pid;
      throw startFailed(params.pidFile, `${params.pidFile} names process ${pid}, which is gone`);
    }
    if (reading.content.phase === "invalid") {
      throw startFailed(params.pidFile, `pid file ${params.pidFile} ${reading.content.reason}`);
    }
    if (clock.nowMs() >= end || params.abort?.aborted) {
      throw startFailed(params.pidFile, `no pid was written to ${params.pidFile}, though it is locked`);
    }
    await delay(clock, 10, params.abort);
  }
}

function startFailed(target: string, message: string): MusterError {
  return new MusterError("START_FAILED", message, { target, hint: "its own log or standard error says why" });
}
