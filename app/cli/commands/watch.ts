/** `watch` of each kind: all items first, then each that changes, until a signal comes. */
import { errorRecord, MusterError } from "#core/model/error.ts";
import type { Items } from "#core/model/kinds.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { Change, Service } from "#core/service/service.ts";
import type { Shelf } from "#core/store/snapshot.ts";
import type { Call, Handler } from "../context.ts";
import { type Follower, follow, timeCell } from "../follow.ts";
import { KIND_WORDS, type KindWords, type NamedKind } from "../kind-words.ts";
import { nodesOf, nodeWarnings } from "../nodes.ts";
import { makeSelection, type Selection } from "../selection.ts";
import { configWarnings, openSoundSession, tellWarnings, withService } from "../session.ts";
import { wishFor } from "../shelf.ts";
import { findItem } from "../targets.ts";

export const watchOf =
  <K extends NamedKind>(kind: K): Handler =>
  (call) =>
    watch(call, kind);

async function watch(call: Call, kind: NamedKind): Promise<number> {
  const { options, words } = call.invocation;
  const selection = makeSelection(kind, options);
  const session = await openSoundSession(call);
  const nodes = nodesOf(options, session.environment.node);
  tellWarnings(call, [...configWarnings(session.config), ...nodeWarnings(nodes)]);
  const everySeconds = options.number("every");
  if (everySeconds === 0) throw new MusterError("USAGE", "--every must be more than 0", { target: "--every" });
  const intervalMs = everySeconds === null ? null : everySeconds * 1000;
  return withService(
    session,
    "watch",
    (service) =>
      follow(session, { kinds: [kind], intervalMs }, (follower) => {
        for (const error of nodes.unreachable) if (follower.stream) follower.report(errorRecord(error));
        const watch = new KindWatch({ call, service, follower, kind, selection, words });
        const unsubscribe = service.subscribe([kind], (change) => watch.take(change));
        watch.start();
        const cancel = intervalMs === null ? () => {} : repeat(call, intervalMs, () => watch.repeat());
        return () => {
          cancel();
          unsubscribe();
        };
      }),
    wishFor(kind),
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

type AnyItem = Items[NamedKind];

interface Watched {
  readonly call: Call;
  readonly service: Service;
  readonly follower: Follower;
  readonly kind: NamedKind;
  readonly selection: Selection<NamedKind>;
  readonly words: readonly string[];
}

class KindWatch {
  readonly #call: Call;
  readonly #service: Service;
  readonly #follower: Follower;
  readonly #kind: NamedKind;
  readonly #speech: KindWords<AnyItem>;
  readonly #selection: Selection<NamedKind>;
  readonly #words: readonly string[];
  /** Ids that the words name; null if all are meant. Known when all items are. */
  #ids: ReadonlySet<string> | null = null;
  /** What was written and not taken back, with the line that people saw of it. */
  readonly #shown = new Map<string, string>();
  /** Ids that were attended last. */
  #attended = "";
  #isReady = false;

  constructor({ call, service, follower, kind, selection, words }: Watched) {
    this.#call = call;
    this.#service = service;
    this.#follower = follower;
    this.#kind = kind;
    this.#speech = KIND_WORDS[kind] as KindWords<AnyItem>;
    this.#selection = selection;
    this.#words = words;
  }

  /** The first items, when they are there. */
  start(): void {
    const shelf: Shelf<AnyItem> = this.#service.snapshot().shelves[this.#kind];
    if (this.#isReady || shelf.status === "loading") return;
    const items = [...shelf.items.values()];
    try {
      if (this.#words.length > 0) this.#ids = new Set(this.#words.map((word) => findItem(this.#kind, word, items).id));
    } catch (thrown) {
      this.#follower.giveUp(thrown);
      return;
    }
    this.#isReady = true;
    for (const item of this.#selection.select(items)) this.#see(item, false);
    this.#follower.stream?.sync();
    this.#attend();
  }

  take({ snapshot, batch }: Change): void {
    for (const event of batch) {
      if (event.src === this.#kind && event.op === "unavailable") this.#follower.report(event.error);
    }
    if (!this.#isReady) {
      this.start();
      return;
    }
    const { items }: Shelf<AnyItem> = snapshot.shelves[this.#kind];
    const reasons = new Map<string, string>();
    for (const id of touched(batch, this.#kind, [...items.keys(), ...this.#shown.keys()], reasons)) {
      const item = items.get(id);
      if (item) this.#see(item, false);
      else this.#forget(id, reasons.get(id) ?? "gone");
    }
    if (this.#kind === "endpoints") this.#attend();
  }

  /** --every: all of them again, with what they use now. */
  repeat(): void {
    if (!this.#isReady) return;
    const { items }: Shelf<AnyItem> = this.#service.snapshot().shelves[this.#kind];
    for (const item of this.#selection.select(items.values())) this.#see(item, true);
    this.#follower.stream?.sync();
    this.#attend();
  }

  /** Use of CPU and memory is measured only for whoever asked for it; of an endpoint its samples are what is watched. */
  #attend(): void {
    if (this.#kind !== "endpoints" && !this.#call.invocation.options.has("every")) return;
    const ids = [...this.#shown.keys()];
    const attended = ids.join("\n");
    if (attended === this.#attended && this.#kind === "endpoints") return;
    this.#attended = attended;
    this.#service.attend(ids);
  }

  #see(item: AnyItem, isForced: boolean): void {
    const { filter } = this.#selection.query;
    const isWanted = (this.#ids?.has(item.id) ?? true) && (filter?.(item) ?? true);
    if (!isWanted) {
      this.#forget(item.id, "filtered");
      return;
    }
    const news = this.#speech.news(item);
    const line = news.join("\t");
    const isNews = isForced || this.#shown.get(item.id) !== line;
    this.#shown.set(item.id, line);
    this.#follower.stream?.upsert(item.id, this.#selection.shape(item) as Record<string, unknown>, isForced);
    if (isNews) this.#follower.print([timeCell(this.#call), this.#speech.label(item), ...news]);
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
  kind: NamedKind,
  all: readonly string[],
  reasons: Map<string, string>,
): Set<string> {
  const ids = new Set<string>();
  for (const event of batch) {
    if (event.src !== kind) continue;
    if (event.op === "reset") return new Set(all);
    if (event.op === "upsert") ids.add(event.item.id);
    if (event.op === "sample" || event.op === "remove") ids.add(event.id);
    if (event.op === "remove") reasons.set(event.id, event.reason);
  }
  return ids;
}
