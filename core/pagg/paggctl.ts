/**
 * paggctl(3): one door to all modules, and to PAGG_MOD, which tells of them. The numbers of MOD_GETCNT, MOD_GETLST and
 * MOD_GETCHK are muster's own: no header that gave them has come down to us.
 */
import { paggError } from "./errors.ts";
import { integerField, type Struct, structOf, textField } from "./fields.ts";
import { checkModuleName, PAGG_MOD } from "./names.ts";
import type { ModuleRegistry } from "./registry.ts";
import {
  findRequest,
  type Json,
  type PaggctlContext,
  type PaggctlService,
  type RequestSpec,
  unknownRequest,
} from "./request.ts";

const INT_MIN = -0x8000_0000;
const INT_MAX = 0x7fff_ffff;

export const MOD_REQUESTS = [
  { name: "MOD_GETCNT", number: 1, effect: "read", need: "anyone" },
  { name: "MOD_GETLST", number: 2, effect: "read", need: "anyone" },
  { name: "MOD_GETCHK", number: 3, effect: "read", need: "anyone" },
] as const satisfies readonly RequestSpec[];

type ModRequest = (typeof MOD_REQUESTS)[number]["name"];

/** What the request is before it is performed. Throws EINVAL (name, request), ENOSYS (no such module), ENXIO. */
export function paggctlRequest(registry: ModuleRegistry, module: unknown, request: string | number): RequestSpec {
  return resolve(registry, module, request).spec;
}

/**
 * Performs a request and gives back its data with the results. Fails with EINVAL (no name for a module, no such request,
 * data that does not fit), ENOSYS (no such module), ENXIO (the module has no paggctl service), or as the module says.
 */
export async function paggctl(
  registry: ModuleRegistry,
  module: unknown,
  request: string | number,
  data: Json = null,
  context: PaggctlContext = {},
): Promise<Json> {
  const { service, spec } = resolve(registry, module, request);
  return await service.call(spec, data, context);
}

function resolve(registry: ModuleRegistry, module: unknown, request: string | number) {
  const name = checkModuleName(module);
  const service = name === PAGG_MOD ? modService(registry) : serviceOf(registry, name);
  const spec = service.find(request);
  if (spec === null) throw service.unknown?.(request) ?? unknownRequest(name, request, []);
  return { service, spec };
}

function serviceOf(registry: ModuleRegistry, name: string): PaggctlService {
  const module = registry.get(name);
  if (!module) {
    throw paggError("ENOSYS", `no module ${name} is registered`, {
      code: "NOT_FOUND",
      target: name,
      hint: `MOD_GETLST of ${PAGG_MOD} tells which are`,
    });
  }
  if (!module.service) {
    throw paggError("ENXIO", `the module ${name} has no paggctl service`, {
      target: name,
      hint: "it has hooks alone and answers no requests",
    });
  }
  return module.service;
}

function modService(registry: ModuleRegistry): PaggctlService {
  return {
    find: (request) => findRequest(MOD_REQUESTS, request),
    call: (spec, data) => ANSWERS[spec.name as ModRequest](registry, data),
    unknown: (request) => unknownRequest(PAGG_MOD, request, MOD_REQUESTS),
  };
}

const ANSWERS: Readonly<Record<ModRequest, (registry: ModuleRegistry, data: Json) => Json>> = {
  // Its data is a pointer to an int: whatever stood there is written over.
  MOD_GETCNT: (registry) => registry.names().length,
  MOD_GETLST: (registry, data) => {
    const struct: Struct = structOf(data, ["r_val", "list"]);
    const capacity = integerField(struct, "r_val", { lowest: INT_MIN, highest: INT_MAX });
    if (capacity < 0) {
      throw paggError("EINVAL", `a list has no ${capacity} elements`, { hint: "r_val is how many names are wanted" });
    }
    const list = registry.names().slice(0, capacity);
    return { r_val: list.length, list };
  },
  MOD_GETCHK: (registry, data) => {
    const struct = structOf(data, ["r_val", "name"]);
    const name = checkModuleName(textField(struct, "name"));
    return { r_val: registry.has(name) ? 1 : 0, name };
  },
};
