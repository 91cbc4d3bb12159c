/** Orders on the policies of the policy store, geopm_policystore(3). */
import { lstatSync } from "node:fs";
import type { ActionTarget } from "#core/act/request.ts";
import { AGENTS } from "#core/geopm/agents.ts";
import { geopmError } from "#core/geopm/errors.ts";
import { checkPolicy } from "#core/geopm/policy-check.ts";
import { PolicyStore } from "#core/geopm/policy-store.ts";
import { formatPolicy, parsePolicy } from "#core/geopm/policy-text.ts";
import { numberOfValue } from "#core/model/endpoint.ts";
import type { Policy } from "#core/model/policy.ts";
import { policyFields, policyItem, policyProblems } from "../observe/power-items.ts";
import { type NamedPolicy, policyId, policyOfId } from "../power-id.ts";
import { type Parts, type PowerContext, type PowerOrder, step, unknownAgent, usage, valuesIn } from "./power-order.ts";
import type { PowerRequest } from "./power-request.ts";

export function setPolicy(request: PowerRequest, named: NamedPolicy, context: PowerContext): PowerOrder {
  const { agent, profile } = named;
  const known = AGENTS.get(agent);
  if (!known) throw unknownAgent(agent);
  const values = parsePolicy(valuesIn(request), known);
  const text = formatPolicy(values);
  const [what, path] = [nameOf(named), context.storePath];
  return policyOrder(named, context, {
    plan: [{ ...step(`set the ${what} to ${text} in ${path}`), path }],
    run: () => {
      if (values.length === 0)
        return { message: `${agent} takes no values: there is nothing to keep`, isUnchanged: true };
      using store = new PolicyStore(path);
      if (profile === null) store.setDefault(agent, values);
      else store.setBest(agent, profile, values);
      const problems = policyProblems(known, values);
      const notes = checkPolicy(known, values).filter(({ severity }) => severity === "note");
      const answer = {
        agent,
        profile,
        store: path,
        fields: policyFields(known, values),
        problems,
        notes: notes.map((note) => note.text),
      };
      const doubt = problems.map(({ message }) => `; a controller would refuse it: ${message}`).join("");
      return { message: `the ${what} is ${text}${doubt}`, answer };
    },
  });
}

export function removePolicy(named: NamedPolicy, context: PowerContext): PowerOrder {
  const { agent, profile } = named;
  const [what, path] = [nameOf(named), context.storePath];
  const order = policyOrder(named, context, {
    plan: [{ ...step(`remove the ${what} from ${path}`), path }],
    run: () => {
      using store = new PolicyStore(path, { mode: "existing" });
      if (!store.remove(agent, profile)) throw noPolicy(what, path);
      return { message: `the ${what} is removed` };
    },
  });
  if (order.item === null) throw noPolicy(what, path);
  return order;
}

function policyOrder(named: NamedPolicy, context: PowerContext, parts: Parts): PowerOrder {
  const { node, storePath } = context;
  const find = () => storedPolicy(node, storePath, named);
  return {
    id: policyId(node, named),
    item: find(),
    state: () => {
      const item = find();
      if (item === null) return null;
      const values = item.fields.map(({ value }) => numberOfValue(value));
      return formatPolicy(values.slice(0, values.findLastIndex((value) => !Number.isNaN(value)) + 1 || 1));
    },
    ...parts,
  };
}

function storedPolicy(node: string, path: string, { agent, profile }: NamedPolicy): Policy | null {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null;
  using store = new PolicyStore(path, { mode: "look" });
  const listed = store.list().find((policy) => policy.agent === agent && policy.profile === profile);
  return listed ? policyItem(node, path, listed) : null;
}

const nameOf = ({ agent, profile }: NamedPolicy): string =>
  profile === null ? `default policy of ${agent}` : `policy of ${agent} for ${JSON.stringify(profile)}`;

export function policyIn({ id }: ActionTarget): NamedPolicy {
  const named = policyOfId(id);
  if (named) return named;
  throw usage(`not the id of a policy: ${id}`, "it is node/policy/AGENT or node/policy/AGENT/PROFILE");
}

const noPolicy = (what: string, path: string) =>
  geopmError("DATA_STORE", `there is no ${what} in ${path}`, { code: "NOT_FOUND", target: path });
