/** Requests of paggctl(3): `modules ctl MODULE REQUEST [DATA]`, and `jobs sethid HID`, which is one of them. */
import { newModuleId } from "#core/act/new-subjects.ts";
import { parseHid } from "#core/model/jid.ts";
import { carryOut } from "../acting.ts";
import type { Call } from "../context.ts";
import { type OptionValue, usage } from "../option-values.ts";

export async function controlModule(call: Call): Promise<number> {
  const [module = "", request = "", data] = call.invocation.words;
  if (data !== undefined && !isJson(data)) {
    throw usage(`'${data}' is not JSON`, "DATA", `such as '{"name":"job"}', 3 or '"text"'`);
  }
  return send(call, module, { request, ...(data === undefined ? {} : { data }) });
}

export async function setHid(call: Call): Promise<number> {
  const [word = ""] = call.invocation.words;
  const hid = parseHid(word);
  if (hid === null) throw usage(`'${word}' is not a host id`, "HID", "hexadecimal, from 0 to ffffffff");
  return send(call, "job", { request: "JOB_SETHID", data: JSON.stringify({ hid }) });
}

function send(call: Call, module: string, values: Record<string, OptionValue>): Promise<number> {
  return carryOut(call, {
    action: "module.ctl",
    ordersOf: ({ node }) => {
      const subject = { target: { id: newModuleId(node, module) }, label: module, item: null };
      return { orders: [{ subjects: [subject], values }], missing: [] };
    },
    lineOf: ({ answer }) => JSON.stringify(answer ?? null),
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
