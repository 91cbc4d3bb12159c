/** `daemons watch`: all items first, then each that changes, until a signal comes. */
import type { Daemon } from "#core/model/daemon.ts";
import { MusterError } from "#core/model/error.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { Change, Service } from "#core/service/service.ts";
import type { Call } from "../context.ts";
import { type Follower, follow, timeCell } from "../follow.ts";
import { makeSelection, type Selection } from "../selection.ts";
import { configWarnings, openSession, refuseProblems, tellWarnings, withService } from "../session.ts";
import { findDaemon } from "../targets.ts";

export async function watchDaemons(call: Call): Promise<number> {
  const { options, words } = call.invocation;
  const selection = makeSelection("daemons", options);
  const session = await openSession(call);
  refuseProblems(session);
  tellWarnings(call, configWarnings(session.config));
  const everySeconds = options.number("every");
  if (everySeconds === 0) throw new MusterError("USAGE", "--every must be more than 0", { target: "--every" });
  const intervalMs = everySeconds === null ? null : everySeconds * 1000;
  return withService(session, "watch", (service) =>
    follow(session, { kinds: ["daemons"], intervalMs }, (follower) => {
      const watch = new DaemonWatch(call, service, follower, selection, words);
      const unsubscribe = service.subscribe(["daemons"], (change) => watch.take(change));
      watch.start();
      const cancel = intervalMs === null ? () => {} : repeat(call, intervalMs, () => watch.repeat());
      return () => {
        cancel();
        unsubscribe();
      };
    }),
  );
}

function repeat({ clock }: Call, intervalMs: number, action: () => void): () => void {
  let cancel = () => {};
  const arm = () => {
    cancel = clock.setTimer(intervalMs, () => {
      action();
      arm();
    });
  };
  arm();
  return () => cancel();
}

class DaemonWatch {
  readonly #call: Call;
  readonly #service: Service;
  readonly #follower: Follower;
  readonly #selection: Selection<"daemons">;
  readonly #words: readonly string[];
  /** Ids that the words name; null if all are meant. Known when all items are. */
  #ids: ReadonlySet<string> | null = null;
  /** What was written and not taken back, with the line that people saw of it. */
  readonly #shown = new Map<string, string>();
  #isReady = false;

  constructor(
    call: Call,
    service: Service,
    follower: Follower,
    selection: Selection<"daemons">,
    words: readonly string[],
  ) {
    this.#call = call;
    this.#service = service;
    this.#follower = follower;
    this.#selection = selection;
    this.#words = words;
  }

  /** The first items, when they are there. */
  start(): void {
    const { daemons } = this.#service.snapshot().shelves;
    if (this.#isReady || daemons.status === "loading") return;
    try {
      const items = [...daemons.items.values()];
      if (this.#words.length > 0) this.#ids = new Set(this.#words.map((word) => findDaemon(word, items).id));
    } catch (thrown) {
      this.#follower.giveUp(thrown);
      return;
    }
    this.#isReady = true;
    for (const item of this.#selection.select(daemons.items.values())) this.#see(item, false);
    this.#follower.stream?.sync();
    this.#attend();
  }

  take({ snapshot, batch }: Change): void {
    for (const event of batch) {
      if (event.src === "daemons" && event.op === "unavailable") this.#follower.report(event.error);
    }
    if (!this.#isReady) {
      this.start();
      return;
    }
    const { items } = snapshot.shelves.daemons;
    const reasons = new Map<string, string>();
    for (const id of touched(batch, items.keys(), this.#shown.keys(), reasons)) {
      const item = items.get(id);
      if (item) this.#see(item, false);
      else this.#forget(id, reasons.get(id) ?? "gone");
    }
  }

  /** --every: all of them again, with what they use now. */
  repeat(): void {
    if (!this.#isReady) return;
    for (const item of this.#selection.select(this.#service.snapshot().shelves.daemons.items.values())) {
      this.#see(item, true);
    }
    this.#follower.stream?.sync();
    this.#attend();
  }

  /** Use of CPU and memory is measured only for whoever asked for it. */
  #attend(): void {
    if (this.#call.invocation.options.has("every")) this.#service.attend([...this.#shown.keys()]);
  }

  #see(item: Daemon, isForced: boolean): void {
    const { filter } = this.#selection.query;
    const isWanted = (this.#ids?.has(item.id) ?? true) && (filter?.(item) ?? true);
    if (!isWanted) {
      this.#forget(item.id, "filtered");
      return;
    }
    const line = `${item.state}\t${item.pid ?? "-"}`;
    const isNews = isForced || this.#shown.get(item.id) !== line;
    this.#shown.set(item.id, line);
    this.#follower.stream?.upsert(item.id, this.#selection.shape(item) as Record<string, unknown>, isForced);
    if (isNews) this.#follower.print([timeCell(this.#call), item.label, item.state, String(item.pid ?? "-")]);
  }

  #forget(id: string, reason: string): void {
    if (!this.#shown.delete(id)) return;
    this.#follower.stream?.remove(id, reason);
    this.#follower.print([timeCell(this.#call), id, "gone", reason]);
  }
}

/** Ids that a batch may have changed; a reset may have changed them all. */
function touched(
  batch: readonly SourceEvent[],
  present: Iterable<string>,
  shown: Iterable<string>,
  reasons: Map<string, string>,
): Set<string> {
  const ids = new Set<string>();
  for (const event of batch) {
    if (event.src !== "daemons") continue;
    if (event.op === "reset") return new Set([...present, ...shown]);
    if (event.op === "upsert") ids.add(event.item.id);
    if (event.op === "sample" || event.op === "remove") ids.add(event.id);
    if (event.op === "remove") reasons.set(event.id, event.reason);
  }
  return ids;
}
