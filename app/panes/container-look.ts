/** What the lines of the containers pane are asked, whatever stands on them: a container or a privileged process. */
import type { Usage } from "#core/model/daemon.ts";
import type { Look } from "./look.ts";
import type { Cell } from "./pane.ts";

export interface ContainerLook<T> extends Look<T> {
  /** Containers before processes. */
  nameKey(item: T): string;
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
}
