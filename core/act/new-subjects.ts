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

/** `812` and `812:4411223` are the same process in these: the id that was asked for, and that of the entry. */
export function pidOfMemberId(id: string): number | null {
  const match = /\/(\d+)(?::\d+)?$/.exec(nameOf(id));
  return match ? Number(match[1]) : null;
}
