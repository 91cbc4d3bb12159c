/**
 * What the service that keeps jobs and modules tells of them and of the processes attached to them.
 *
 *     JobSet, ModuleSet --onChange--> [lull] --> upserts, removes --> publisher
 *                                \--> JOB_*, MODULE_* -----------> journal
 */
import { type Clock, delay } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { makeId } from "#core/model/id.ts";
import { jidText, parseJid } from "#core/model/jid.ts";
import type { SourceEvent, Warning } from "#core/model/source.ts";
import type { AttachedProcess } from "#core/pagg/attached.ts";
import type { ModuleChange } from "#core/pagg/change.ts";
import type { JobChange } from "#core/pagg/job/changes.ts";
import type { JobSet } from "#core/pagg/job/set.ts";
import { JOB_MODULE } from "#core/pagg/job-requests-ctl.ts";
import type { Modules } from "#core/pagg/modules.ts";
import { attachmentOfId } from "../pagg-id.ts";
import { Attachments, type Group } from "./attachments.ts";
import { identified, unlessEnded } from "./job-members.ts";
import { Lull } from "./lull.ts";
import { moduleEvent, type PaggEvent } from "./pagg-events.ts";
import { ToldJobs } from "./told-jobs.ts";

export interface PaggShelvesOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly jobs: JobSet;
  readonly modules: Modules;
  readonly publish: (...events: readonly SourceEvent[]) => void;
  readonly record: (events: readonly PaggEvent[]) => void;
}

/** Who is in a job changes as fast as processes fork: it is told so often at most. */
const LULL_MS = 250;
/** Of what went wrong, the latest. */
const MOST_WARNINGS = 16;

export class PaggShelves {
  readonly #options: PaggShelvesOptions;
  readonly #jobs: ToldJobs;
  readonly #attachments: Attachments;
  readonly #lull: Lull;
  /** Others than what was told of them. */
  readonly #changedModules = new Set<string>();
  #warnings: Warning[] = [];
  #isOpen = false;
  #isClosed = false;

  constructor(options: PaggShelvesOptions) {
    const { environment, clock, jobs, publish } = options;
    const { node, procRoot } = environment;
    this.#options = options;
    this.#jobs = new ToldJobs(node, clock, jobs);
    this.#attachments = new Attachments({ node, procRoot, clock, publish, list: (group) => this.#processesOf(group) });
    this.#lull = new Lull(clock, LULL_MS, () => this.#tellGathered());
  }

