/** Orders on modules: paggctl(3) and the loading of the operator's own. */
import type { ActionTarget } from "#core/act/request.ts";
import { countedProcesses } from "#core/model/counted.ts";
import { MusterError } from "#core/model/error.ts";
import type { Modules } from "#core/pagg/modules.ts";
import { PAGG_MOD } from "#core/pagg/names.ts";
import type { Json, RequestNeed } from "#core/pagg/request.ts";
import { moduleOfId } from "../pagg-id.ts";
import type { PrivilegedAction } from "../privilege.ts";
import type { Done } from "./ending.ts";
import { type OrderContext, order, type PaggOrder, type PaggRequest, step, usage } from "./pagg-order.ts";

export function checkModule(request: PaggRequest, name: string, modules: Modules): PaggOrder {
  return order(request, null, { plan: [], run: () => isRegistered(name, modules) });
}

async function isRegistered(name: string, modules: Modules): Promise<Done> {
  const answer = await modules.paggctl(PAGG_MOD, "MOD_GETCHK", { name });
  const registered = typeof answer === "object" && answer !== null && "r_val" in answer && answer.r_val === 1;
  return {
    message: registered ? `the module ${name} is registered` : `no module ${name} is registered`,
    answer: { name, registered },
  };
}

export function loadModule(request: PaggRequest, pathOrName: string, modules: Modules): PaggOrder {
  return order(request, null, {
    plan: [{ ...step(`load the module ${pathOrName} and register it`), path: pathOrName }],
    run: async () => {
      const { id, name, attached } = await modules.load(pathOrName);
      return { message: `the module ${name} is registered and has ${countedProcesses(attached)}`, id };
    },
  });
}

export function unloadModule(request: PaggRequest, name: string, modules: Modules): PaggOrder {
  const item = modules.item(name);
  if (!item) throw noModule(name);
  return order(request, item, {
    plan: [step(`detach the module ${name} from ${countedProcesses(item.attached)} and end it`)],
    run: async () => {
      await modules.unload(name);
      return { message: `the module ${name} is no longer registered` };
    },
  });
}

/** What a request needs, by the row of the privilege table that says the same. */
const ROW_OF_NEED: Readonly<Record<RequestNeed, PrivilegedAction>> = {
  anyone: "read",
  service: "module.load",
  resource: "job.create",
  owner: "job.kill",
};

export function controlModule(request: PaggRequest, name: string, modules: Modules, context: OrderContext): PaggOrder {
  const word = request.arguments.request;
  if (word === undefined || typeof word === "boolean") throw usage("no request was given", "such as MOD_GETCNT");
  const spec = modules.request(name, word);
  const data = dataIn(request);
  return order(request, null, {
    privilege: ROW_OF_NEED[spec.need],
    effect: spec.effect,
    asksOwner: spec.need === "owner",
    plan: spec.effect === "read" ? [] : [step(`send ${spec.name} to ${name}`)],
    run: async ({ authorize, signal }) => {
      const { callerPid } = context;
      const answer = await modules.paggctl(name, word, data, { callerPid, authorize, ...(signal ? { signal } : {}) });
      return {
        message: `${name} has answered ${spec.name}`,
        answer: { module: name, request: spec.name, data: answer },
      };
    },
  });
}

function dataIn({ arguments: { data } }: PaggRequest): Json {
  if (data === undefined) return null;
  try {
    return JSON.parse(String(data)) as Json;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw usage(`the data is not JSON: ${reason}`, `such as {"name":"job"}`);
  }
}

export function moduleIn({ id }: ActionTarget): string {
  const name = moduleOfId(id);
  if (name !== null && name !== "") return name;
  throw usage(`not the id of a module: ${id}`, "it is node/module/NAME");
}

const noModule = (name: string) =>
  new MusterError("NOT_FOUND", `there is no module ${name}`, { target: name, errno: "ENOENT" });
