/** A value out of the document that a command would write of what a fixture knows now. */

import { timestamp } from "#core/model/clock.ts";
import { MusterError } from "#core/model/error.ts";
import { type Id, nameOf } from "#core/model/id.ts";
import { KIND_NAMES, type Kind } from "#core/model/kind-names.ts";
import { listDocument, snapshotDocument } from "#core/output/document.ts";
import { KIND_OUTPUT, type KindOutput } from "#core/output/kinds.ts";
import { orderKeys } from "#core/output/project.ts";
import type { Service } from "#core/service/service.ts";

/** `daemons list`, `daemons get NAME...`, `events` or `snapshot`, and a path such as `items[0].lock.held`. */
export function jsonValue(service: Service, command: readonly string[], path: string): unknown {
  return pick(documentOf(service, command), path);
}

function documentOf(service: Service, [first = "", verb = "list", ...names]: readonly string[]): object {
  const { atMs, shelves } = service.snapshot();
  const origin = { host: service.node, generatedAt: timestamp(atMs), root: null };
  if (first === "snapshot") {
    const kinds = Object.fromEntries(KIND_NAMES.map((kind) => [kind, itemsOf(service, kind)]));
    return snapshotDocument(origin, { isComplete: true, kinds, warnings: [] });
  }
  const kind = KIND_NAMES.find((each) => each === first);
  if (!kind || (verb !== "list" && verb !== "get")) {
    throw new MusterError(
      "BAD_DATA",
      `an expectation of JSON is of KIND list, KIND get NAME or snapshot, not '${first} ${verb}'`,
    );
  }
  const all = itemsOf(service, kind);
  const items = verb === "list" ? all : all.filter((item) => isNamed(item as Named, names));
  const { warnings, status } = shelves[kind];
  const isComplete = warnings.length === 0 && status !== "failed";
  return listDocument(origin, { kind: KIND_OUTPUT[kind].document, isComplete, items, warnings });
}

interface Named {
  readonly id: string;
  readonly name?: string;
}

const isNamed = ({ id, name }: Named, names: readonly string[]) =>
  names.includes(id) || names.includes(nameOf(id as Id)) || (name !== undefined && names.includes(name));

function itemsOf(service: Service, kind: Kind): unknown[] {
  const { fields, compare } = KIND_OUTPUT[kind] as KindOutput<never>;
  return [...service.snapshot().shelves[kind].items.values()].sort(compare as never).map(orderKeys(fields));
}

/** What is not there is undefined, which is equal to nothing that can be written. */
function pick(document: unknown, path: string): unknown {
  let value = document;
  for (const step of path.split(/[.[\]]+/).filter((part) => part !== "")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}
