/** One module of an operator's own, from the reading of its file to its end. */
import { type Clock, timestamp } from "#core/model/clock.ts";
import type { Problem } from "#core/model/daemon.ts";
import { makeId } from "#core/model/id.ts";
import type { Module, ModuleState } from "#core/model/module.ts";
import { SysError } from "#ffi/sys-error.ts";
import { paggError } from "./errors.ts";
import type { Follower, Following } from "./following.ts";
import type { HostEvent, HostFailure, Loaded } from "./host/messages.ts";
import { readModuleFile } from "./module-file.ts";
import { ModuleHost } from "./module-host.ts";
import type { ModuleSetOptions } from "./modules.ts";
import type { RegisteredModule } from "./registry.ts";
import { findRequest, type Json, type PaggctlContext, type PaggctlService, unknownRequest } from "./request.ts";

export interface LoadedModuleOptions {
  readonly set: Pick<ModuleSetOptions, "clock" | "procRoot" | "uid" | "hostCommand" | "onOutput" | "node">;
  readonly stallSeconds: number;
  readonly following: Following;
  readonly onFailed: (module: LoadedModule, problem: Problem) => void;
}

export class LoadedModule implements Follower, RegisteredModule {
  readonly path: string;
  readonly #options: LoadedModuleOptions;
  readonly #clock: Clock;
  #name: string;
  #state: ModuleState = "loading";
  #loaded: Loaded | null = null;
  #host: ModuleHost | null = null;
  #registeredAt: string | null = null;
  #problem: Problem | null = null;

  constructor(path: string, name: string, options: LoadedModuleOptions) {
    this.path = path;
    this.#name = name;
    this.#options = options;
    this.#clock = options.set.clock;
  }

  /** That of its file until it has named itself. */
  get name(): string {
    return this.#name;
  }

  get state(): ModuleState {
    return this.#state;
  }

  /** The process it runs in; null if it has none. */
  get hostPid(): number | null {
    return this.#host?.pid ?? null;
  }

  get service(): PaggctlService | null {
    const specs = this.#loaded?.requests ?? [];
    if (specs.length === 0) return null;
    return {
      find: (request) => findRequest(specs, request),
      call: ({ name }, data: Json, { signal }: PaggctlContext) => {
        if (!this.#host) throw paggError("EIO", `the module ${this.name} is not running any more`);
        return this.#host.call(name, data, signal);
      },
      unknown: (request) => unknownRequest(this.name, request, specs),
    };
  }

  /** Reads the file and defines the module in its own process. Fails as Modules.load(). */
  async define(): Promise<void> {
    const { set, stallSeconds, following } = this.#options;
    const source = readModuleFile(this.path, set.uid);
    const host = this.#start(() =>
      ModuleHost.start({
        clock: set.clock,
        procRoot: set.procRoot,
        command: set.hostCommand,
        stallSeconds,
        onOutcome: (outcome) => following.settle(this, outcome),
        onAttach: (id, pid) => this.#adopt(id, pid),
        onFailed: (failure) => this.#failed(failure),
        onOutput: (line) => set.onOutput(this.name, line),
      }),
    );
    this.#host = host;
    this.#loaded = await host.load(this.path, this.#name, source);
    this.#name = this.#loaded.name;
    this.#checkAlive();
  }

  /** It is registered: from now on it has processes. Done when it has been asked about those there are. */
  async begin(): Promise<void> {
    this.#state = "registered";
    this.#registeredAt = timestamp(this.#clock.wallMs());
    this.#options.following.add(this);
    if (!this.#loaded?.hasInit) return;
    this.#start(() => this.#options.following.askAll(this));
    await this.#host?.drained();
    this.#checkAlive();
  }

  push(event: HostEvent): void {
    if (event[0] === "exec" && !this.#loaded?.hasExec) return;
    this.#host?.push(event);
  }

  /** Its processes are let out, and its own has ended. */
  async end(): Promise<void> {
    this.#options.following.remove(this);
    const host = this.#host;
    this.#host = null;
    await host?.stop();
  }

  item(node: string): Module {
    const { name } = this;
    return {
      id: makeId(node, "module", name),
      kind: "Module",
      node,
      name,
      state: this.#state,
      builtin: false,
      description: this.#loaded?.description ?? null,
      path: this.path,
      hooks: {
        init: this.#loaded?.hasInit ?? false,
        exec: this.#loaded?.hasExec ?? false,
        paggctl: (this.#loaded?.requests.length ?? 0) > 0,
      },
      attached: this.#options.following.count(this),
      jobs: null,
      registeredAt: this.#registeredAt,
      problems: this.#problem ? [this.#problem] : [],
    };
  }

  #checkAlive(): void {
    if (this.#problem)
      throw paggError("EIO", `the module ${this.name}: ${this.#problem.message}`, { target: this.path });
  }

  #start<T>(begin: () => T): T {
    try {
      return begin();
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
      throw paggError(thrown.errnoName === "EPERM" ? "EPERM" : "EIO", `the module cannot be run: ${thrown.message}`, {
        target: this.path,
        cause: thrown,
      });
    }
  }

  #adopt(id: number, pid: number): void {
    try {
      const errno = this.#options.following.adopt(this, pid, id);
      if (errno === null) return;
      const why = errno === "ESRCH" ? "there is no such process" : "it is attached already";
      this.#host?.attachFailed(id, errno, `process ${pid} cannot be attached: ${why}`);
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
      this.#host?.attachFailed(id, thrown.errnoName, `process ${pid} cannot be attached: ${thrown.message}`);
    }
  }

  #failed({ message, at }: HostFailure): void {
    this.#state = "failed";
    this.#registeredAt = null;
    this.#problem = {
      code: "MODULE_FAILED",
      message: `it was unloaded: ${message}${at === null ? "" : ` (${at})`}`,
    };
    this.#options.following.remove(this);
    this.#options.onFailed(this, this.#problem);
  }
}
