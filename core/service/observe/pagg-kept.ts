/**
 * Jobs and modules as the service that keeps them has them and tells them.
 *
 *     JobSet, ModuleSet --onChange--> [lull] --> upserts, removes --> publisher
 *                                \--> JOB_*, MODULE_* -----------> journal
 */
import type { NewEvent } from "#core/journal/journal.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { toMusterError } from "#core/model/error.ts";
import { makeId } from "#core/model/id.ts";
import { jidText, parseJid } from "#core/model/jid.ts";
import type { Job } from "#core/model/job.ts";
import type { JobSettings, PaggSettings } from "#core/model/pagg-settings.ts";
import type { SourceEvent, Warning } from "#core/model/source.ts";
import type { AttachedProcess } from "#core/pagg/attached.ts";
import type { ModuleChange } from "#core/pagg/change.ts";
import type { JobChange } from "#core/pagg/job/changes.ts";
import { type JobEntry, jobItem } from "#core/pagg/job/entry.ts";
import type { JobdServer } from "#core/pagg/job/jobd/server.ts";
import type { Jid } from "#core/pagg/job/requests.ts";
import { JobSet } from "#core/pagg/job/set.ts";
import { JOB_MODULE } from "#core/pagg/job-requests-ctl.ts";
import { ModuleSet } from "#core/pagg/module-set.ts";
import type { Modules } from "#core/pagg/modules.ts";
import type { Audit } from "../audit.ts";
import type { Kept } from "../handle/pagg-order.ts";
import { serveJobd } from "../jobd.ts";
import { attachmentOfId, jidOfId, type NamedAttachment } from "../pagg-id.ts";
import { Attachments, type Group } from "./attachments.ts";
import { identified, unlessEnded } from "./job-members.ts";
import { JobUsage } from "./job-usage.ts";
import { Lull } from "./lull.ts";
import { jobCreated, jobEnded, jobStateChanged, moduleEvent } from "./pagg-events.ts";

export interface PaggKeeperOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly pagg: PaggSettings;
  readonly jobs: JobSettings;
  readonly isReadOnly: boolean;
  /** Of what is asked by jobd's socket. */
  readonly audit: Audit;
  /** How a module's own process is started. */
  readonly moduleHost: readonly string[];
  readonly publish: (...events: readonly SourceEvent[]) => void;
  /** A line for the service's log. */
  readonly log: (text: string) => void;
  readonly record: (events: readonly Omit<NewEvent, "atMs">[]) => void;
}

/** Who is in a job changes as fast as processes fork: it is told so often at most. */
const LULL_MS = 250;
/** How what is told of these begins. */
const JOBD_FAILED = "jobd's socket is not served";
const GROUP_PENDING = "the control group of [jobs] cgroup counts from the next start of the service on";
/** Of what went wrong, the latest. */
const MOST_WARNINGS = 16;

export class PaggKeeper implements Kept {
  readonly jobs: JobSet;
  readonly modules: Modules;
  readonly #options: PaggKeeperOptions;
  readonly #usage: JobUsage;
  readonly #attachments: Attachments;
  readonly #lull: Lull;
  readonly #openedMs: number;
  #pagg: PaggSettings;
  /** Of the settings that the groups were made with. */
  readonly #cgroup: string | null;
  /** What was told of each job. */
  readonly #told = new Map<Jid, Job>();
  /** Jobs and modules that are others than what was told of them. */
  readonly #changedJobs = new Set<Jid>();
  readonly #changedModules = new Set<string>();
  #warnings: Warning[] = [];
  #jobd: JobdServer | null = null;
  #attendedJobs: readonly Jid[] = [];
  #isOpen = false;
  #isClosed = false;

  /** null if another process keeps the jobs. Throws EIO. */
  static open(options: PaggKeeperOptions): PaggKeeper | null {
    const { environment, clock, jobs: settings } = options;
    const { node, stateDirectory, procRoot, uid } = environment;
    let keeper: PaggKeeper | null = null;
    const early: string[] = [];
    const jobs = JobSet.open({
      node,
      stateDirectory,
      procRoot,
      uid,
      clock,
      settings,
      // In a later turn of the loop.
      onChange: (changes) => keeper?.jobsChanged(changes),
      onProblem: (message) => (keeper ? keeper.problem("jobs", message) : early.push(message)),
      onRepair: () => keeper?.repaired(),
    });
    if (!jobs) return null;
    keeper = new PaggKeeper(options, jobs);
    for (const message of early) keeper.problem("jobs", message);
    keeper.#begin();
    return keeper;
  }

