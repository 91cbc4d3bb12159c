/** The items that a command of one kind is about, with everything that has to be said beside them. */
import { MusterError } from "#core/model/error.ts";
import type { Items } from "#core/model/kinds.ts";
import type { Warning } from "#core/model/source.ts";
import type { Service } from "#core/service/service.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { Wish } from "./connect.ts";
import type { NamedKind } from "./kind-words.ts";
import { type Nodes, nodesOf, nodeWarnings } from "./nodes.ts";
import type { OptionValues } from "./option-values.ts";
import { configWarnings, joinWarnings, type Session, shelfWarnings } from "./session.ts";
import { findItem } from "./targets.ts";

export interface Contents<T> {
  readonly items: readonly T[];
  readonly warnings: readonly Warning[];
}

/** What of the service such a command looks at: members are found by their categories. */
export function wishFor(kind: NamedKind): Wish {
  if (kind === "containers") return { kinds: [kind], isOfSystem: true };
  return { kinds: kind === "members" ? ["members", "categories"] : [kind] };
}

/** Throws if there is nothing behind the kind at all, or what an option names is not there. */
export function contentsOf<K extends NamedKind>(session: Session, service: Service, kind: K): Contents<Items[K]> {
  const { options } = session.call.invocation;
  const nodes: Nodes = nodesOf(options, service.node);
  const snapshot = service.snapshot();
  const shelf = snapshot.shelves[kind];
  const warnings = joinWarnings(configWarnings(session.config), shelfWarnings(kind, shelf), nodeWarnings(nodes));
  const isWanted = inCategory(options, snapshot);
  return { items: [...(shelf.items.values() as Iterable<Items[K]>)].filter(isWanted), warnings };
}

/** --category, as the catnam of cfg_psm_memget(3): one that is not there is an error, not an empty list. */
export function inCategory(options: OptionValues, snapshot: Snapshot): (item: Items[NamedKind]) => boolean {
  const name = options.text("category");
  if (name === null) return () => true;
  const category = findCategory(name, snapshot);
  return (item) => "category" in item && item.category === category;
}

function findCategory(name: string, snapshot: Snapshot): string {
  try {
    return findItem("categories", name, snapshot.shelves.categories.items.values()).name;
  } catch (thrown) {
    if (!(thrown instanceof MusterError)) throw thrown;
    throw new MusterError(thrown.code, thrown.message, { target: name, errno: "ENOENT", hint: thrown.hint });
  }
}
