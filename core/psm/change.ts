import type { MemberEntry } from "./entry.ts";

/** One thing that became different in a set. */
export type SetChange =
  | { readonly type: "categoryAdded" | "categoryRemoved"; readonly category: string }
  | { readonly type: "memberAdded"; readonly entry: MemberEntry }
  /** replaced: by its next instance. */
  | { readonly type: "memberRemoved"; readonly entry: MemberEntry; readonly reason: "removed" | "replaced" }
  /** Its state, or that it has exited while how is about to be told. */
  | { readonly type: "memberChanged"; readonly entry: MemberEntry }
  /** How it ended. Comes a second time only if the status was unknown at first and is known now. */
  | { readonly type: "memberExited"; readonly entry: MemberEntry };
