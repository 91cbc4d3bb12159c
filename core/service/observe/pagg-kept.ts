/** Jobs and modules in the service that keeps them: opened, set up as the configuration says, asked of jobd's socket. */
import type { Clock } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { toMusterError } from "#core/model/error.ts";
import { jidText } from "#core/model/jid.ts";
import type { Job } from "#core/model/job.ts";
import type { JobSettings, PaggSettings } from "#core/model/pagg-settings.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { attachmentItem } from "#core/pagg/attached.ts";
import { jobItem } from "#core/pagg/job/entry.ts";
import type { JobdServer } from "#core/pagg/job/jobd/server.ts";
import type { Jid } from "#core/pagg/job/requests.ts";
import { JobSet } from "#core/pagg/job/set.ts";
import { JOB_MODULE } from "#core/pagg/job-requests-ctl.ts";
import { ModuleSet } from "#core/pagg/module-set.ts";
import type { Modules } from "#core/pagg/modules.ts";
import type { Audit } from "../audit.ts";
import type { Kept } from "../handle/pagg-order.ts";
import { serveJobd } from "../jobd.ts";
import type { NamedAttachment } from "../pagg-id.ts";
import { unlessEnded } from "./job-members.ts";
import type { PaggEvent } from "./pagg-events.ts";
import { PaggShelves } from "./pagg-shelves.ts";

export interface PaggKeeperOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly pagg: PaggSettings;
  readonly jobs: JobSettings;
  readonly isReadOnly: () => boolean;
  /** Of what is asked by jobd's socket. */
  readonly audit: Audit;
  /** How a module's own process is started. */
  readonly moduleHost: readonly string[];
  readonly publish: (...events: readonly SourceEvent[]) => void;
  /** A line for the service's log. */
  readonly log: (text: string) => void;
  readonly record: (events: readonly PaggEvent[]) => void;
}

/** How what is told of these begins. */
const JOBD_FAILED = "jobd's socket is not served";
const GROUP_PENDING = "the control group of [jobs] cgroup counts from the next start of the service on";

export class PaggKeeper implements Kept {
  readonly jobs: JobSet;
  readonly modules: Modules;
  readonly shelves: PaggShelves;
  readonly #options: PaggKeeperOptions;
  #pagg: PaggSettings;
  /** Of the settings that the groups were made with. */
  readonly #cgroup: string | null;
  #jobd: JobdServer | null = null;

  /** null if another process keeps the jobs. Throws EIO. */
  static open(options: PaggKeeperOptions): PaggKeeper | null {
    const { environment, clock, jobs: settings } = options;
    const { node, stateDirectory, procRoot, uid } = environment;
    let shelves: PaggShelves | null = null;
    const early: string[] = [];
    const jobs = JobSet.open({
      node,
      stateDirectory,
      procRoot,
      uid,
      clock,
      settings,
      // In a later turn of the loop.
      onChange: (changes) => shelves?.jobsChanged(changes),
      onProblem: (message) => (shelves ? shelves.problem("jobs", message) : early.push(message)),
      onRepair: () => shelves?.repaired(),
    });
    if (!jobs) return null;
    const keeper = new PaggKeeper(options, jobs);
    shelves = keeper.shelves;
    for (const message of early) shelves.problem("jobs", message);
    keeper.#begin();
    return keeper;
  }

  private constructor(options: PaggKeeperOptions, jobs: JobSet) {
    const { clock, environment, publish, record, pagg, moduleHost, log } = options;
    const { node, procRoot, uid } = environment;
    this.#options = options;
    this.#pagg = pagg;
    this.#cgroup = options.jobs.cgroup;
    this.jobs = jobs;
    this.modules = new ModuleSet({
      node,
      settings: pagg,
      clock,
      procRoot,
      uid,
      hostCommand: moduleHost,
      job: { requests: jobs, attached: () => jobs.entries().reduce((sum, { processes }) => sum + processes, 0) },
      onChange: (changes) => this.shelves.modulesChanged(changes),
      onProblem: (message) => this.shelves.problem("modules", message),
      onOutput: (module, line) => log(`module ${module}: ${line}`),
    });
    this.shelves = new PaggShelves({ environment, clock, jobs, modules: this.modules, publish, record });
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
    const { node, procRoot } = this.#options.environment;
    if (module === JOB_MODULE) {
      const jid = unlessEnded(() => this.jobs.getjid(pid));
      return jid === null ? null : attachmentItem(node, procRoot, { ...named, data: null }, jidText(jid));
    }
    const all = this.modules.attached(module);
    const process = all.find((each) => each.pid === pid && each.startTicks === startTicks);
    return process ? attachmentItem(node, procRoot, process, null) : null;
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

  async close(): Promise<void> {
    this.shelves.close();
    this.#jobd?.close();
    await this.modules.close();
    this.jobs.close();
  }

  #begin(): void {
    const { movedAside, settings } = this.jobs;
    if (movedAside !== null) {
      const message = `they were damaged; what there was is kept as ${movedAside} and new ones were begun`;
      this.shelves.problem("jobs", message);
    }
    this.shelves.open();
    this.#serveJobd(settings.jobdSocket);
    // Nobody waits for it: their first look at all processes may take long.
    void this.modules.loadAll(this.#pagg.load);
  }

  /** Instead of the one before. A socket that cannot be had is told; all else goes on without it. */
  #serveJobd(path: string | null): void {
    this.#jobd?.close();
    this.#jobd = null;
    this.shelves.forget(JOBD_FAILED);
    if (path === null) return;
    const { environment, clock, log, isReadOnly, audit } = this.#options;
    try {
      this.#jobd = serveJobd({ path, jobs: this.jobs, clock, log, environment, isReadOnly, audit });
    } catch (thrown) {
      this.shelves.problem("jobs", `${JOBD_FAILED}: ${toMusterError(thrown, path).message}`);
    }
  }

  /** The groups that hold the jobs stay where they are: moving who lives in them would not be unseen. */
  #tellPending(cgroup: string | null): void {
    this.shelves.forget(GROUP_PENDING);
    if (cgroup === this.#cgroup) return;
    const place = (path: string | null) => (path === null ? "one that is chosen" : path);
    this.shelves.problem("jobs", `${GROUP_PENDING}: ${place(cgroup)}. Until then it is ${place(this.#cgroup)}`);
  }
}
