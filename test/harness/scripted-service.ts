/** A Service whose sources and outcomes a test writes: source events go in, requests are kept, reports come from a script. */
import type { ActionProgress, ActionReport, ActionRequest, ActionResult } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import type { MusterEvent } from "#core/model/event.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { createFold } from "#core/playback/fold.ts";
import type { ProcessRow } from "#core/service/processes.ts";
import type { EventQuery, InvokeOptions, Service } from "#core/service/service.ts";

/** One request that was made, and the ways to answer it. */
export interface Invocation {
  readonly request: ActionRequest;
  readonly signal: AbortSignal | null;
  progress(text: string): void;
  finish(result: Partial<ActionResult>): void;
  fail(error: unknown): void;
}

export interface ScriptedService extends Service {
  /** One batch of source events. */
  emit(...batch: readonly SourceEvent[]): void;
  readonly invocations: readonly Invocation[];
  readonly attended: readonly (readonly string[])[];
  readonly queries: readonly EventQuery[];
  readonly refreshes: { count: number };
  /** What the journal holds. */
  journal: readonly MusterEvent[];
  isReadOnly: boolean;
  /** What there is to choose from. */
  rows: readonly ProcessRow[];
}

export function createScriptedService(clock: Clock, node = "n1"): ScriptedService {
  const fold = createFold(clock, node);
  const invocations: Invocation[] = [];
  const attended: (readonly string[])[] = [];
  const queries: EventQuery[] = [];
  const refreshes = { count: 0 };
  return {
    node,
    isReadOnly: false,
    journal: [],
    rows: [],
    invocations,
    attended,
    queries,
    refreshes,
    emit: fold.emit,
    snapshot: fold.snapshot,
    subscribe: fold.subscribe,
    invoke(request, options: InvokeOptions = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<ActionReport>();
      invocations.push(invocation(request, options, resolve, reject));
      return promise;
    },
    async events(query) {
      queries.push(query);
      const found = this.journal.filter((event) => query.target === undefined || event.target === query.target);
      return found.slice(-query.limit);
    },
    async processes() {
      return this.rows;
    },
    attend: (ids) => attended.push(ids),
    async refresh() {
      refreshes.count++;
    },
    async close() {},
  };
}

function invocation(
  request: ActionRequest,
  options: InvokeOptions,
  resolve: (report: ActionReport) => void,
  reject: (error: unknown) => void,
): Invocation {
  const id = request.targets[0]?.id ?? "";
  return {
    request,
    signal: options.signal ?? null,
    progress(text) {
      const progress: ActionProgress = { id, step: { op: "wait", text }, elapsedMs: 0 };
      options.onProgress?.(progress);
    },
    finish(result) {
      const whole: ActionResult = {
        id,
        outcome: "done",
        plan: [],
        before: null,
        after: null,
        elapsedMs: 1,
        undo: null,
        message: "done",
        error: null,
        ...result,
      };
      resolve({
        action: request.action,
        dryRun: request.dryRun,
        requestId: request.requestId,
        results: [whole],
        warnings: [],
      });
    },
    fail: reject,
  };
}
