/**
 * What there is to record of a service, as it happens: what its sources say, what is asked of it and what comes of that. It
 * is listened to only while somebody records; the service itself is as it was.
 *
 *     service --> sources -----+--> sinks: a recording, a flight recorder
 *     whoever asks --> tap ----+
 */
import type { ActionReport, ActionRequest } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import { errorRecord } from "#core/model/error.ts";
import { KIND_NAMES, type Kind } from "#core/model/kind-names.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { InvokeOptions, Service } from "#core/service/service.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { Effect, Match, Reply } from "./effect-records.ts";

/** A record before it has its time; times of sources are those of the clock still. */
export type Said =
  | SourceEvent
  | { readonly effect: Effect }
  | { readonly key: string }
  | { readonly paste: string }
  | { readonly resize: { readonly cols: number; readonly rows: number } }
  | { readonly note: string };

export interface Sink {
  begin(atMs: number, snapshot: Snapshot): void;
  /** All of one moment, and what is known after it. Must not be slow: whoever asks for something waits meanwhile. */
  take(atMs: number, said: readonly Said[], snapshot: Snapshot): void;
}

export interface Tap {
  /** To be used instead of the service that was given: what is asked of it is recorded. */
  readonly service: Service;
  /** The sink gets everything from now on; the returned function ends that. */
  open(sink: Sink): () => void;
  /** What the operator does. */
  did(...said: readonly Said[]): void;
}

export function tapService(inner: Service, clock: Clock): Tap {
  const sinks = new Set<Sink>();
  let unsubscribe = () => {};
  let asked = 0;
  /** After the last batch. */
  let known = inner.snapshot();

  const did = (...said: readonly Said[]) => {
    const atMs = clock.nowMs();
    for (const sink of sinks) sink.take(atMs, said, known);
  };

  /** Asked for, and its answer under the name that is made here. */
  const ask = <T>(match: Match, act: (answers: string) => Promise<T>, replyOf: (answer: T) => Reply): Promise<T> => {
    if (sinks.size === 0) return act("");
    const answers = `ask-${++asked}`;
    did({ effect: { match, reply: { later: answers } } });
    return act(answers).then(
      (answer) => {
        did({ effect: { answers, reply: replyOf(answer) } });
        return answer;
      },
      (thrown: unknown) => {
        did({ effect: { answers, reply: { throw: errorRecord(thrown) as never } } });
        throw thrown;
      },
    );
  };

  const invoke = (request: ActionRequest, options: InvokeOptions = {}): Promise<ActionReport> =>
    ask(
      matchOf(request),
      (answers) => {
        if (answers === "") return inner.invoke(request, options);
        const onProgress: InvokeOptions["onProgress"] = (progress) => {
          const { id, step, elapsedMs } = progress;
          did({ effect: { answers, progress: step as never, target: id, elapsedMs } });
          options.onProgress?.(progress);
        };
        return inner.invoke(request, { ...options, onProgress });
      },
      ({ results, warnings }) => ({
        results: results as never,
        ...(warnings.length > 0 && { warnings: [...warnings] }),
      }),
    );

  const { processes, reports } = inner;
  const service: Service = {
    get node() {
      return inner.node;
    },
    get isReadOnly() {
      return inner.isReadOnly;
    },
    snapshot: () => inner.snapshot(),
    subscribe: (kinds, listener) => inner.subscribe(kinds, listener),
    invoke,
    events: (query) => inner.events(query),
    ...(processes && {
      processes: (query) =>
        ask(
          { query: "processes" },
          () => processes.call(inner, query),
          (rows) => ({ processes: [...rows] }),
        ),
    }),
    ...(reports && { reports: (query) => reports.call(inner, query) }),
    attend: (ids) => inner.attend(ids),
    refresh: () => inner.refresh(),
    close: () => inner.close(),
  };
  return {
    service,
    did,
    open(sink) {
      // What was said and is in no snapshot yet is said before this.
      known = inner.snapshot();
      if (sinks.size === 0) {
        unsubscribe = inner.subscribe(KIND_NAMES, ({ batch, snapshot }) => {
          known = snapshot;
          did(...batch);
        });
      }
      sinks.add(sink);
      sink.begin(clock.nowMs(), known);
      return () => {
        if (sinks.delete(sink) && sinks.size === 0) unsubscribe();
      };
    },
  };
}

/** The first target tells it from others; a playback has one console, which asks one thing of one item at a time. */
function matchOf({ action, targets, arguments: given, dryRun }: ActionRequest): Match {
  const [target] = targets;
  return {
    action,
    ...(target && { id: target.id }),
    ...(target?.identity != null && { identity: target.identity }),
    ...(Object.keys(given).length > 0 && { arguments: { ...given } }),
    ...(dryRun && { dryRun }),
  };
}

/** Makes of nothing what `snapshot` is. What is still being read has what was said of it so far. */
export function saidOf({ shelves }: Snapshot, kinds: readonly Kind[]): SourceEvent[] {
  return kinds.flatMap((src): SourceEvent[] => {
    const { status, items, warnings, error, staleSinceMs } = shelves[src];
    const said: SourceEvent[] = [];
    if (status === "loading") {
      for (const item of items.values()) said.push({ src, op: "upsert", item } as SourceEvent);
    }
    const isEmpty = items.size === 0 && warnings.length === 0;
    if (status === "ready" || (status === "failed" && !isEmpty)) {
      const some = warnings.length > 0 ? { warnings } : {};
      said.push({ src, op: "reset", items: [...items.values()], ...some } as SourceEvent);
    }
    if (status === "failed" && error) said.push({ src, op: "unavailable", error });
    if (staleSinceMs !== null) said.push({ src, op: "stale", sinceMs: staleSinceMs });
    return said;
  });
}

/** Of the other kinds a playback tells why there is nothing. */
export function notRecorded(kinds: readonly Kind[]): SourceEvent[] {
  const rest = { target: null, errno: null, hint: null, retryable: false, causes: [] };
  return KIND_NAMES.filter((src) => !kinds.includes(src)).map((src) => {
    return { src, op: "unavailable", error: { code: "UNSUPPORTED", message: `${src} were not recorded`, ...rest } };
  });
}

export function isWanted(said: Said, wish: { readonly kinds: readonly Kind[]; readonly hasKeys: boolean }): boolean {
  if ("src" in said) return wish.kinds.includes(said.src);
  return wish.hasKeys || !("key" in said || "paste" in said);
}
