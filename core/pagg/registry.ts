/** The modules that are registered: register_pagg(), unregister_pagg() and the table they keep. */
import { paggError } from "./errors.ts";
import { checkModuleName, PAGG_MOD } from "./names.ts";
import type { PaggctlService } from "./request.ts";

/** struct pagg_module_s, as far as paggctl needs it. */
export interface RegisteredModule {
  readonly name: string;
  /** do_paggctl; null: requests to it fail with ENXIO. */
  readonly service: PaggctlService | null;
}

export class ModuleRegistry {
  readonly #modules = new Map<string, RegisteredModule>();

  /** Throws EINVAL (no name for a module), EBUSY (one of this name is registered). */
  register(module: RegisteredModule): void {
    const name = checkModuleName(module.name);
    if (name === PAGG_MOD) {
      throw paggError("EBUSY", `${PAGG_MOD} is the pseudo module that tells of the others`, {
        hint: "take another name",
      });
    }
    if (this.#modules.has(name)) {
      throw paggError("EBUSY", `a module ${name} is registered already`, { target: name, hint: "unload it first" });
    }
    this.#modules.set(name, module);
  }

  /** Throws EINVAL if it is not the module that is registered under its name. */
  unregister(module: RegisteredModule): void {
    if (this.#modules.get(module.name) !== module) {
      throw paggError("EINVAL", `the module ${module.name} is not registered`, { target: module.name });
    }
    this.#modules.delete(module.name);
  }

  get(name: string): RegisteredModule | null {
    return this.#modules.get(name) ?? null;
  }

  has(name: string): boolean {
    return this.#modules.has(name);
  }

  /** In the order they were registered. */
  names(): string[] {
    return [...this.#modules.keys()];
  }
}