  open(): void {
    this.#isOpen = true;
    this.#touchAll();
    while (!this.#attachments.look());
    this.#publishAll();
  }

  close(): void {
    this.#isClosed = true;
    this.#lull.close();
  }

  jobsChanged(changes: readonly JobChange[]): void {
    const { publish } = this.#options;
    const events = changes.flatMap((change) => {
      const news = this.#jobs.take(change);
      publish(...news.told);
      if (change.type === "ended") this.#touch(groupOfJob(jidText(change.jid)));
      else if (change.type === "created" || change.membership) this.#touch(groupOfJob(jidText(change.entry.jid)));
      else this.#lull.ask();
      return news.events;
    });
    this.#record(events);
  }

  modulesChanged(changes: readonly ModuleChange[]): void {
    const { environment, publish } = this.#options;
    for (const change of changes) {
      const name = "process" in change ? change.process.module : change.module;
      this.#changedModules.add(name);
      this.#touch(groupOfModule(name));
    }
    this.#record(changes.flatMap((change) => moduleEvent(environment.node, change) ?? []));
    if (changes.some((change) => !("process" in change))) publish(...this.#lateModules());
  }

  repaired(): void {
    const message = "process events were lost; the processes of all jobs were read again, and nobody is missing";
    this.#record([{ severity: "info", code: "SOURCE_REPAIRED", target: null, message }]);
  }

  /** Told to the operator, and beside the items. */
  problem(of: "jobs" | "modules", message: string): void {
    const warning = { code: "SOURCE_FAILED", target: this.#options.environment.stateDirectory, message };
    const others = this.#warnings.filter((before) => before.message !== message);
    this.#warnings = [...others, warning].slice(-MOST_WARNINGS);
    this.#record([{ severity: "warn", code: "SOURCE_FAILED", target: null, message: `${of}: ${message}` }]);
    if (this.#isOpen) this.#publishAll();
  }

  /** What was told and does not hold any more, by how it begins. */
  forget(beginning: string): void {
    const holding = this.#warnings.filter(({ message }) => !message.startsWith(beginning));
    if (holding.length === this.#warnings.length) return;
    this.#warnings = holding;
    this.#publishAll();
  }

  /** Before anybody takes a snapshot: it shall not be older than his question. */
  tellNow(): void {
    if (this.#isClosed) return;
    this.#lull.hurry();
    this.#tellCounts();
  }

  /** All of it anew, and whole: however much has come, it is read to its end, while the loop goes on. */
  async refresh(): Promise<void> {
    this.#touchAll();
    while (!this.#isClosed && !this.#attachments.look()) await delay(this.#options.clock, 0);
    if (!this.#isClosed) this.#publishAll();
  }

  #touchAll(): void {
    for (const { jid } of this.#jobs.all()) this.#attachments.touch(groupOfJob(jid));
    for (const { name } of this.#options.modules.items()) this.#attachments.touch(groupOfModule(name));
  }

  #publishAll(): void {
    const { modules, publish } = this.#options;
    const warnings = [...this.#warnings];
    const jobs = this.#jobs.all();
    const attachments = this.#attachments.items();
    publish(
      { src: "modules", op: "reset", items: modules.items(), warnings },
      { src: "jobs", op: "reset", items: jobs, warnings },
      { src: "attachments", op: "reset", items: attachments, warnings: this.#attachmentWarnings(warnings) },
    );
  }

  /** These are on a screen. */
  attend(ids: readonly string[]): void {
    this.#jobs.attend(ids);
    this.#attachments.attend(ids.filter((id) => attachmentOfId(id) !== null));
    this.#options.publish(...this.#jobs.sample());
  }

  sample(): void {
    this.#options.publish(...this.#jobs.sample());
    this.#attachments.sample();
  }

  #attachmentWarnings(warnings: readonly Warning[]): Warning[] {
    if (!this.#attachments.isCut) return [...warnings];
    const message = "there are more processes than are told one by one; jobs and modules count all of theirs";
    return [...warnings, { code: "INCOMPLETE", target: "attachments", message }];
  }

  #touch(group: Group): void {
    this.#attachments.touch(group);
    // How many are attached is told of the module.
    if (group.jid !== null) this.#changedModules.add(JOB_MODULE);
    this.#lull.ask();
  }

  /** What has gathered since the last time; false if the rest is for the next turn of the loop. */
  #tellGathered(): boolean {
    if (this.#isClosed) return true;
    this.#tellCounts();
    const wasCut = this.#attachments.isCut;
    const isDone = this.#attachments.look();
    if (isDone && wasCut !== this.#attachments.isCut) this.#publishAll();
    const { restMs } = this.#attachments;
    if (isDone && restMs !== null) this.#lull.askIn(restMs);
    return isDone;
  }

  #tellCounts(): void {
    this.#options.publish(...this.#jobs.late(), ...this.#lateModules());
  }

  #lateModules(): SourceEvent[] {
    const names = [...this.#changedModules];
    this.#changedModules.clear();
    const { environment, modules } = this.#options;
    return names.map((name): SourceEvent => {
      const item = modules.item(name);
      if (item) return { src: "modules", op: "upsert", item };
      return { src: "modules", op: "remove", id: makeId(environment.node, "module", name), reason: "unregistered" };
    });
  }

  #processesOf({ jid, key }: Group): readonly AttachedProcess[] {
    const { jobs, modules, environment } = this.#options;
    if (jid === null) return modules.attached(key);
    const pids = unlessEnded(() => jobs.members(parseJid(jid) ?? 0n));
    return identified(environment.procRoot, pids ?? []);
  }

  #record(events: readonly PaggEvent[]): void {
    if (events.length > 0) this.#options.record(events);
  }
}

const groupOfJob = (jid: string): Group => ({ key: jid, jid });

const groupOfModule = (name: string): Group => ({ key: name, jid: null });
