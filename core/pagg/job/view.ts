/** The jobs as another process keeps them, or left them: read from its store and the kernel. Nothing can be changed here. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { jidText } from "#core/model/jid.ts";
import type { JobReport } from "#core/model/job.ts";
import { readBootId } from "#ffi/boot-id.ts";
import { inOrderOfArrival, livingOf } from "./arrival.ts";
import { v2Mount } from "./base-group.ts";
import type { JobEntry, JobRecord } from "./entry.ts";
import { noJob } from "./errors.ts";
import { JobGroup } from "./group.ts";
import type { Jid } from "./requests.ts";
import type { JobStore, ReportQuery } from "./store.ts";

export interface JobsViewOptions {
  readonly stateDirectory: string;
  readonly procRoot: string;
}

export class JobsView {
  readonly #options: JobsViewOptions;
  readonly #path: string;
  #store: JobStore | null = null;

  constructor(options: JobsViewOptions) {
    this.#options = options;
    this.#path = join(options.stateDirectory, "jobs.db");
  }

  /** Those that have not ended, in the order of creation. Throws EIO. */
  async entries(): Promise<JobEntry[]> {
    const store = await this.#open();
    if (!store || store.meta("boot_id") !== readBootId(this.#options.procRoot)) return [];
    const mount = v2Mount(this.#options.procRoot);
    return store.jobs().flatMap((record) => this.#entry(store, record, mount) ?? []);
  }

  /** Pids, in no order that means anything. Throws ENODATA, EIO. */
  async members(jid: Jid): Promise<number[]> {
    const store = await this.#open();
    const record = store?.jobs().find((one) => one.jid === jid);
    if (!store || !record) throw noJob(jidText(jid));
    return this.#look(store, record, v2Mount(this.#options.procRoot))?.pids ?? [];
  }

  /** Throws EIO. */
  async reports(query: ReportQuery = {}): Promise<JobReport[]> {
    return (await this.#open())?.reports(query) ?? [];
  }

  close(): void {
    this.#store?.close();
    this.#store = null;
  }

  async #open(): Promise<JobStore | null> {
    if (!this.#store && existsSync(this.#path)) {
      // Loaded only where there is something to read.
      const { JobStore } = await import("./store.ts");
      this.#store = JobStore.openReadOnly(this.#path);
    }
    return this.#store;
  }

  /** null if nobody is left in it: it has ended, only that nobody has written so. */
  #entry(store: JobStore, record: JobRecord, mount: string | null): JobEntry | null {
    const seen = this.#look(store, record, mount);
    if (!seen || seen.pids.length === 0) return null;
    const [prime] = inOrderOfArrival(seen.pids, store.processes(record.jid), this.#options.procRoot);
    return {
      ...record,
      state: seen.state,
      processes: seen.pids.length,
      total: null,
      prime: prime ? { pid: prime.pid, startTicks: prime.startTicks } : null,
      problems: [],
    };
  }

  #look(store: JobStore, record: JobRecord, mount: string | null): { pids: number[]; state: JobEntry["state"] } | null {
    const { procRoot } = this.#options;
    if (record.cgroup === null) {
      const living = livingOf(store.processes(record.jid), procRoot);
      return { pids: living.map(({ pid }) => pid), state: "running" };
    }
    const group = mount === null ? null : JobGroup.find(mount, record.cgroup, procRoot);
    if (!group) return null;
    try {
      const isFrozen = group.events()?.isFrozen ?? false;
      const isFreezing = !isFrozen && group.isFreezeWanted();
      return { pids: [...(group.processes() ?? [])], state: isFrozen ? "frozen" : isFreezing ? "freezing" : "running" };
    } finally {
      group.close();
    }
  }
}
