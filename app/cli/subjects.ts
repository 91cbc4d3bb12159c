/** What a verb is to be done to: items that are there, or ids of what is to be made. */
import type { ActionSpec } from "#core/act/actions.ts";
import { newCategoryId, newMemberId, newModuleId } from "#core/act/new-subjects.ts";
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

export function subjectOf(kind: NamedKind, item: Items[NamedKind]): Subject {
  const { label } = KIND_WORDS[kind] as KindWords<Items[NamedKind]>;
  // A job is itself, whichever process is its first.
  const isProcess = "identity" in item && kind !== "jobs";
  const target = isProcess ? { id: item.id, identity: item.identity } : { id: item.id };
  return { target, label: label(item), item };
}

/** `categories add NAME...`, `modules check NAME...`, `members add CATEGORY PID...`. The service judges names and pids. */
function newSubjects(kind: NamedKind, node: string, words: readonly string[]): Subject[] {
  if (kind !== "members") {
    const idOf = kind === "categories" ? newCategoryId : newModuleId;
    return [...new Set(words)].map((name) => ({ target: { id: idOf(node, name) }, label: name, item: null }));
  }
  const [category = "", ...pids] = words;
  return [...new Set(pids)].map((pid) => {
    checkPid(pid, "members add CATEGORY PID...");
    return { target: { id: newMemberId(node, category, pid) }, label: `${category}/${pid}`, item: null };
  });
}

/** Negative ones pass: who is asked has an error of its own for them. */
export function checkPid(word: string, use: string): void {
  if (!/^-?\d{1,10}$/.test(word)) throw usage(`'${word}' is not a process id`, word, use);
}
