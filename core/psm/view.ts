/** The set as another process keeps it, or left it: read from its store. Nothing can be changed here. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { hasEnded, readProcessStat } from "#ffi/procfs.ts";
import { readBoot } from "./boot.ts";
import { EXITED, type MemberEntry } from "./entry.ts";
import { MemberIndex } from "./members.ts";
import { SetQuery } from "./query.ts";
import type { SetStore } from "./store.ts";

export interface ViewOptions {
  readonly node: string;
  readonly stateDirectory: string;
  readonly procRoot: string;
  /** Wall clock, milliseconds. */
  readonly nowMs: () => number;
}

export class SetView {
  readonly #options: ViewOptions;
  readonly #path: string;
  #store: SetStore | null = null;
  #version = -1;

  constructor(options: ViewOptions) {
    this.#options = options;
    this.#path = join(options.stateDirectory, "psm.db");
  }

  /** The set as it is now; null if nobody has written since the last time. Throws EIO. */
  async readNew(): Promise<SetQuery | null> {
    if (!this.#store && existsSync(this.#path)) {
      // Loaded only where there is something to read.
      const { SetStore } = await import("./store.ts");
      this.#store = SetStore.openReadOnly(this.#path);
      this.#version = -1;
    }
    const version = this.#store?.dataVersion() ?? 0;
    if (version === this.#version) return null;
    this.#version = version;
    return this.#read();
  }

  close(): void {
    this.#store?.close();
    this.#store = null;
  }

  /** Without a store it is the set as it would begin: 28 categories, no members. */
  #read(): SetQuery {
    const { node, procRoot, nowMs } = this.#options;
    const index = new MemberIndex();
    const { categories, members, bootId } = this.#store?.read() ?? { categories: [], members: [], bootId: null };
    for (const { name, uid } of categories) index.addCategory(name, uid);
    const isSameBoot = bootId === readBoot(procRoot).id;
    for (const entry of members) index.put(asItIs(entry, isSameBoot, procRoot, nowMs()));
    return new SetQuery(node, index);
  }
}

/** Without a keeper the store cannot know of an end: whoever is gone has exited, and nobody knows how. */
function asItIs(entry: MemberEntry, isSameBoot: boolean, procRoot: string, nowMs: number): MemberEntry {
  if (entry.exit !== null) return entry;
  const stat = isSameBoot ? readProcessStat(procRoot, entry.pid) : null;
  const isAlive = stat?.startTicks === entry.startTicks && !hasEnded(stat);
  if (isAlive) return { ...entry, comm: stat.comm };
  return { ...entry, state: EXITED, exit: { atMs: nowMs, status: null } };
}
