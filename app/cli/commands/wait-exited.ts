/** `members get --wait exited`: goes on when every member that was named has ended. */
import { MusterError } from "#core/model/error.ts";
import type { Service } from "#core/service/service.ts";
import type { Call } from "../context.ts";
import { watchInterrupts } from "../interrupt.ts";
import { usage } from "../option-values.ts";
import { shelfWarnings } from "../session.ts";
import { inCategory } from "../shelf.ts";
import { LONGEST_TIMER_MS } from "../system-clock.ts";
import { findItems, partial } from "../targets.ts";

/** Rejects when one of them is not there or is taken out meanwhile, when the time is over, and on a signal. */
export async function waitForExits(call: Call, service: Service, words: readonly string[]): Promise<void> {
  const seconds = call.invocation.options.number("timeout");
  if (seconds === 0) throw usage("--timeout must be more than 0", "--timeout");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  /** Those waited for: what a word meant at first it means to the end. */
  let ids: readonly string[] | null = null;
  const look = () => {
    try {
      ids ??= idsOf(call, service, words);
      if (ids?.every((id) => hasExited(service, id))) resolve();
    } catch (thrown) {
      reject(thrown);
    }
  };
  const interrupts = watchInterrupts(call);
  interrupts.signal.addEventListener("abort", () => {
    const code = interrupts.received() === "SIGINT" ? "CANCELLED" : "INTERRUPTED";
    reject(new MusterError(code, `interrupted while waiting for ${words.join(", ")}`));
  });
  const unsubscribe = service.subscribe(["members"], look);
  const giveUp = () => {
    const hint = "give a longer --timeout, or none";
    reject(new MusterError("TIMED_OUT", `not all have exited within ${seconds} s: ${words.join(", ")}`, { hint }));
  };
  const cancel = seconds === null ? () => {} : call.clock.setTimer(Math.min(seconds * 1000, LONGEST_TIMER_MS), giveUp);
  try {
    look();
    await promise;
  } finally {
    cancel();
    unsubscribe();
    interrupts.stop();
  }
}

/** null while the set is read for the first time. */
function idsOf(call: Call, service: Service, words: readonly string[]): readonly string[] | null {
  const snapshot = service.snapshot();
  const shelf = snapshot.shelves.members;
  if (shelf.status === "loading") return null;
  shelfWarnings("members", shelf);
  const members = [...shelf.items.values()].filter(inCategory(call.invocation.options, snapshot));
  const { items, missing } = findItems("members", words, members);
  if (missing.length > 0) throw partial(missing, words.length);
  return items.map(({ id }) => id);
}

function hasExited(service: Service, id: string): boolean {
  const member = service.snapshot().shelves.members.items.get(id);
  if (member) return member.flags.exit;
  throw new MusterError("NOT_FOUND", `${id} was taken out of the set while it was waited for`, { target: id });
}
