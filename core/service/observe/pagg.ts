/**
 * The observer of process aggregates. In a service it keeps the jobs and the modules and tells every change; elsewhere it
 * shows the jobs as another process keeps them, or left them.
 *
 *     JobSet, ModuleSet --onChange--> [lull] --> upserts, removes --> publisher
 *                                \--> JOB_*, MODULE_* -----------> journal
 *     JobsView ---each second--> reset --------------------------> publisher
 */
import type { NewEvent } from "#core/journal/journal.ts";
import type { Attachment } from "#core/model/attachment.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { errorRecord, MusterError, toMusterError } from "#core/model/error.ts";
import { makeId } from "#core/model/id.ts";
import { jidText, parseJid } from "#core/model/jid.ts";
import type { Job, JobReport } from "#core/model/job.ts";
import type { JobSettings, PaggSettings } from "#core/model/pagg-settings.ts";
import type { SourceEvent, Warning } from "#core/model/source.ts";
import type { AttachedProcess } from "#core/pagg/attached.ts";
import type { ModuleChange } from "#core/pagg/change.ts";
import { type JobEntry, jobItem } from "#core/pagg/job/entry.ts";
import type { JobdServer } from "#core/pagg/job/jobd/server.ts";
import type { Jid } from "#core/pagg/job/requests.ts";
import type { JobChange, JobSet } from "#core/pagg/job/set.ts";
import type { JobsView } from "#core/pagg/job/view.ts";
import { JOB_MODULE } from "#core/pagg/job-requests-ctl.ts";
import type { Modules } from "#core/pagg/modules.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import type { Kept } from "../handle/pagg-orders.ts";
import { attachmentOfId, jidOfId } from "../pagg-id.ts";
import type { ReportQuery } from "../service.ts";
import { Attachments, type Group } from "./attachments.ts";
import { JobUsage } from "./job-usage.ts";
import { Lull } from "./lull.ts";
import { jobCreated, jobEnded, jobStateChanged, moduleEvent } from "./pagg-events.ts";

export interface PaggObserverOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly pagg: PaggSettings;
  readonly jobs: JobSettings;
  /** This process shall keep jobs and modules, if no other one does. */
  readonly keeps: boolean;
  /** How a module's own process is started. */
  readonly moduleHost: readonly string[];
  readonly publish: (...events: readonly SourceEvent[]) => void;
  /** A line for the service's log. */
  readonly log: (text: string) => void;
  readonly record: (events: readonly Omit<NewEvent, "atMs">[]) => void;
}

/** Who is in a job changes as fast as processes fork: it is told so often at most. */
const LULL_MS = 250;
const TICK_MS = 1000;

export class PaggObserver {
  readonly #options: PaggObserverOptions;
  readonly #usage: JobUsage;
  readonly #attachments: Attachments;
  readonly #lull: Lull;
  readonly #opened = Promise.withResolvers<void>();
  /** What was told of each job. */
  readonly #told = new Map<Jid, Job>();
  /** Jobs and modules that are others than what was told of them. */
  readonly #changedJobs = new Set<Jid>();
  readonly #changedModules = new Set<string>();
  #warnings: Warning[] = [];
  #jobs: JobSet | null = null;
  #modules: Modules | null = null;
  #view: JobsView | null = null;
  /** What was last told of it. */
  #viewed = "";
  #jobd: JobdServer | null = null;
  #attendedJobs: readonly Jid[] = [];
  #isAnyAttended = false;
  #cancelTick: (() => void) | null = null;
  #isClosed = false;

  constructor(options: PaggObserverOptions) {
    this.#options = options;
    const { clock, environment, publish } = options;
    const { node, procRoot } = environment;
    this.#usage = new JobUsage(clock);
    this.#attachments = new Attachments({ node, procRoot, clock, publish, list: (group) => this.#processesOf(group) });
    this.#lull = new Lull(clock, LULL_MS, () => this.#tellChanges());
  }

  /** Done when jobs and modules are there, or it is known that they will not be. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** The jobs, if this process keeps them. */
  get jobs(): JobSet | null {
    return this.#jobs;
  }

  /** What actions act on; null if another process keeps it, or none. */
  get kept(): Kept | null {
    const jobs = this.#jobs;
    const modules = this.#modules;
    if (!jobs || !modules) return null;
    const { node } = this.#options.environment;
    return {
      modules,
      jobs,
      job: (jid) => {
        const entry = jobs.entry(jid);
        return entry && jobItem(node, entry);
      },
      report: (jid) => jobs.reports({ jid, limit: 1 }).at(-1) ?? null,
      attachment: (named) => {
        const jid = named.module === JOB_MODULE ? jobOf(jobs, named.pid) : null;
        const process =
          named.module === JOB_MODULE
            ? jid && { ...named, data: null }
            : modules
                .attached(named.module)
                .find(({ pid, startTicks }) => pid === named.pid && startTicks === named.startTicks);
        return process ? this.#attachments.read(process, jid) : null;
      },
    };
  }

