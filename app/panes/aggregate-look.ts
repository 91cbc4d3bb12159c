/** What the lines of the tree of aggregates are asked, whatever stands on them: a module, a job or a process. */
import type { Usage } from "#core/model/daemon.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { Cell, DetailLine, DrawContext, Jump } from "./pane.ts";

export interface Look<T> {
  name(item: T): Cell;
  /** Siblings in the order of their names: as text, numbers filled up. */
  nameKey(item: T): string;
  uid(item: T): number | null;
  state(item: T): Cell;
  /** What needs somebody comes first. */
  stateRank(item: T): number;
  /** null of what is a process itself. */
  processes(item: T): number | null;
  usage(item: T): Usage | null;
  /** When it came to be. */
  since(item: T): string | null;
  command(item: T): Cell;
  label(item: T): string;
  alarm(item: T): "warn" | "error" | null;
  searchText(item: T): string;
  detail(item: T, context: DrawContext): readonly DetailLine[];
  jump(item: T, snapshot: Snapshot): Jump;
}
