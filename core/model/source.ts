/**
 * What sources say. Snapshots are folded from these and nothing else, so a recording of them is a recording of muster;
 * fixtures and the wire use the same shapes.
 */
import type { Usage } from "./daemon.ts";
import type { ErrorRecord } from "./error.ts";
import type { Items, Kind } from "./kinds.ts";

export interface Warning {
  readonly code: string;
  readonly target: string | null;
  readonly message: string;
}

type SourceEventOf<K extends Kind> =
  | {
      readonly src: K;
      readonly op: "reset";
      readonly items: readonly Items[K][];
      readonly warnings?: readonly Warning[];
    }
  | { readonly src: K; readonly op: "upsert"; readonly item: Items[K] }
  | { readonly src: K; readonly op: "remove"; readonly id: string; readonly reason: string }
  | { readonly src: K; readonly op: "sample"; readonly id: string; readonly usage: Usage | null }
  | { readonly src: K; readonly op: "unavailable"; readonly error: ErrorRecord }
  | { readonly src: K; readonly op: "stale"; readonly sinceMs: number };

export type SourceEvent = { [K in Kind]: SourceEventOf<K> }[Kind];
