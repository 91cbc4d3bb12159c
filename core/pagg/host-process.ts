/**
 * Starting a module's own process: nothing of the service's but a socket and two pipes, and first in the row when memory
 * runs out.
 */
import { writeFileSync } from "node:fs";
import { type Fd, pipe, setNonBlocking } from "#ffi/fd.ts";
import { pageSize, readProcessStat } from "#ffi/procfs.ts";
import { type Child, spawnChild } from "#ffi/spawn.ts";
import { streamPair } from "#ffi/stream-pair.ts";
import { HOST_INPUT, HOST_OUTPUT } from "./host/messages.ts";

/** Everything there is, and nothing of ours: no cache is written either. */
const ENVIRONMENT = { PATH: "/usr/bin:/bin", LANG: "C.UTF-8", BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" };

export interface HostProcess {
  readonly child: Child;
  readonly toHost: Fd;
  readonly fromHost: Fd;
  /** Standard output and standard error. */
  readonly output: Fd;
}

/** Throws SysError where it cannot be started. */
export function startHostProcess(command: readonly string[]): HostProcess {
  using theirs = new DisposableStack();
  using ours = new DisposableStack();
  // The host has no task but to hear: a socket, which Bun's own loop reads.
  const input = streamPair();
  theirs.use(input.near);
  ours.use(input.far);
  const openOutput = () => {
    const { read, write } = pipe();
    theirs.use(write);
    ours.use(read);
    setNonBlocking(read);
    return { read, write };
  };
  const [answers, output] = [openOutput(), openOutput()];
  const [file = "", ...rest] = command;
  const child = spawnChild({
    file,
    argv: [file, ...rest],
    env: ENVIRONMENT,
    cwd: "/",
    newSession: true,
    umask: 0o077,
    stdio: ["null", output.write, output.write],
    inherit: [
      { fd: input.near, as: HOST_INPUT },
      { fd: answers.write, as: HOST_OUTPUT },
    ],
  });
  ours.move();
  preferForOutOfMemory(child.pid);
  return { child, toHost: input.far, fromHost: answers.read, output: output.read };
}

function preferForOutOfMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, "1000");
  } catch {
    // A /proc that may not be written to; or it is gone, which is told elsewhere.
  }
}

/** Resident memory of our own child; 0 if it is gone. */
export function memoryBytes(pid: number): number {
  return (readProcessStat("/proc", pid)?.residentPages ?? 0) * pageSize();
}
