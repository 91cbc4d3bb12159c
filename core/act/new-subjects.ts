/**
 * The ids under which things are asked for that are not there yet, and what can be said against a name before anybody is
 * asked. The service judges again; here it is for whoever is typing.
 */
import { type Id, makeId, nameOf } from "#core/model/id.ts";

/** PSM_MEMLEN and its like of psm.h, without the NUL that ends a name there. */
const LONGEST_NAME = 31;
const ENCODER = new TextEncoder();

const tooLong = (text: string, what: string) => {
  const { length } = ENCODER.encode(text);
  return length > LONGEST_NAME ? `${what} is at most ${LONGEST_NAME} bytes, this is ${length}` : null;
};
const hasControl = (text: string) => /[\u0000-\u001f\u007f]/.test(text);

/** Why this cannot be the name of a category; null if it can. */
export function categoryNameProblem(name: string): string | null {
  if (name === "") return "a category needs a name";
  if (name.includes("/")) return "the name of a category holds no '/'";
  if (hasControl(name)) return "the name of a category holds no control characters";
  return tooLong(name, "the name of a category");
}

/** Why this cannot be the state of a member; null if it can. */
export function memberStateProblem(state: string): string | null {
  if (state === "") return "a state is needed";
  if (hasControl(state)) return "a state holds no control characters";
  if (state === "exited") return "exited is said only of what has exited";
  return tooLong(state, "a state");
}

export const newCategoryId = (node: string, name: string): Id => makeId(node, "category", name);

/** A member is registered by category and pid; the entry that comes of it is named by the process's identity. */
export const newMemberId = (node: string, category: string, pid: number | string): Id =>
  makeId(node, "member", `${category}/${pid}`);

/** A module by its name; one that is to be loaded by the path of its file as well. */
export const newModuleId = (node: string, name: string): Id => makeId(node, "module", name);

/** A job is asked for by the process it shall begin with; what comes of it is named by its jid. */
export const newJobId = (node: string, pid: number | string): Id => makeId(node, "job", String(pid));

export const jobId = (node: string, jid: string): Id => makeId(node, "job", jid);

/** An endpoint by the name GEOPM shall resolve. */
export const newEndpointId = (node: string, name: string): Id => makeId(node, "endpoint", name);

/** `profile`: null for the agent's default. */
export const newPolicyId = (node: string, agent: string, profile: string | null): Id =>
  makeId(node, "policy", profile === null ? agent : `${agent}/${profile}`);

/** A privileged process is asked for by its label; what comes of it is named by its identity. */
export const newProcessId = (node: string, label: string): Id => makeId(node, "process", label);

/** PM_MAXLABEL of pmdaroot(1), less the NUL. */
const LONGEST_LABEL = 63;

/** Why this cannot be the label of a privileged process; null if it can. */
export function labelProblem(label: string): string | null {
  if (label === "") return "a label is needed: what the process shall be called";
  if (hasControl(label)) return "a label holds no control characters";
  const { length } = ENCODER.encode(label);
  return length > LONGEST_LABEL ? `a label is at most ${LONGEST_LABEL} bytes, this is ${length}` : null;
}

/** NAME_MAX of limits.h, less the longest suffix of a region. */
const LONGEST_FILE = 255 - "-policy".length;
/** GEOPM_ENDPOINT_PROFILE_NAME_MAX and GEOPM_ENDPOINT_AGENT_NAME_MAX of geopm_endpoint.h, less the NUL. */
const LONGEST_OF_REGION = 255;

/** Why this cannot be the name of an endpoint that others shall find; null if it can. */
export function endpointNameProblem(name: string): string | null {
  if (name === "" || /^\/(?:.*\/)?$/.test(name)) return "an endpoint needs a name, such as /dev/shm/NAME";
  if (!name.startsWith("/")) {
    return `"${name}" would be a file in the directory of whoever looks: write an absolute path, such as /dev/shm/${name}`;
  }
  if (hasControl(name)) return "the name of an endpoint holds no control characters";
  const file = ENCODER.encode(name.slice(name.lastIndexOf("/") + 1)).length;
  return file > LONGEST_FILE ? `the file of an endpoint has at most ${LONGEST_FILE} bytes, this is ${file}` : null;
}

/** Why this cannot be the name of an agent; null if it can. */
export function agentProblem(name: string): string | null {
  if (name === "") return "a policy is for an agent: name it";
  if (name.includes("/")) return "the name of an agent holds no '/'";
  return nameOfRegionProblem(name, "the name of an agent");
}

/** Why this cannot be a profile; null if it can. Empty: the agent's default. */
export const profileProblem = (profile: string): string | null => nameOfRegionProblem(profile, "a profile");

function nameOfRegionProblem(text: string, what: string): string | null {
  if (hasControl(text)) return `${what} holds no control characters`;
  const { length } = ENCODER.encode(text);
  return length > LONGEST_OF_REGION ? `${what} is at most ${LONGEST_OF_REGION} bytes, this is ${length}` : null;
}

/** `812` and `812:4411223` are the same process in these: the id that was asked for, and that of the entry. */
export function pidOfMemberId(id: string): number | null {
  const match = /\/(\d+)(?::\d+)?$/.exec(nameOf(id));
  return match ? Number(match[1]) : null;
}
