/** --json=FIELDS, --filter, --sort and --limit of one command, checked before anything is opened. */
import type { Items, Kind } from "#core/model/kinds.ts";
import { KIND_OUTPUT } from "#core/output/kinds.ts";
import { orderKeys, parseFields, pickFields } from "#core/output/project.ts";
import { parsePredicate, parseSort, type Query, selectItems } from "#core/output/select.ts";
import type { OptionValues } from "./option-values.ts";

export interface Selection<K extends Kind> {
  readonly query: Query;
  /** The items that are wanted in the order that is wanted. */
  readonly select: (items: Iterable<Items[K]>) => readonly Items[K][];
  /** What of an item is written. */
  readonly shape: (item: Items[K]) => unknown;
  readonly fields: readonly string[] | null;
}

export function makeSelection<K extends Kind>(kind: K, options: OptionValues): Selection<K> {
  const { fields: tree, searched, compare } = KIND_OUTPUT[kind];
  const filter = options.text("filter");
  const sort = options.text("sort");
  const fields = options.text("json");
  const query: Query = {
    filter: filter === null ? null : parsePredicate(filter, tree, searched),
    sort: sort === null ? null : parseSort(sort, tree),
    limit: options.number("limit"),
  };
  return {
    query,
    select: (items) => selectItems([...items].sort(compare), query),
    shape: fields === null ? orderKeys(tree) : pickFields(parseFields(fields, tree)),
    fields: fields === null ? null : fields.split(",").map((field) => field.trim()),
  };
}
