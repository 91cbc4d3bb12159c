/**
 * The one interface between what muster knows and can do, and whoever looks: in process (local.ts), and later over the
 * socket, over other transports and from a fixture. Its users cannot tell the implementations apart.
 */
import type { ActionProgress, ActionReport, ActionRequest } from "#core/act/request.ts";
import type { MusterEvent } from "#core/model/event.ts";
import type { JobReport } from "#core/model/job.ts";
import type { Kind } from "#core/model/kinds.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { Caller } from "./caller.ts";
import type { ProcessQuery, ProcessRow } from "./processes.ts";

/** One batch of source events and the snapshot after it. */
export interface Change {
  readonly snapshot: Snapshot;
  readonly batch: readonly SourceEvent[];
}

export interface EventQuery {
  /** Only events of this item. */
  readonly target?: string;
  /** Only events at or after this wall clock time, milliseconds. */
  readonly sinceMs?: number;
  /** The newest so many; in the order they happened. */
  readonly limit: number;
}

/** Which of the jobs that have ended. */
export interface ReportQuery {
  /** As they are written: 0x and 16 digits; all jobs if left out. */
  readonly jids?: readonly string[];
  /** Only what ended at or after this wall clock time, milliseconds. */
  readonly sinceMs?: number;
  /** The newest so many; in the order they ended. */
  readonly limit: number;
}

export interface InvokeOptions {
  readonly onProgress?: (progress: ActionProgress) => void;
  /** Aborting asks the action to stop where it can; what was done is in the report. */
  readonly signal?: AbortSignal;
  /** On whose behalf; left out: this process itself. */
  readonly caller?: Caller;
}

export interface Service {
  readonly node: string;
  readonly isReadOnly: boolean;
  snapshot(): Snapshot;
  /** Calls `listener` after each batch that touches one of `kinds`; the returned function ends it. */
  subscribe(kinds: readonly Kind[], listener: (change: Change) => void): () => void;
  /** Never rejects for a target's sake: each target has its own result. Throws USAGE for an unknown action or argument. */
  invoke(request: ActionRequest, options?: InvokeOptions): Promise<ActionReport>;
  /** History beyond the snapshot, from the journal. */
  events(query: EventQuery): Promise<readonly MusterEvent[]>;
  /** Processes of the node to choose from; left out where a service cannot list them. */
  processes?(query: ProcessQuery): Promise<readonly ProcessRow[]>;
  /** Accounts of jobs that have ended; left out where a service does not know them. */
  reports?(query: ReportQuery): Promise<readonly JobReport[]>;
  /** The items now on a screen: only these are sampled for CPU and memory. */
  attend(ids: readonly string[]): void;
  /** Reads every source again now. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}
