/**
 * The modules of this node: the built-in Job module, and those of the operator's own, each in a process of its own.
 *
 *     load -> module-file: checked, read -> loaded-module -> module-host --pipes--> host/main.ts -> the module's hooks
 *                                               |                 |
 *     paggctl -> registry --> service ----------+                 +--- events --- following <- tracker <- the kernel
 */
import { basename } from "node:path";
import type { Problem } from "#core/model/daemon.ts";
import { MusterError } from "#core/model/error.ts";
import { makeId } from "#core/model/id.ts";
import type { Module } from "#core/model/module.ts";
import type { PaggSettings } from "#core/model/pagg-settings.ts";
import type { AttachedProcess } from "./attached.ts";
import type { ModuleChange } from "./change.ts";
import { paggError } from "./errors.ts";
import { Following } from "./following.ts";
import { JOB_MODULE, jobPaggctl } from "./job-requests-ctl.ts";
import { LoadedModule } from "./loaded-module.ts";
import { availableModules, findModuleFile, type ModulePlaces, nameOfFile } from "./module-file.ts";
import type { AvailableModule, JobModule, ModuleSetOptions, Modules } from "./modules.ts";
import { checkModuleName } from "./names.ts";
import { paggctl, paggctlRequest } from "./paggctl.ts";
import { ModuleRegistry } from "./registry.ts";
import type { Json, PaggctlContext, RequestSpec } from "./request.ts";

interface MissedModule {
  readonly path: string | null;
  readonly problem: Problem;
}

export class ModuleSet implements Modules {
  readonly #options: ModuleSetOptions;
  readonly #registry = new ModuleRegistry();
  readonly #following: Following;
  /** In the order they were loaded; failed ones until they are loaded again or taken off. */
  readonly #modules = new Set<LoadedModule>();
  /** Of the configuration, by their names, that could not be loaded. */
  readonly #missed = new Map<string, MissedModule>();
  readonly #ending = new Set<Promise<void>>();
  readonly #openedAt: string;
  #settings: PaggSettings;
  #changes: ModuleChange[] = [];
  #isClosed = false;