  private constructor(options: PaggKeeperOptions, jobs: JobSet) {
    const { clock, environment, publish, pagg, moduleHost, log } = options;
    const { node, procRoot, uid } = environment;
    this.#options = options;
    this.#pagg = pagg;
    this.#cgroup = options.jobs.cgroup;
    this.#openedMs = clock.wallMs();
    this.#usage = new JobUsage(clock);
    this.#attachments = new Attachments({ node, procRoot, clock, publish, list: (group) => this.#processesOf(group) });
    this.#lull = new Lull(clock, LULL_MS, () => this.#tellChanges());
    this.jobs = jobs;
    this.modules = new ModuleSet({
      node,
      settings: pagg,
      clock,
      procRoot,
      uid,
      hostCommand: moduleHost,
      job: { requests: jobs, attached: () => jobs.entries().reduce((sum, { processes }) => sum + processes, 0) },
      onChange: (changes) => this.#modulesChanged(changes),
      onProblem: (message) => this.problem("modules", message),
      onOutput: (module, line) => log(`module ${module}: ${line}`),
    });
  }

  job(jid: Jid): Job | null {
    const entry = this.jobs.entry(jid);
    return entry && jobItem(this.#options.environment.node, entry);
  }

  report(jid: Jid) {
    return this.jobs.reports({ jid, limit: 1 }).at(-1) ?? null;
  }

  /** As it is at this moment; null if it is not attached to that module. */
  attachment(named: NamedAttachment) {
    const { module, pid, startTicks } = named;
    if (module === JOB_MODULE) {
      const jid = unlessEnded(() => this.jobs.getjid(pid));
      return jid === null ? null : this.#attachments.read({ ...named, data: null }, jidText(jid));
    }
    const all = this.modules.attached(module);
    const process = all.find((each) => each.pid === pid && each.startTicks === startTicks);
    return process ? this.#attachments.read(process, null) : null;
  }

  applySettings(pagg: PaggSettings, jobs: JobSettings): void {
    const added = pagg.load.filter((word) => !this.#pagg.load.includes(word));
    this.#pagg = pagg;
    this.modules.setSettings(pagg);
    void this.modules.loadAll(added);
    const { hid, jobdSocket } = this.jobs.settings;
    this.jobs.setSettings(jobs);
    // What SETHID has said holds as long as the settings say what they said.
    if (jobs.hid !== hid) this.jobs.sethid(jobs.hid);
    if (jobs.jobdSocket !== jobdSocket) this.#serveJobd(jobs.jobdSocket);
    this.#tellPending(jobs.cgroup);
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

  /** All of it anew. */
  publishAll(): void {
    const { node } = this.#options.environment;
    const entries = this.jobs.entries();
    const warnings = [...this.#warnings];
    this.#told.clear();
    for (const entry of entries) this.#told.set(entry.jid, jobItem(node, entry));
    this.#changedJobs.clear();
    for (const entry of entries) this.#attachments.touch(groupOfJob(entry.jid));
    for (const module of this.modules.items()) this.#attachments.touch(groupOfModule(module.name));
    while (!this.#attachments.look());
    this.#options.publish(
      { src: "modules", op: "reset", items: this.modules.items(), warnings },
      { src: "jobs", op: "reset", items: [...this.#told.values()].map((job) => this.#used(job)), warnings },
      {
        src: "attachments",
        op: "reset",
        items: this.#attachments.items(),
        warnings: this.#attachmentWarnings(warnings),
      },
    );
  }

  /** These are on a screen. */
  attend(ids: readonly string[]): void {
    this.#attendedJobs = ids.flatMap((id) => jidOfId(id) ?? []);
    this.#usage.keepOnly(new Set(ids));
    this.#attachments.attend(ids.filter((id) => attachmentOfId(id) !== null));
    this.#sampleJobs();
  }

  sample(): void {
    this.#sampleJobs();
    this.#attachments.sample();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#lull.close();
    this.#jobd?.close();
    await this.modules.close();
    this.jobs.close();
  }

  /** Told to the operator, and beside the items. */
  problem(of: "jobs" | "modules", message: string): void {
    const warning = { code: "SOURCE_FAILED", target: this.#options.environment.stateDirectory, message };
    const others = this.#warnings.filter((before) => before.message !== message);
    this.#warnings = [...others, warning].slice(-MOST_WARNINGS);
    this.#record([{ severity: "warn", code: "SOURCE_FAILED", target: null, message: `${of}: ${message}` }]);
    if (this.#isOpen) this.publishAll();
  }

  #begin(): void {
    const { movedAside, settings } = this.jobs;
    if (movedAside !== null) {
      this.problem("jobs", `they were damaged; what there was is kept as ${movedAside} and new ones were begun`);
    }
    this.#isOpen = true;
    this.publishAll();
    this.#serveJobd(settings.jobdSocket);
    // Nobody waits for it: their first look at all processes may take long.
    void this.modules.loadAll(this.#pagg.load);
  }

  /** Instead of the one before. A socket that cannot be had is told; all else goes on without it. */
  #serveJobd(path: string | null): void {
    this.#jobd?.close();
    this.#jobd = null;
    this.#forget(JOBD_FAILED);
    if (path === null) return;
    const { environment, clock, log, isReadOnly, audit } = this.#options;
    try {
      this.#jobd = serveJobd({ path, jobs: this.jobs, clock, log, environment, isReadOnly, audit });
    } catch (thrown) {
      this.problem("jobs", `${JOBD_FAILED}: ${toMusterError(thrown, path).message}`);
    }
  }

  /** The groups that hold the jobs stay where they are: moving who lives in them would not be unseen. */
  #tellPending(cgroup: string | null): void {
    this.#forget(GROUP_PENDING);
    if (cgroup === this.#cgroup) return;
    const place = (path: string | null) => (path === null ? "one that is chosen" : path);
    this.problem("jobs", `${GROUP_PENDING}: ${place(cgroup)}. Until then it is ${place(this.#cgroup)}`);
  }

  /** What was told and does not hold any more. */
  #forget(beginning: string): void {
    const holding = this.#warnings.filter(({ message }) => !message.startsWith(beginning));
    if (holding.length === this.#warnings.length) return;
    this.#warnings = holding;
    this.publishAll();
  }

  #attachmentWarnings(warnings: readonly Warning[]): Warning[] {
    if (!this.#attachments.isCut) return [...warnings];
    const message = "there are more processes than are told one by one; jobs and modules count all of theirs";
    return [...warnings, { code: "INCOMPLETE", target: "attachments", message }];
  }

  jobsChanged(changes: readonly JobChange[]): void {
    const { node } = this.#options.environment;
    const events: (Omit<NewEvent, "atMs"> | null)[] = [];
    for (const change of changes) {
      if (change.type === "ended") {
        const { jid, report } = change;
        // It came and went within one turn of the loop; or before us, and was told of then.
        if (!this.#told.has(jid) && Date.parse(report.createdAt) >= this.#openedMs)
          events.push(jobCreated(node, report));
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
    if (isDone && wasCut !== this.#attachments.isCut) this.publishAll();
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
    const entry = this.jobs.entry(jid);
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
      const item = this.modules.item(name);
      if (item) return { src: "modules", op: "upsert", item };
      return { src: "modules", op: "remove", id: makeId(node, "module", name), reason: "unregistered" };
    });
  }

  #used(job: Job): Job {
    const usage = this.#usage.of(job.id);
    return usage === null ? job : { ...job, usage };
  }

  #processesOf({ jid, key }: Group): readonly AttachedProcess[] {
    if (jid === null) return this.modules.attached(key);
    const pids = unlessEnded(() => this.jobs.members(parseJid(jid) ?? 0n));
    return identified(this.#options.environment.procRoot, pids ?? []);
  }

  #sampleJobs(): void {
    const { publish, environment } = this.#options;
    for (const jid of this.#attendedJobs) {
      const used = unlessEnded(() => this.jobs.usage(jid));
      if (!used) continue;
      const id = makeId(environment.node, "job", jidText(jid));
      const before = this.#usage.of(id);
      const usage = this.#usage.sample(id, used);
      if (JSON.stringify(usage) !== JSON.stringify(before)) publish({ src: "jobs", op: "sample", id, usage });
    }
  }

  #record(events: readonly (Omit<NewEvent, "atMs"> | null)[]): void {
    const wanted = events.filter((event) => event !== null);
    if (wanted.length > 0) this.#options.record(wanted);
  }

  repaired(): void {
    const message = "process events were lost; the processes of all jobs were read again, and nobody is missing";
    this.#record([{ severity: "info", code: "SOURCE_REPAIRED", target: null, message }]);
  }
}

const groupOfJob = (jid: Jid): Group => ({ key: jidText(jid), jid: jidText(jid) });

const groupOfModule = (name: string): Group => ({ key: name, jid: null });
