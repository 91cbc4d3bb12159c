/**
 * The observer of process aggregates. In a service it keeps jobs and modules (pagg-kept.ts); elsewhere it shows the jobs as
 * another process keeps them, or left them, looked at once a second.
 */
import type { Attachment } from "#core/model/attachment.ts";
import { errorRecord } from "#core/model/error.ts";
import { jidText, parseJid } from "#core/model/jid.ts";
import type { Job, JobReport } from "#core/model/job.ts";
import type { JobSettings, PaggSettings } from "#core/model/pagg-settings.ts";
import { attachmentItem } from "#core/pagg/attached.ts";
import { jobItem } from "#core/pagg/job/entry.ts";
import type { Jid } from "#core/pagg/job/requests.ts";
import type { JobsView } from "#core/pagg/job/view.ts";
import type { Kept } from "../handle/pagg-order.ts";
import { attachmentOfId, jidOfId } from "../pagg-id.ts";
import type { ReportQuery } from "../service.ts";
import { identified, isEnded } from "./job-members.ts";
import type { PaggKeeper, PaggKeeperOptions } from "./pagg-kept.ts";

export interface PaggObserverOptions extends PaggKeeperOptions {
  /** This process shall keep jobs and modules, if no other one does. */
  readonly keeps: boolean;
}

const TICK_MS = 1000;

export class PaggObserver {
  readonly #options: PaggObserverOptions;
  readonly #opened = Promise.withResolvers<void>();
  #keeper: PaggKeeper | null = null;
  #view: JobsView | null = null;
  /** What was last told of it. */
  #viewed = "";
  #isAnyAttended = false;
  #cancelTick: (() => void) | null = null;
  #isClosed = false;

  constructor(options: PaggObserverOptions) {
    this.#options = options;
  }

  /** Done when jobs and modules are there, or it is known that they will not be. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** What actions act on; null if another process keeps it, or none. */
  get kept(): Kept | null {
    return this.#keeper;
  }

  /** Never throws: what cannot be had is told on its shelf. */
  async open(follows: boolean): Promise<void> {
    const { environment, keeps } = this.#options;
    try {
      // Another tree has processes of its own, and no jobs.
      if (environment.root !== "") this.#publish([], []);
      else if (!(keeps && (await this.#keep()))) await this.#look(follows);
    } catch (thrown) {
      this.#unavailable(thrown);
    } finally {
      this.#opened.resolve();
    }
  }

  applySettings(pagg: PaggSettings, jobs: JobSettings): void {
    this.#keeper?.applySettings(pagg, jobs);
  }

  async reports({ jids, sinceMs, limit }: ReportQuery): Promise<readonly JobReport[]> {
    await this.opened;
    const source = this.#keeper?.jobs ?? this.#view;
    if (!source) return [];
    const since = sinceMs === undefined ? {} : { sinceMs };
    if (!jids) return source.reports({ ...since, limit });
    const wanted = jids.flatMap((jid) => parseJid(jid) ?? []);
    const found = (await Promise.all(wanted.map((jid) => source.reports({ ...since, jid, limit })))).flat();
    found.sort((a, b) => (a.endedAt < b.endedAt ? -1 : a.endedAt > b.endedAt ? 1 : 0));
    return found.slice(-limit);
  }

  /** Before anybody takes a snapshot: it shall not be older than his question. */
  tellNow(): void {
    if (!this.#isClosed) this.#keeper?.shelves.tellNow();
  }

  async refresh(): Promise<void> {
    if (this.#keeper) await this.#keeper.shelves.refresh();
    else await this.#readView();
  }

  /** These are on a screen: they are sampled each second. */
  attend(ids: readonly string[]): void {
    this.#isAnyAttended = ids.some((id) => jidOfId(id) !== null || attachmentOfId(id) !== null);
    this.#keeper?.shelves.attend(ids);
    this.#tick();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTick?.();
    await this.#keeper?.close();
    this.#view?.close();
    this.#opened.resolve();
  }

  async #keep(): Promise<boolean> {
    const { PaggKeeper } = await import("./pagg-kept.ts");
    if (this.#isClosed) return true;
    this.#keeper = PaggKeeper.open(this.#options);
    return this.#keeper !== null;
  }

  async #look(follows: boolean): Promise<void> {
    if (this.#isClosed) return;
    const { JobsView } = await import("#core/pagg/job/view.ts");
    this.#view = new JobsView(this.#options.environment);
    await this.#readView();
    if (follows) this.#tick();
  }

  async #readView(): Promise<void> {
    const view = this.#view;
    if (!view || this.#isClosed) return;
    const { node, procRoot } = this.#options.environment;
    const entries = await view.entries();
    const processes = await Promise.all(
      entries.map(async ({ jid }) =>
        identified(procRoot, await membersIn(view, jid)).flatMap(
          (process) => attachmentItem(node, procRoot, process, jidText(jid)) ?? [],
        ),
      ),
    );
    if (this.#isClosed) return;
    this.#publish(
      entries.map((entry) => jobItem(node, entry)),
      processes.flat(),
    );
  }

  /** Without a keeper no module is registered. */
  #publish(jobs: readonly Job[], attachments: readonly Attachment[]): void {
    const viewed = JSON.stringify([jobs, attachments]);
    if (viewed === this.#viewed) return;
    this.#viewed = viewed;
    this.#options.publish(
      { src: "modules", op: "reset", items: [] },
      { src: "jobs", op: "reset", items: jobs },
      { src: "attachments", op: "reset", items: attachments },
    );
  }

  /** Only while somebody looks, or another process may have written. */
  #tick(): void {
    if (this.#cancelTick || this.#isClosed || !(this.#isAnyAttended || this.#view)) return;
    this.#cancelTick = this.#options.clock.setTimer(TICK_MS, () => {
      this.#cancelTick = null;
      this.#keeper?.shelves.sample();
      this.#readView()
        .catch((thrown) => this.#unavailable(thrown))
        .finally(() => this.#tick());
    });
  }

  #unavailable(thrown: unknown): void {
    this.#viewed = "";
    const error = errorRecord(thrown, this.#options.environment.stateDirectory);
    for (const src of ["modules", "jobs", "attachments"] as const) {
      this.#options.publish({ src, op: "unavailable", error });
    }
  }
}

async function membersIn(view: JobsView, jid: Jid): Promise<readonly number[]> {
  try {
    return await view.members(jid);
  } catch (thrown) {
    return isEnded(thrown) ? [] : Promise.reject(thrown);
  }
}
