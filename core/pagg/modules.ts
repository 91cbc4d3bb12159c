/** The modules as the service sees them: what it gives them, and what it asks of them. ModuleSet (module-set.ts) is this. */
import type { Clock } from "#core/model/clock.ts";
import type { Module } from "#core/model/module.ts";
import type { PaggSettings } from "#core/model/pagg-settings.ts";
import type { AttachedProcess } from "./attached.ts";
import type { ModuleChange } from "./change.ts";
import type { JobRequests } from "./job/requests.ts";
import type { Json, PaggctlContext, RequestSpec } from "./request.ts";

export interface ModuleSetOptions {
  readonly node: string;
  readonly settings: PaggSettings;
  readonly clock: Clock;
  readonly procRoot: string;
  /** The service's own user: files and directories of modules are his or root's. */
  readonly uid: number;
  /** How a module's own process is started: muster again, in the mode of core/pagg/host. */
  readonly hostCommand: readonly string[];
  /** The built-in Job module; null where there is none. */
  readonly job: JobModule | null;
  /** All that changed together. Never empty. */
  readonly onChange: (changes: readonly ModuleChange[]) => void;
  /** What the operator should know, as a sentence: process events that cannot be had, or were lost. */
  readonly onProblem: (message: string) => void;
  /** A line of a module's own output, for the service's log. */
  readonly onOutput: (module: string, line: string) => void;
}

export interface JobModule {
  readonly requests: JobRequests;
  /** Processes in all jobs together. */
  attached(): number;
}

/** A file that could be loaded; `problem` says why it cannot. */
export interface AvailableModule {
  readonly name: string;
  readonly path: string;
  readonly problem: string | null;
}

export interface Modules {
  /** Registered, loading and failed ones: the items of `modules`. */
  items(): Module[];
  item(name: string): Module | null;
  /** Files in the directories of the configuration. */
  available(): AvailableModule[];
  /**
   * By path, or by name in the directories of the configuration; done when the module is registered and has been asked about
   * every process. Fails with ENOENT, EACCES (others can write there, a symbolic link, not in a directory of the
   * configuration), ENOEXEC (not a module: with file and line), EBUSY (registered already), EINVAL (name), ETIMEDOUT.
   */
  load(pathOrName: string): Promise<Module>;
  /**
   * Those of the configuration, one after the other. Never fails: one that cannot be loaded stays in the list as failed, with the
   * reason, until it is loaded or unloaded, and the next is tried.
   */
  loadAll(pathsOrNames: readonly string[]): Promise<void>;
  /** Detaches its processes and ends it; a failed one is taken off the list. Fails with ENOENT, EBUSY (built in). */
  unload(name: string): Promise<void>;
  /** Of an operator's module, in the order they were attached; those of `job` are the members of its jobs. */
  attached(name: string): AttachedProcess[];
  /** Before a request is performed: its effect and who may ask. Throws EINVAL, ENOSYS, ENXIO, EBADR. */
  request(module: string, request: string | number): RequestSpec;
  paggctl(module: string, request: string | number, data?: Json, context?: PaggctlContext): Promise<Json>;
  /** At run time; what is loaded stays, also out of a directory that is no longer named. */
  setSettings(settings: PaggSettings): void;
  /** Ends all modules' processes and waits for them. */
  close(): Promise<void>;
}
