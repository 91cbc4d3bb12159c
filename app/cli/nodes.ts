/**
 * `--node` and `--all-nodes`: whose process set is meant, as the node argument of libcfg(3). One node's answer makes the
 * call succeed; the errors of the others stand beside it. A transport to other nodes will take its names from here.
 */
import { MusterError } from "#core/model/error.ts";
import type { Warning } from "#core/model/source.ts";
import { type OptionValues, usage } from "./option-values.ts";

export interface Nodes {
  /** Errors of the nodes that cannot be reached; throws if no node is left. */
  readonly unreachable: readonly MusterError[];
}

export function nodesOf(options: OptionValues, own: string): Nodes {
  const text = options.text("node");
  if (text === null) return { unreachable: [] };
  if (options.has("all-nodes")) throw usage("--node and --all-nodes exclude each other", "--node");
  const names = new Set(text.split(",").map((name) => name.trim()));
  if (names.has("")) throw usage(`--node needs names with commas between, not '${text}'`, "--node");
  const isOwn = names.delete(own);
  const unreachable = [...names].map((name) => unreachableNode(name, own));
  const [first] = unreachable;
  if (!isOwn && first) throw first;
  return { unreachable };
}

function unreachableNode(name: string, own: string): MusterError {
  return new MusterError("NOT_FOUND", `node '${name}' cannot be reached`, {
    target: name,
    errno: "ENODEV",
    hint: `this node is '${own}'; others come with a fleet`,
  });
}

export const nodeWarnings = ({ unreachable }: Nodes): Warning[] =>
  unreachable.map(({ code, target, message }) => ({ code, target, message }));
