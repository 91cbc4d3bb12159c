/** Names in the process set: PSM(4), psm.h, cfg.h. */
import { psmError } from "./status.ts";

/** _psm_categories[]: a category's place is its _PSM_CAT_* index. They exist from the start and cannot be removed. */
export const WELL_KNOWN_CATEGORIES = [
  "automountd",
  "binlogd",
  "clulockd",
  "clustatd",
  "evmchmgr",
  "evmd",
  "evmlogger",
  "gated",
  "joind",
  "lockd",
  "mountd",
  "named",
  "nfsd",
  "nfsiod",
  "pcnfsd",
  "portmap",
  "proplistd",
  "routed",
  "rwhod",
  "statd",
  "syslogd",
  "xntpd",
  "ypbind",
  "inetd",
  "smsd",
  "smauth",
  "autofsd",
  "sendmaild",
] as const;

const WELL_KNOWN: ReadonlySet<string> = new Set(WELL_KNOWN_CATEGORIES);

/** What _PSM_REGSELF registers under for an index that is none. */
export const UNKNOWN_CATEGORY = "_unknown_";

/** _PSM_MYNODE, _PSM_ALLNODE, _PSM_MYPID, _PSM_ALLCAT, _PSM_ALLPID. */
export const PSM_MYNODE = null;
export const PSM_ALLNODE = "";
export const PSM_MYPID = 0;
export const PSM_ALLCAT = null;
export const PSM_ALLPID = 0;

/** Bytes of text, without the NUL that closes each in psm.h. */
export const CATEGORY_BYTES = 31;
export const NAME_BYTES = 31;
export const STATE_BYTES = 31;
export const ARGV_BYTES = 167;

export const isWellKnown = (category: string): boolean => WELL_KNOWN.has(category);

/** _PSM_REGSELF(idx): the category of an index, `_unknown_` for one that is out of range. */
export function categoryOfIndex(index: number): string {
  return WELL_KNOWN_CATEGORIES[index] ?? UNKNOWN_CATEGORY;
}

/** Throws EINVAL for what is no name of a category. */
export function checkCategory(name: string): string {
  const wrong = wrongWith(name, CATEGORY_BYTES) ?? (name.includes("/") ? "holds a '/'" : null);
  if (wrong === null) return name;
  throw psmError("EINVAL", `not a category name: ${shown(name)} ${wrong}`, {
    hint: "1 to 31 bytes, without '/' and control characters",
  });
}

/** Throws EINVAL for what is no state of a member. */
export function checkState(state: string): string {
  const wrong = wrongWith(state, STATE_BYTES) ?? (state === "exited" ? "is said of what has exited only" : null);
  if (wrong === null) return state;
  throw psmError("EINVAL", `not a state: ${shown(state)} ${wrong}`, {
    hint: "1 to 31 bytes, without control characters",
  });
}

const shown = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);

function wrongWith(text: string, limit: number): string | null {
  if (text === "") return "is empty";
  if (/\p{Cc}/u.test(text)) return "holds a control character";
  // What was not UTF-8 has become U+FFFD on its way here; a lone half of a pair cannot be written as UTF-8.
  if (!text.isWellFormed() || text.includes("\ufffd")) return "is not valid UTF-8";
  const bytes = Buffer.byteLength(text);
  return bytes > limit ? `has ${bytes} bytes, ${limit} is the most` : null;
}

/** mrs_name, `node-id-process-id`; a long node name gives way, never the pid. */
export function memberName(node: string, pid: number): string {
  const tail = `-${pid}`;
  const room = NAME_BYTES - tail.length;
  // A unit of UTF-16 is at most three bytes: nothing to count for most names, and there are thousands of them.
  return (node.length * 3 <= room || Buffer.byteLength(node) <= room ? node : cutUtf8(node, room).text) + tail;
}

/** The longest beginning that has at most `limit` bytes and does not split a character. */
export function cutUtf8(text: string, limit: number): { readonly text: string; readonly isCut: boolean } {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= limit) return { text, isCut: false };
  let end = limit;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return { text: bytes.toString("utf8", 0, end), isCut: true };
}

/** Which nodes a text means. */
export interface NodeSelection {
  /** This node is among them. */
  readonly here: boolean;
  readonly others: readonly string[];
}

/**
 * null (_PSM_MYNODE) is this node, "" (_PSM_ALLNODE) all there are, else names with commas between. Whoever asks answers
 * ENODEV for each of `others` he cannot reach; one node's success makes the whole call succeed.
 */
export function selectNodes(text: string | null, own: string): NodeSelection {
  if (text === PSM_MYNODE || text === PSM_ALLNODE) return { here: true, others: [] };
  const names = new Set(text.split(",").map((name) => name.trim()));
  names.delete("");
  if (names.size === 0) throw psmError("EINVAL", `no node is named: ${shown(text)}`);
  const here = names.delete(own);
  return { here, others: [...names] };
}

/** The error that stands beside the result for a node nobody here can reach. */
export function unreachableNode(node: string) {
  return psmError("ENODEV", `node ${node} cannot be reached`, { hint: "only this node is known" });
}
