/** What a verb is to be done to: items that are there, or ids of what is to be made. */
import type { ActionSpec } from "#core/act/actions.ts";
import { newCategoryId, newMemberId } from "#core/act/new-subjects.ts";
import type { ActionTarget } from "#core/act/request.ts";
import type { MusterError } from "#core/model/error.ts";
import type { Items } from "#core/model/kinds.ts";
import type { Service } from "#core/service/service.ts";
import { KIND_WORDS, type KindWords, type NamedKind } from "./kind-words.ts";
import { usage } from "./option-values.ts";
import { shelfWarnings } from "./session.ts";
import { findItems } from "./targets.ts";

export interface Subject {
  readonly target: ActionTarget;
  /** What it is called in answers. */
  readonly label: string;
  /** null: it is not there yet. */
  readonly item: Items[NamedKind] | null;
}

export interface Subjects {
  readonly all: readonly Subject[];
  readonly missing: readonly MusterError[];
}

export function subjectsOf(spec: ActionSpec, service: Service, words: readonly string[]): Subjects {
  const kind = spec.kind as NamedKind;
  const shelf = service.snapshot().shelves[kind];
  shelfWarnings(kind, shelf);
  if (spec.subject === "new") return { all: newSubjects(kind, service.node, words), missing: [] };
  const { items, missing } = findItems(kind, words, shelf.items.values());
  return { all: items.map((item) => subjectOf(kind, item)), missing };
}

function subjectOf(kind: NamedKind, item: Items[NamedKind]): Subject {
  const { label } = KIND_WORDS[kind] as KindWords<Items[NamedKind]>;
  const target = "identity" in item ? { id: item.id, identity: item.identity } : { id: item.id };
  return { target, label: label(item), item };
}

/** `categories add NAME...`, `members add CATEGORY PID...`. Whether names and pids will do is judged by the set. */
function newSubjects(kind: NamedKind, node: string, words: readonly string[]): Subject[] {
  if (kind === "categories") {
    return [...new Set(words)].map((name) => ({ target: { id: newCategoryId(node, name) }, label: name, item: null }));
  }
  const [category = "", ...pids] = words;
  return [...new Set(pids)].map((pid) => {
    if (!/^-?\d{1,10}$/.test(pid)) throw usage(`'${pid}' is not a process id`, pid, "members add CATEGORY PID...");
    return { target: { id: newMemberId(node, category, pid) }, label: `${category}/${pid}`, item: null };
  });
}
