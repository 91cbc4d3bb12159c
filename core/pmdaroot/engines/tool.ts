/**
 * A tool of an engine, run for what it says. It has a session of its own, which ends with the answer: neither one that hangs
 * nor what it left behind, with its output still open, is waited for.
 *
 *     start -> output until its end, the tool's end, or the deadline -> SIGKILL to the session -> collected
 */
import type { Clock } from "#core/model/clock.ts";
import { ERRNO } from "#ffi/errno-names.ts";
import { type Fd, pipe, readSome, setNonBlocking } from "#ffi/fd.ts";
import { EPOLL } from "#ffi/pump.ts";
import type { Child } from "#ffi/spawn.ts";
import { SysError } from "#ffi/sys-error.ts";
import { waitEvent } from "#ffi/wait-event.ts";
import { startProgram } from "../program.ts";

export interface ToolRun {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly longestMs: number;
}

/** A hundred times what any of them says of one container. */
const MOST_BYTES = 1 << 16;

/** What it wrote to its standard output. Throws SysError if it cannot be run. */
export async function runTool({ argv, env, clock, longestMs }: ToolRun): Promise<string> {
  const { read, write } = pipe();
  using output = read;
  const child = startTool(argv, env, write);
  const over = new AbortController();
  const cancel = clock.setTimer(longestMs, () => over.abort());
  const ended = child.pidfd.exited().then(() => over.abort());
  try {
    setNonBlocking(output);
    return await textOf(output, over.signal);
  } finally {
    cancel();
    endSession(child);
    const collect = () => {
      child.pidfd.reap();
      child[Symbol.dispose]();
    };
    // Not waited for: one that is stuck in the kernel ends when it can.
    ended.then(collect, collect);
  }
}

function startTool(argv: readonly string[], env: Readonly<Record<string, string>>, output: Fd): Child {
  using write = output;
  const stdio = ["null", write, "null"] as const;
  const { child, failure } = startProgram({ argv, env, stdio, isLeader: true, procRoot: null });
  if (failure === null) return child;
  child[Symbol.dispose]();
  throw failure;
}

async function textOf(output: Fd, over: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (let length = 0; length < MOST_BYTES; ) {
    // Asked before the pipe is read: what a tool wrote before its end is in it by then.
    const isOver = over.aborted;
    const chunk = readReady(output);
    if (chunk?.length === 0 || (chunk === null && isOver)) break;
    if (chunk === null) {
      await waitEvent(output, EPOLL.IN, over);
      continue;
    }
    chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** null when there is nothing yet, empty at the end. */
function readReady(output: Fd): Uint8Array | null {
  try {
    return readSome(output, MOST_BYTES);
  } catch (thrown) {
    if (thrown instanceof SysError && thrown.errno === ERRNO.EAGAIN) return null;
    throw thrown;
  }
}

/** Until it is collected, the number of our own child is nobody else's, and so is that of its group. */
function endSession({ pid }: Child): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has become another user's.
  }
}
