/** What `daemons watch` and `events --follow` share: where lines go, and when it is over. */
import { timestamp } from "#core/model/clock.ts";
import type { ErrorRecord } from "#core/model/error.ts";
import { fromRecord } from "#core/model/error.ts";
import { LineStream } from "#core/output/stream.ts";
import { visible } from "#core/output/text.ts";
import { type Call, fail } from "./context.ts";
import { type Interruption, watchInterrupts } from "./interrupt.ts";
import type { Session } from "./session.ts";
import { ReaderGone, writeBehind, writeNow } from "./stdio.ts";

export interface Follower {
  readonly stream: LineStream | null;
  /** A line for people; nothing when lines are JSON. */
  readonly print: (cells: readonly string[]) => void;
  readonly report: (error: ErrorRecord) => void;
  /** Resolves when it is to end: a signal came or the reader went. Rejects when output cannot be written. */
  readonly over: Promise<Interruption | "reader">;
  /** Ends it from inside, with an error. */
  readonly giveUp: (thrown: unknown) => void;
}

/** Runs `begin`, waits for the end, and writes the last line whatever the reason. */
export async function follow(
  session: Session,
  settings: { readonly kinds: readonly string[]; readonly intervalMs: number | null },
  begin: (follower: Follower) => () => void,
): Promise<number> {
  const { call } = session;
  const interrupts = watchInterrupts(call);
  const { promise: over, resolve, reject } = Promise.withResolvers<Interruption | "reader">();
  interrupts.signal.addEventListener("abort", () => resolve(interrupts.received() ?? "SIGTERM"));
  const stream = call.isJson ? newStream(session, settings) : null;
  stream?.failed.catch(reject);
  const unwatch = await watchReader(() => resolve("reader"));
  const stop = begin({
    stream,
    print: (cells) => {
      if (stream) return;
      try {
        writeNow(1, `${cells.map(visible).join("\t")}\n`);
      } catch (thrown) {
        reject(thrown);
      }
    },
    report: (error) => {
      if (stream) stream.error(error, false);
      else fail(call, fromRecord(error));
    },
    over,
    giveUp: reject,
  });
  try {
    const reason = await over;
    await stream?.end(reason === "reader" ? "reader-gone" : "signal", 0);
    return 0;
  } catch (thrown) {
    if (thrown instanceof ReaderGone) return 0;
    const exitCode = fail(call, thrown);
    await stream?.end("error", exitCode);
    return exitCode;
  } finally {
    stop();
    unwatch();
    interrupts.stop();
  }
}

function newStream(
  { call, environment }: Session,
  settings: { readonly kinds: readonly string[]; readonly intervalMs: number | null },
): LineStream {
  const sink = (text: string) => writeBehind(1, text, call.clock);
  return new LineStream({ clock: call.clock, sink, host: environment.node, ...settings });
}

/**
 * A reader that went away is noticed at once, not with the next line: `watch | head -1` has to end. Files cannot be
 * watched (EPERM) and need not be.
 */
async function watchReader(gone: () => void): Promise<() => void> {
  const { EPOLL, watchFd } = await import("#ffi/pump.ts");
  try {
    const watch = watchFd(1, EPOLL.ONESHOT, gone);
    return () => watch[Symbol.dispose]();
  } catch {
    return () => {};
  }
}

export function timeCell(call: Call): string {
  return timestamp(call.clock.wallMs()).slice(11, 19);
}