  /** Never throws: what cannot be had is told on its shelf. */
  async open(follows: boolean): Promise<void> {
    const { environment, keeps } = this.#options;
    try {
      // Another tree has processes of its own, and no jobs.
      if (environment.root !== "") this.#publishAll();
      else if (!(keeps && (await this.#keep()))) await this.#look(follows);
    } catch (thrown) {
      this.#unavailable(thrown);
    } finally {
      this.#opened.resolve();
    }
  }

  applySettings(pagg: PaggSettings, jobs: JobSettings): void {
    this.#modules?.setSettings(pagg);
    this.#jobs?.setSettings(jobs);
  }

  async reports({ jids, sinceMs, limit }: ReportQuery): Promise<readonly JobReport[]> {
    await this.opened;
    const source = this.#jobs ?? this.#view;
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
    if (this.#isClosed) return;
    this.#lull.hurry();
    this.#tellCounts();
  }

  #tellCounts(): void {
    const changed = [...this.#changedJobs];
    this.#changedJobs.clear();
    this.#options.publish(...changed.flatMap((jid) => this.#jobEvent(jid)), ...this.#moduleEvents());
  }

  async refresh(): Promise<void> {
    if (this.#jobs) this.#publishAll();
    else await this.#readView();
  }

  /** These are on a screen: they are sampled each second. */
  attend(ids: readonly string[]): void {
    this.#attendedJobs = ids.flatMap((id) => jidOfId(id) ?? []);
    const processes = ids.filter((id) => attachmentOfId(id) !== null);
    this.#isAnyAttended = this.#attendedJobs.length + processes.length > 0;
    this.#usage.keepOnly(new Set(ids));
    this.#attachments.attend(processes);
    this.#sampleJobs();
    this.#tick();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTick?.();
    this.#lull.close();
    this.#jobd?.close();
    await this.#modules?.close();
    this.#jobs?.close();
    this.#view?.close();
    this.#opened.resolve();
  }

  async #keep(): Promise<boolean> {
    const { environment, clock, jobs: settings, pagg, moduleHost } = this.#options;
    const [{ JobSet }, { ModuleSet }] = await Promise.all([
      import("#core/pagg/job/set.ts"),
      import("#core/pagg/module-set.ts"),
    ]);
    if (this.#isClosed) return true;
    const { node, stateDirectory, procRoot, uid } = environment;
    const jobs = JobSet.open({
      node,
      stateDirectory,
      procRoot,
      uid,
      clock,
      settings,
      onChange: (changes) => this.#jobsChanged(changes),
      onProblem: (message) => this.#problem("jobs", message),
      onRepair: () => this.#repaired(),
    });
    if (!jobs) return false;
    this.#jobs = jobs;
    if (jobs.movedAside !== null) {
      this.#problem("jobs", `they were damaged; what there was is kept as ${jobs.movedAside} and new ones were begun`);
    }
    this.#modules = new ModuleSet({
      node,
      settings: pagg,
      clock,
      procRoot,
      uid,
      hostCommand: moduleHost,
      job: { requests: jobs, attached: () => jobs.entries().reduce((sum, { processes }) => sum + processes, 0) },
      onChange: (changes) => this.#modulesChanged(changes),
      onProblem: (message) => this.#problem("modules", message),
      onOutput: (module, line) => this.#options.log(`module ${module}: ${line}`),
    });
    this.#publishAll();
    if (settings.jobdSocket !== null) await this.#serveJobd(jobs, settings.jobdSocket);
    return true;
  }

  /** A socket that cannot be had is told; all else goes on without it. */
  async #serveJobd(jobs: JobSet, path: string): Promise<void> {
    const { environment, clock, log } = this.#options;
    const { serveJobd } = await import("../jobd.ts");
    try {
      this.#jobd = serveJobd({ path, jobs, clock, log, uid: environment.uid, procRoot: environment.procRoot });
    } catch (thrown) {
      this.#problem("jobs", `jobd's socket is not served: ${toMusterError(thrown, path).message}`);
    }
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
    const { node } = this.#options.environment;
    const entries = await view.entries();
    const groups = entries.map(async ({ jid }) => this.#read(await membersIn(view, jid), jidText(jid)));
    const attachments = (await Promise.all(groups)).flat();
    const jobs = entries.map((entry) => jobItem(node, entry));
    const viewed = JSON.stringify([jobs, attachments]);
    if (this.#isClosed || viewed === this.#viewed) return;
    this.#viewed = viewed;
    this.#options.publish(
      { src: "modules", op: "reset", items: [] },
      { src: "jobs", op: "reset", items: jobs },
      { src: "attachments", op: "reset", items: attachments },
    );
  }

  #read(pids: readonly number[], jid: string): Attachment[] {
    return this.#identified(pids).flatMap((process) => this.#attachments.read(process, jid) ?? []);
  }

  /** All of it anew. */
  #publishAll(): void {
    const { node } = this.#options.environment;
    const entries = this.#jobs?.entries() ?? [];
    const warnings = [...this.#warnings];
    this.#told.clear();
    for (const entry of entries) this.#told.set(entry.jid, jobItem(node, entry));
    this.#changedJobs.clear();
    for (const entry of entries) this.#attachments.touch(groupOfJob(entry.jid));
    for (const module of this.#modules?.items() ?? []) this.#attachments.touch(groupOfModule(module.name));
    while (!this.#attachments.look());
    this.#options.publish(
      { src: "modules", op: "reset", items: this.#modules?.items() ?? [], warnings },
      { src: "jobs", op: "reset", items: [...this.#told.values()].map((job) => this.#used(job)), warnings },
      {
        src: "attachments",
        op: "reset",
        items: this.#attachments.items(),
        warnings: this.#attachmentWarnings(warnings),
      },
    );
  }

  #attachmentWarnings(warnings: readonly Warning[]): Warning[] {
    if (!this.#attachments.isCut) return [...warnings];
    const message = "there are more processes than are told one by one; jobs and modules count all of theirs";
    return [...warnings, { code: "INCOMPLETE", target: "attachments", message }];
  }

  #jobsChanged(changes: readonly JobChange[]): void {
    const { node } = this.#options.environment;
    const events: (Omit<NewEvent, "atMs"> | null)[] = [];
    for (const change of changes) {
      if (change.type === "ended") {
        const { jid, report } = change;
        // It came and went within one turn of the loop.
        if (!this.#told.has(jid)) events.push(jobCreated(node, report));
        events.push(jobEnded(node, report));
        this.#told.delete(jid);
        this.#changedJobs.delete(jid);
        this.#options.publish({ src: "jobs", op: "remove", id: makeId(node, "job", jidText(jid)), reason: "ended" });
        this.#touch(groupOfJob(jid));
        continue;
      }
      const { entry } = change;
      const before = this.#told.get(entry.jid);
      if (change.type === "created") events.push(jobCreated(node, jobItem(node, entry)));
      if (before) events.push(jobStateChanged(node, jobItem(node, entry), before.state));
      if (!before || before.state !== entry.state) this.#tellJob(entry);
      else this.#changedJobs.add(entry.jid);
      if (change.type === "created" || change.membership) this.#touch(groupOfJob(entry.jid));
      else this.#lull.ask();
    }
    this.#record(events);
  }

  #modulesChanged(changes: readonly ModuleChange[]): void {
    const { node } = this.#options.environment;
    for (const change of changes) {
      const name = "process" in change ? change.process.module : change.module;
      this.#changedModules.add(name);
      this.#touch(groupOfModule(name));
    }
    this.#record(changes.map((change) => moduleEvent(node, change)));
    if (changes.some((change) => !("process" in change))) this.#options.publish(...this.#moduleEvents());
  }

  #touch(group: Group): void {
    this.#attachments.touch(group);
    // How many are attached is told of the module.
    if (group.jid !== null) this.#changedModules.add(JOB_MODULE);
    this.#lull.ask();
  }

  /** What has gathered since the last time; false if the rest is for the next turn of the loop. */
  #tellChanges(): boolean {
    if (this.#isClosed) return true;
    this.#tellCounts();
    const wasCut = this.#attachments.isCut;
    const isDone = this.#attachments.look();
    if (isDone && wasCut !== this.#attachments.isCut) this.#publishAll();
    const { restMs } = this.#attachments;
    if (isDone && restMs !== null) this.#lull.askIn(restMs);
    return isDone;
  }

  #tellJob(entry: JobEntry): void {
    this.#changedJobs.delete(entry.jid);
    const item = jobItem(this.#options.environment.node, entry);
    this.#told.set(entry.jid, item);
    this.#options.publish({ src: "jobs", op: "upsert", item: this.#used(item) });
  }

  #jobEvent(jid: Jid): SourceEvent[] {
    const entry = this.#jobs?.entry(jid);
    if (!entry) return [];
    const item = jobItem(this.#options.environment.node, entry);
    this.#told.set(jid, item);
    return [{ src: "jobs", op: "upsert", item: this.#used(item) }];
  }

  #moduleEvents(): SourceEvent[] {
    const names = [...this.#changedModules];
    this.#changedModules.clear();
    const { node } = this.#options.environment;
    return names.map((name): SourceEvent => {
      const item = this.#modules?.item(name);
      if (item) return { src: "modules", op: "upsert", item };
      return { src: "modules", op: "remove", id: makeId(node, "module", name), reason: "unregistered" };
    });
  }

  #used(job: Job): Job {
    const usage = this.#usage.of(job.id);
    return usage === null ? job : { ...job, usage };
  }

  #processesOf({ jid, key }: Group): readonly AttachedProcess[] {
    if (jid === null) return this.#modules?.attached(key) ?? [];
    return this.#identified(unlessEnded(() => this.#jobs?.members(parseJid(jid) ?? 0n) ?? []) ?? []);
  }

  #identified(pids: readonly number[]): AttachedProcess[] {
    const { procRoot } = this.#options.environment;
    return pids.flatMap((pid) => {
      const startTicks = processIdentityTicks(procRoot, pid);
      return startTicks === null ? [] : [{ module: JOB_MODULE, pid, startTicks, data: null }];
    });
  }

  #sampleJobs(): void {
    const { publish, environment } = this.#options;
    for (const jid of this.#attendedJobs) {
      const used = unlessEnded(() => this.#jobs?.usage(jid) ?? null);
      if (!used) continue;
      const id = makeId(environment.node, "job", jidText(jid));
      const before = this.#usage.of(id);
      const usage = this.#usage.sample(id, used);
      if (JSON.stringify(usage) !== JSON.stringify(before)) publish({ src: "jobs", op: "sample", id, usage });
    }
  }

  /** Only while somebody looks, or another process may have written. */
  #tick(): void {
    if (this.#cancelTick || this.#isClosed || !(this.#isAnyAttended || this.#view)) return;
    this.#cancelTick = this.#options.clock.setTimer(TICK_MS, () => {
      this.#cancelTick = null;
      this.#sampleJobs();
      this.#attachments.sample();
      this.#readView()
        .catch((thrown) => this.#unavailable(thrown))
        .finally(() => this.#tick());
    });
  }

  #record(events: readonly (Omit<NewEvent, "atMs"> | null)[]): void {
    const wanted = events.filter((event) => event !== null);
    if (wanted.length > 0) this.#options.record(wanted);
  }

  #problem(of: "jobs" | "modules", message: string): void {
    const { stateDirectory } = this.#options.environment;
    this.#warnings = [...this.#warnings, { code: "SOURCE_FAILED", target: stateDirectory, message }];
    this.#record([{ severity: "warn", code: "SOURCE_FAILED", target: null, message: `${of}: ${message}` }]);
    if (this.#jobs && this.#modules) this.#publishAll();
  }

  #repaired(): void {
    const message = "process events were lost; the processes of all jobs were read again, and nobody is missing";
    this.#record([{ severity: "info", code: "SOURCE_REPAIRED", target: null, message }]);
  }

  #unavailable(thrown: unknown): void {
    const error = errorRecord(thrown, this.#options.environment.stateDirectory);
    for (const src of ["modules", "jobs", "attachments"] as const) {
      this.#options.publish({ src, op: "unavailable", error });
    }
  }
}

const groupOfJob = (jid: Jid): Group => ({ key: jidText(jid), jid: jidText(jid) });

const groupOfModule = (name: string): Group => ({ key: name, jid: null });

async function membersIn(view: JobsView, jid: Jid): Promise<readonly number[]> {
  try {
    return await view.members(jid);
  } catch (thrown) {
    return isEnded(thrown) ? [] : Promise.reject(thrown);
  }
}

/** null if it is in none. */
function jobOf(jobs: JobSet, pid: number): string | null {
  const jid = unlessEnded(() => jobs.getjid(pid));
  return jid === null ? null : jidText(jid);
}

/** A job may end, and a process with it, at any moment: between two questions too. */
function unlessEnded<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch (thrown) {
    if (isEnded(thrown)) return null;
    throw thrown;
  }
}

function isEnded(thrown: unknown): boolean {
  return thrown instanceof MusterError && (thrown.errno === "ENODATA" || thrown.errno === "ESRCH");
}
