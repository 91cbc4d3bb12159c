/** Source events folded into snapshots for whoever looks: what every service that is not a machine's own has in common. */
import type { Clock } from "#core/model/clock.ts";
import type { Kind } from "#core/model/kind-names.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { Change, Service } from "#core/service/service.ts";
import { reduce } from "#core/store/reduce.ts";
import { emptySnapshot, type Snapshot } from "#core/store/snapshot.ts";

export interface Fold extends Pick<Service, "snapshot" | "subscribe"> {
  /** One batch of source events. */
  emit(...batch: readonly SourceEvent[]): void;
  /** Another snapshot in its place; nobody is told. */
  restore(snapshot: Snapshot): void;
}

export function createFold(clock: Clock, node: string): Fold {
  let snapshot = emptySnapshot(node);
  const listeners = new Set<{ readonly kinds: readonly Kind[]; readonly listener: (change: Change) => void }>();
  return {
    snapshot: () => snapshot,
    restore: (next) => {
      snapshot = next;
    },
    emit(...batch) {
      if (batch.length === 0) return;
      snapshot = reduce(snapshot, batch, clock.wallMs());
      for (const { kinds, listener } of listeners) {
        if (batch.some((event) => kinds.includes(event.src))) listener({ snapshot, batch });
      }
    },
    subscribe(kinds, listener) {
      const entry = { kinds, listener };
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
  };
}
