/** The verbs of policies: an agent and, with --profile, a profile of it. */
import { ACTIONS } from "#core/act/actions.ts";
import { formatPolicy } from "#core/geopm/policy-text.ts";
import { numberOfValue } from "#core/model/endpoint.ts";
import { MusterError } from "#core/model/error.ts";
import type { Policy } from "#core/model/policy.ts";
import { listDocument } from "#core/output/document.ts";
import { KIND_OUTPUT } from "#core/output/kinds.ts";
import { visible } from "#core/output/text.ts";
import { policyId } from "#core/service/power-id.ts";
import { carryOut } from "../acting.ts";
import { type Call, writeText } from "../context.ts";
import { usage } from "../option-values.ts";
import { openSoundSession, origin, shelfWarnings, tellWarnings, withService, writeDocument } from "../session.ts";
import { wishFor } from "../shelf.ts";
import { type Subject, subjectsOf } from "../subjects.ts";

export function setPolicy(call: Call): Promise<number> {
  const [agent = "", values = ""] = call.invocation.words;
  return set(call, agent, call.invocation.options.text("profile"), values);
}

/** With values it sets, without it shows. */
export function defaultPolicy(call: Call): Promise<number> {
  const [agent = "", values] = call.invocation.words;
  return values === undefined ? showDefault(call, agent) : set(call, agent, null, values);
}

function set(call: Call, agent: string, profile: string | null, values: string): Promise<number> {
  if (agent === "" || agent.includes("/")) throw usage(`'${agent}' is not an agent`, "AGENT", "such as power_governor");
  return carryOut(call, {
    action: "policy.set",
    ordersOf: ({ node }) => {
      const named = { agent, profile };
      const label = profile === null ? agent : `${agent}/${profile}`;
      const subject: Subject = { target: { id: policyId(node, named) }, label, item: null };
      return { orders: [{ subjects: [subject], values: { values } }], missing: [] };
    },
  });
}

export function removePolicy(call: Call): Promise<number> {
  const { words, options } = call.invocation;
  const profile = options.text("profile");
  if (profile !== null && words.length > 1) throw usage("--profile goes with one AGENT", "--profile");
  return carryOut(call, {
    action: "policy.remove",
    ordersOf: (service) => {
      const named = profile === null ? words : words.map((word) => `${word}/${profile}`);
      const { all, missing } = subjectsOf(ACTIONS["policy.remove"], service, named);
      return { orders: [{ subjects: all, values: {} }], missing };
    },
  });
}

async function showDefault(call: Call, agent: string): Promise<number> {
  const session = await openSoundSession(call);
  return withService(
    session,
    "once",
    async (service) => {
      const shelf = service.snapshot().shelves.policies;
      const warnings = shelfWarnings("policies", shelf);
      const item = [...shelf.items.values()].find((policy) => policy.agent === agent && policy.profile === null);
      if (!item) throw noDefault(agent);
      if (call.isJson) {
        const parts = {
          kind: KIND_OUTPUT.policies.document,
          isComplete: warnings.length === 0,
          items: [item],
          warnings,
        };
        await writeDocument(call, listDocument(origin(session), parts));
        return 0;
      }
      await writeText(call, defaultText(item));
      tellWarnings(call, warnings);
      return 0;
    },
    wishFor("policies"),
  );
}

/** As geopmpolicystore -a. */
const defaultText = ({ agent, fields }: Policy): string => {
  const values = formatPolicy(fields.map(({ value }) => numberOfValue(value)));
  return `Default policy for ${visible(agent)} agent:\n{${values}}\n`;
};

const noDefault = (agent: string) =>
  new MusterError("NOT_FOUND", `there is no default policy of ${agent}`, {
    target: agent,
    hint: `'muster policies default ${agent} VALUES' sets one`,
  });
