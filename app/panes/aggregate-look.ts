/** What the lines of the tree of aggregates are asked, whatever stands on them: a module, a job or a process. */
import type { Usage } from "#core/model/daemon.ts";
import type { Look } from "./look.ts";
import type { Cell } from "./pane.ts";

export interface AggregateLook<T> extends Look<T> {
  uid(item: T): number | null;
  /** null of what is a process itself. */
  processes(item: T): number | null;
  usage(item: T): Usage | null;
  /** When it came to be. */
  since(item: T): string | null;
  command(item: T): Cell;
}
