/**
 * A service that begins in this very process and moves to one that lasts when something is to be written that must
 * outlive it: a console without a service is not less of a console for it. Its users notice nothing but a warning.
 *
 *     local --- first lasting write ---> open() ---> the other one: its whole picture follows as one change
 *           \-- it runs by now -------> find() --/
 *
 * What keeps jobs, modules and members knows more of them than who only reads what it has written.
 */
import { mustLast } from "#core/act/lasting.ts";
import type { ActionReport, ActionRequest } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import { KIND_NAMES, type Kind } from "#core/model/kind-names.ts";
import type { SourceEvent, Warning } from "#core/model/source.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { Change, InvokeOptions, Service } from "./service.ts";

export interface HandoverOptions {
  readonly first: Service;
  readonly clock: Clock;
  /** The one that lasts, where somebody has started it by now; null where nobody has. Never throws. */
  readonly find: () => Promise<Service | null>;
  /** Opens the one that lasts, and says what was done for it. Throws where that is forbidden or fails. */
  readonly open: () => Promise<{ readonly service: Service; readonly warning: Warning | null }>;
}

interface Subscription {
  readonly kinds: readonly Kind[];
  readonly listener: (change: Change) => void;
  end: () => void;
}

/** How often it is looked whether the one that lasts runs. */
const LOOK_MS = 1000;

export function createHandover({ first, clock, find, open }: HandoverOptions): Service {
  /** Of the first service. */
  const underWay = new Set<Promise<ActionReport>>();
  const subscriptions = new Set<Subscription>();
  let current = first;
  let attended: readonly string[] = [];
  let moving: Promise<Warning | null> | null = null;
  let finding: Promise<void> | null = null;
  let cancelLook = () => {};
  let isClosed = false;
  let firstClosed: Promise<void> | null = null;
  const closeFirst = () => {
    firstClosed ??= first.close();
    return firstClosed;
  };

  const moveTo = async (service: Service): Promise<void> => {
    await loaded(service);
    if (isClosed) return service.close();
    current = service;
    service.attend(attended);
    for (const subscription of subscriptions) {
      subscription.end();
      subscription.end = service.subscribe(subscription.kinds, subscription.listener);
      const snapshot = service.snapshot();
      subscription.listener({ snapshot, batch: subscription.kinds.map((kind) => resetOf(snapshot, kind)) });
    }
    cancelLook();
    // What was asked of it ends there.
    void Promise.allSettled(underWay).then(closeFirst);
  };

  const move = async (): Promise<Warning | null> => {
    const { service, warning } = await open();
    await moveTo(service);
    return warning;
  };

  const look = async (): Promise<void> => {
    const service = moving ? null : await find();
    if (service) await moveTo(service);
    else lookLater();
  };

  const lookLater = () => {
    if (isClosed || current !== first) return;
    cancelLook = clock.setTimer(LOOK_MS, () => {
      finding = look().finally(() => {
        finding = null;
      });
    });
  };
  lookLater();

  /** Only the first write brings the warning; one that failed may be tried again. */
  const lasting = async (): Promise<readonly Warning[]> => {
    await finding;
    if (current !== first) return [];
    moving ??= move();
    try {
      const warning = await moving;
      return warning ? [warning] : [];
    } finally {
      moving = null;
    }
  };

  return {
    node: first.node,
    get isReadOnly() {
      return current.isReadOnly;
    },
    snapshot: () => current.snapshot(),
    subscribe(kinds, listener) {
      const subscription = { kinds, listener, end: current.subscribe(kinds, listener) };
      subscriptions.add(subscription);
      return () => {
        subscriptions.delete(subscription);
        subscription.end();
      };
    },
    async invoke(request: ActionRequest, options?: InvokeOptions): Promise<ActionReport> {
      const warnings = mustLast(request) && !current.isReadOnly ? await lasting() : [];
      const service = current;
      const invoked = service.invoke(request, options);
      if (service === first) underWay.add(invoked);
      const report = await invoked.finally(() => underWay.delete(invoked));
      return warnings.length > 0 ? { ...report, warnings: [...warnings, ...report.warnings] } : report;
    },
    events: (query) => current.events(query),
    processes: async (query) => (await current.processes?.(query)) ?? [],
    reports: async (query) => (await current.reports?.(query)) ?? [],
    attend(ids) {
      attended = ids;
      current.attend(ids);
    },
    refresh: () => current.refresh(),
    async close() {
      isClosed = true;
      cancelLook();
      await closeFirst();
      if (current !== first) await current.close();
    },
  };
}

/** Not before everything is there: the picture must not go blank in between. */
function loaded(service: Service): Promise<void> {
  const isLoading = ({ shelves }: Snapshot) => KIND_NAMES.some((kind) => shelves[kind].status === "loading");
  if (!isLoading(service.snapshot())) return Promise.resolve();
  return new Promise((resolve) => {
    const end = service.subscribe(KIND_NAMES, ({ snapshot }) => {
      if (isLoading(snapshot)) return;
      end();
      resolve();
    });
  });
}

function resetOf({ shelves }: Snapshot, kind: Kind): SourceEvent {
  const { items, warnings } = shelves[kind];
  return { src: kind, op: "reset", items: [...items.values()], warnings } as SourceEvent;
}
