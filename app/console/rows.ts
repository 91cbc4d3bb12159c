/** The rows of one pane: ids in order. Kept until data, filter, order or folds change. */
import type { Pane, SortOrder } from "#app/panes/pane.ts";
import type { MusterError } from "#core/model/error.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { createListRowSource } from "./list-rows.ts";
import { createTreeRowSource } from "./tree-rows.ts";

/** Where a row stands in a tree. */
export interface Branch {
  readonly depth: number;
  /** null: nothing belongs to it. */
  readonly fold: "open" | "folded" | null;
  /** It stands here only for what belongs to it: the filter does not ask for it. */
  readonly isContext: boolean;
}

export interface Rows {
  readonly ids: readonly string[];
  /** -1 if it is not among them. */
  indexOf(id: string): number;
  /** null in a plain list. */
  branchAt(row: number): Branch | null;
  /** What a line of a tree belongs to, the nearest first, also of what is folded away. */
  lineage(id: string): readonly string[];
  /** Why the filter cannot be used; all rows are there then. */
  readonly problem: MusterError | null;
}

export interface RowQuery {
  readonly filter: string;
  readonly sort: SortOrder;
  /** Only the items of that group; null for all. */
  readonly scope: string | null;
  readonly folds: ReadonlyMap<string, boolean>;
  /** Rows that the list has on the screen. */
  readonly screenful: number;
}

export interface RowSource {
  rows(snapshot: Snapshot, query: RowQuery): Rows;
}

export const createRowSource = (pane: Pane): RowSource =>
  pane.tree ? createTreeRowSource(pane, pane.tree) : createListRowSource(pane);
