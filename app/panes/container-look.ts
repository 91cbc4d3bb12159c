/** What the lines of the containers pane are asked, whatever stands on them: a container or a privileged process. */
import type { Usage } from "#core/model/daemon.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { Cell, DetailLine, DrawContext, Jump } from "./pane.ts";

export interface ContainerLook<T> {
  name(item: T): Cell;
  /** Containers before processes. */
  nameKey(item: T): string;
  state(item: T): Cell;
  /** What needs somebody comes first. */
  stateRank(item: T): number;
  /** The engine, and the user if it is his own. */
  engine(item: T): Cell;
  /** null: it does not run. */
  pid(item: T): number | null;
  /** null of a process, which has none of its own. */
  host(item: T): Cell | null;
  processes(item: T): Cell | null;
  processCount(item: T): number | null;
  usage(item: T): Usage | null;
  startedAt(item: T): string | null;
  /** null while it runs. */
  endedAt(item: T): string | null;
  content(item: T): Cell;
  cgroup(item: T): string | null;
  label(item: T): string;
  alarm(item: T): "warn" | "error" | null;
  searchText(item: T): string;
  detail(item: T, context: DrawContext): readonly DetailLine[];
  jump(item: T, snapshot: Snapshot): Jump;
}
