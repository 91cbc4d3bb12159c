/** The Service of a fixture: sources and outcomes are what its records say. No machine is behind it. */
import type { Clock } from "#core/model/clock.ts";
import { MusterError } from "#core/model/error.ts";
import type { MusterEvent } from "#core/model/event.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { Service } from "#core/service/service.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { Effect } from "./effect-records.ts";
import { createFold } from "./fold.ts";
import type { Place } from "./read-record.ts";
import { createScript, type Script } from "./script.ts";
import { createSourceEvents, type SourceAt } from "./source-events.ts";

export interface ScriptedService extends Service {
  isReadOnly: boolean;
  /** Records of one moment: one batch. Throws BAD_DATA. */
  play(records: readonly SourceAt[]): void;
  effect(effect: Effect, place: Place): void;
  readonly script: Script;
  /** Back to what was known then; nothing that was asked for meanwhile is answered any more. */
  restore(snapshot: Snapshot, auditRows: number): void;
}

export function createScriptedService(clock: Clock, node: string): ScriptedService {
  const fold = createFold(clock, node);
  const script = createScript(clock, node);
  const sources = createSourceEvents(clock, node);
  return {
    node,
    isReadOnly: false,
    script,
    snapshot: fold.snapshot,
    subscribe: fold.subscribe,
    play(records) {
      let batch: SourceEvent[] = [];
      for (const said of records) {
        // A patch needs what was said before it, in the same moment too.
        if (said.record.op === "patch") {
          fold.emit(...batch);
          batch = [];
        }
        batch.push(sources.of(said, fold.snapshot()));
      }
      fold.emit(...batch);
    },
    effect: (effect, place) => script.take(effect, place),
    restore(snapshot, auditRows) {
      script.clear(auditRows);
      fold.restore(snapshot);
    },
    async invoke(request, options = {}) {
      if (this.isReadOnly) throw new MusterError("READ_ONLY", "muster runs read-only: nothing is done");
      return script.invoke(request, options);
    },
    async events({ target, sinceMs, limit }) {
      const fits = (event: MusterEvent) =>
        (target === undefined || event.target === target) && (sinceMs === undefined || Date.parse(event.at) >= sinceMs);
      return [...fold.snapshot().shelves.events.items.values()].filter(fits).slice(-limit);
    },
    processes: () => script.processes(),
    attend() {},
    async refresh() {},
    async close() {},
  };
}
