/**
 * The documents of one-shot commands: always an object, always one, with its keys in this order.
 *
 *   schema, kind, generatedAt, host, source, complete, items, warnings
 */
import type { ActionReport } from "#core/act/request.ts";
import type { ErrorRecord } from "#core/model/error.ts";
import type { Warning } from "#core/model/source.ts";
import { jsonText } from "./text.ts";

export const SCHEMA_VERSION = "muster/1";

/** Where a document is from and when it was made. */
export interface Origin {
  readonly host: string;
  /** RFC 3339. */
  readonly generatedAt: string;
  /** The alternate tree that was looked at; null for the live machine. */
  readonly root: string | null;
}

function head(kind: string, origin: Origin) {
  return { schema: SCHEMA_VERSION, kind, generatedAt: origin.generatedAt, host: origin.host };
}

function sourceOf(origin: Origin) {
  return { type: origin.root === null ? "live" : "tree", fixture: null, root: origin.root };
}

export interface ListParts {
  readonly kind: string;
  readonly isComplete: boolean;
  readonly items: readonly unknown[];
  readonly warnings: readonly Warning[];
}

export function listDocument(origin: Origin, parts: ListParts): object {
  return {
    ...head(parts.kind, origin),
    source: sourceOf(origin),
    complete: parts.isComplete,
    items: parts.items,
    warnings: parts.warnings,
  };
}

export function snapshotDocument(
  origin: Origin,
  parts: {
    readonly isComplete: boolean;
    readonly kinds: Readonly<Record<string, readonly unknown[]>>;
    readonly warnings: readonly Warning[];
  },
): object {
  return {
    ...head("Snapshot", origin),
    source: sourceOf(origin),
    complete: parts.isComplete,
    ...parts.kinds,
    warnings: parts.warnings,
  };
}

export function actionDocument(origin: Origin, report: ActionReport, warnings: readonly Warning[]): object {
  return {
    ...head("ActionResult", origin),
    action: report.action,
    dryRun: report.dryRun,
    requestId: report.requestId,
    results: report.results.map((result) => ({
      id: result.id,
      outcome: result.outcome,
      plan: result.plan,
      before: result.before,
      after: result.after,
      elapsedMs: result.elapsedMs,
      undo: result.undo,
      message: result.message,
      answer: result.answer ?? null,
      error: result.error,
    })),
    warnings,
  };
}

/** Documents that tell of muster itself rather than of the machine: version, help, doctor and the like. */
export function plainDocument(kind: string, origin: Origin, facts: object): object {
  return { ...head(kind, origin), ...facts };
}

export function errorDocument(error: ErrorRecord, exitCode: number): object {
  return { schema: SCHEMA_VERSION, kind: "Error", error, exitCode };
}

/** One line on standard error. */
export function errorLine(error: ErrorRecord, exitCode: number): string {
  return `${jsonText(errorDocument(error, exitCode), false)}\n`;
}

export function documentText(document: object, isPretty: boolean): string {
  return `${jsonText(document, isPretty)}\n`;
}