  constructor(options: ModuleSetOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#openedAt = new Date(options.clock.wallMs()).toISOString();
    this.#following = new Following({
      clock: options.clock,
      procRoot: options.procRoot,
      onChange: (change) => this.#tell(change),
      onLoss: () => options.onProblem("process events were lost; the processes of all modules were looked at again"),
    });
    if (options.job) this.#registry.register({ name: JOB_MODULE, service: jobPaggctl(options.job.requests) });
  }

  items(): Module[] {
    const { job, node } = this.#options;
    const byName = new Map<string, Module>();
    if (job) byName.set(JOB_MODULE, this.#jobItem(job));
    for (const module of this.#modules) {
      // One that is being loaded may turn out to have another name.
      if (module.state === "loading" && this.#registry.has(module.name)) continue;
      byName.set(module.name, module.item(node));
    }
    for (const [name, missed] of this.#missed) {
      if (!byName.has(name)) byName.set(name, missedItem(node, name, missed));
    }
    return [...byName.values()];
  }

  item(name: string): Module | null {
    return this.items().find((item) => item.name === name) ?? null;
  }

  available(): AvailableModule[] {
    return availableModules(this.#places);
  }

  async load(pathOrName: string): Promise<Module> {
    if (this.#isClosed) throw paggError("EIO", "the service is ending");
    const path = findModuleFile(pathOrName, this.#places);
    const name = checkModuleName(nameOfFile(path));
    this.#checkFree(path, name);
    const module = new LoadedModule(path, name, {
      set: this.#options,
      stallSeconds: this.#settings.stallSeconds,
      following: this.#following,
      onFailed: (failed, problem) => {
        // Not if it fails between its first word and its registration: then the load fails.
        if (this.#registry.get(failed.name) !== failed) return;
        this.#registry.unregister(failed);
        this.#tell({ type: "failed", module: failed.name, problem });
      },
    });
    this.#modules.add(module);
    this.#tell({ type: "loading", module: name });
    try {
      await module.define();
      this.#checkNotTaken(module);
      this.#registry.register(module);
    } catch (thrown) {
      this.#modules.delete(module);
      this.#track(module.end());
      this.#tell({ type: "forgotten", module: name });
      throw thrown;
    }
    if (module.name !== name) this.#tell({ type: "forgotten", module: name });
    this.#forgetFailed(module);
    this.#tell({ type: "registered", module: module.name });
    try {
      await module.begin();
    } catch (thrown) {
      // One that failed stays in the list and says why.
      if (module.state === "registered") await this.#unregister(module);
      throw thrown;
    }
    return module.item(this.#options.node);
  }

  async loadAll(pathsOrNames: readonly string[]): Promise<void> {
    for (const word of pathsOrNames) {
      try {
        await this.load(word);
      } catch (thrown) {
        if (this.#isClosed) return;
        // Somebody did not want it any more while it was being loaded.
        if (thrown instanceof MusterError && thrown.errno === "ECANCELED") continue;
        this.#miss(word, thrown instanceof Error ? thrown.message : String(thrown));
      }
    }
  }

  async unload(name: string): Promise<void> {
    if (name === JOB_MODULE && this.#options.job) {
      throw paggError("EBUSY", `${JOB_MODULE} is part of muster: it cannot be unloaded`, { target: name });
    }
    const module = [...this.#modules].find((loaded) => loaded.name === name);
    if (!module && this.#missed.delete(name)) {
      this.#tell({ type: "forgotten", module: name });
      return;
    }
    if (!module) {
      throw paggError("ENOENT", `no module ${name} is loaded`, {
        target: name,
        hint: "`modules list` tells which are",
      });
    }
    await this.#unregister(module);
  }

  attached(name: string): AttachedProcess[] {
    const module = [...this.#modules].find((loaded) => loaded.name === name);
    return module ? this.#following.attached(module) : [];
  }

  request(module: string, request: string | number): RequestSpec {
    return paggctlRequest(this.#registry, module, request);
  }

  paggctl(module: string, request: string | number, data: Json = null, context: PaggctlContext = {}): Promise<Json> {
    return paggctl(this.#registry, module, request, data, context);
  }

  setSettings(settings: PaggSettings): void {
    this.#settings = settings;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const module of [...this.#modules]) this.#track(this.#unregister(module));
    await Promise.allSettled([...this.#ending]);
    this.#following.close();
  }

  get #places(): ModulePlaces {
    return { directories: this.#settings.modules, uid: this.#options.uid };
  }

  #miss(word: string, reason: string): void {
    const name = nameOfFile(word);
    const path = word.startsWith("/") ? word : null;
    // One that has begun to run stays in the list by itself; of one whose name is taken there is no room in it.
    if ([...this.#modules].some((module) => module.state === "failed" && isSame(module, word))) return;
    const text = `it was not loaded: ${reason}`;
    if (this.item(name)) {
      this.#options.onProblem(`${word}: ${text}`);
      return;
    }
    const problem = { code: "MODULE_FAILED", message: text };
    this.#missed.set(name, { path, problem });
    this.#tell({ type: "failed", module: name, problem });
  }

  async #unregister(module: LoadedModule): Promise<void> {
    this.#modules.delete(module);
    const isRegistered = this.#registry.get(module.name) === module;
    if (isRegistered) this.#registry.unregister(module);
    const ended = module.end();
    this.#track(ended);
    this.#tell({ type: isRegistered ? "unregistered" : "forgotten", module: module.name });
    await ended;
  }

  /** A file that is loaded, or a name that is taken, is told before a process is started for it. */
  #checkFree(path: string, name: string): void {
    for (const module of this.#modules) {
      if (module.path !== path || module.state === "failed") continue;
      throw paggError("EBUSY", `${path} is ${module.state === "loading" ? "being loaded" : "loaded"} already`, {
        target: module.name,
        hint: "unload it first",
      });
    }
    if (name === JOB_MODULE && this.#options.job) throw this.#taken(name);
  }

  #checkNotTaken(module: LoadedModule): void {
    if (this.#isClosed || !this.#modules.has(module))
      throw paggError("ECANCELED", `${module.name} was unloaded meanwhile`);
    if (this.#registry.has(module.name)) throw this.#taken(module.name);
  }

  #taken(name: string): Error {
    return paggError("EBUSY", `a module ${name} is registered already`, {
      target: name,
      hint: "unload it first, or give the module another `name`",
    });
  }

  /** The same module that failed before: it is loaded again. */
  #forgetFailed(module: LoadedModule): void {
    for (const name of this.#missed.keys()) {
      if (!isSame(module, name)) continue;
      this.#missed.delete(name);
      if (name !== module.name) this.#tell({ type: "forgotten", module: name });
    }
    for (const other of this.#modules) {
      const isEarlier = other !== module && other.state === "failed";
      if (!isEarlier || (other.name !== module.name && other.path !== module.path)) continue;
      this.#modules.delete(other);
      if (other.name !== module.name) this.#tell({ type: "forgotten", module: other.name });
    }
  }

  #jobItem({ requests, attached }: JobModule): Module {
    const { node } = this.#options;
    return {
      id: makeId(node, "module", JOB_MODULE),
      kind: "Module",
      node,
      name: JOB_MODULE,
      state: "registered",
      builtin: true,
      description: "inescapable jobs: a process and all it forks, until the last has left",
      path: null,
      hooks: { init: false, exec: false, paggctl: true },
      attached: attached(),
      jobs: requests.getjidcnt(),
      registeredAt: this.#openedAt,
      problems: [],
    };
  }

  /** All that comes together is told together, when it is over. */
  #tell(change: ModuleChange): void {
    this.#changes.push(change);
    if (this.#changes.length > 1) return;
    queueMicrotask(() => {
      const changes = this.#changes;
      this.#changes = [];
      this.#options.onChange(changes);
    });
  }

  #track(ended: Promise<void>): void {
    this.#ending.add(ended);
    ended.then(
      () => this.#ending.delete(ended),
      () => this.#ending.delete(ended),
    );
  }
}

/** Whether this name or path may be the module's: by what it calls itself, or by its file. */
const isSame = ({ name, path }: LoadedModule, word: string): boolean =>
  [name, path, nameOfFile(path)].includes(word) || basename(path) === word;

const missedItem = (node: string, name: string, { path, problem }: MissedModule): Module => ({
  id: makeId(node, "module", name),
  kind: "Module",
  node,
  name,
  state: "failed",
  builtin: false,
  description: null,
  path,
  hooks: { init: false, exec: false, paggctl: false },
  attached: 0,
  jobs: null,
  registeredAt: null,
  problems: [problem],
});
