/** What happens to modules and to the processes attached to them, as whoever shows and tells it is told. */
import type { Problem } from "#core/model/daemon.ts";
import type { AttachedProcess } from "./attached.ts";

/** reason of a failed module is its problem: MODULE_FAILED, with file and line where they are known. */
export type ModuleChange =
  /** It is in the list, by the name of its file. */
  | { readonly type: "loading"; readonly module: string }
  | { readonly type: "registered"; readonly module: string }
  | { readonly type: "unregistered"; readonly module: string }
  | { readonly type: "failed"; readonly module: string; readonly problem: Problem }
  /** One that failed, could not be loaded or has named itself otherwise is no longer in the list. */
  | { readonly type: "forgotten"; readonly module: string }
  | { readonly type: "attached"; readonly process: AttachedProcess }
  /** What the module keeps of it is another now. */
  | { readonly type: "changed"; readonly process: AttachedProcess }
  | { readonly type: "detached"; readonly process: AttachedProcess; readonly end: Detachment }
  /** The module refused a process or a child: it is left out (ATTACH_FAILED). */
  | { readonly type: "refused"; readonly module: string; readonly pid: number; readonly message: string };

/** How a process left a module: by its exit, or because it was let out and lives on. */
export interface Detachment {
  readonly isExited: boolean;
  /** Wait status; null if it lives on, or if nobody saw how it ended. */
  readonly status: number | null;
}
