/** Endpoints as they are typed: by GEOPM's rules for names first, then by the last part of a path that only one has. */
import { basename, normalize } from "node:path";
import { endpointNameProblem } from "#core/act/new-subjects.ts";
import { POLICY_SUFFIX } from "#core/geopm/layout.ts";
import { resolveEndpoint } from "#core/geopm/names.ts";
import type { Endpoint } from "#core/model/endpoint.ts";
import type { Warning } from "#core/model/source.ts";
import { powerHost } from "#core/service/power-host.ts";
import { endpointId, endpointOfId } from "#core/service/power-id.ts";
import type { Service } from "#core/service/service.ts";
import { usage } from "./option-values.ts";
import { type Session, shelfWarnings } from "./session.ts";
import { type Subject, subjectOf } from "./subjects.ts";
import { findItem } from "./targets.ts";

export interface TypedEndpoint {
  /** The absolute path that everybody knows it by. */
  readonly name: string;
  /** What may surprise about the name that was typed. */
  readonly warning: Warning | null;
}

export function typedEndpoint({ environment }: Pick<Session, "environment">, word: string): TypedEndpoint {
  if (word === "") throw usage("an endpoint needs a name", "NAME", "an absolute path such as /dev/shm/NAME");
  const named = endpointOfId(word);
  if (named !== null && word.startsWith(`${environment.node}/`)) return { name: named, warning: null };
  const host = { ...powerHost(environment, process.cwd()), uid: process.getuid?.() ?? environment.uid };
  const { policyPath, trap } = resolveEndpoint(word, host);
  const name = normalize(policyPath).slice(0, -POLICY_SUFFIX.length);
  return { name, warning: trap === null ? null : { code: "NAME_DEPENDS", target: word, message: trap } };
}

/** One that shall be made: others must be able to find it. */
export function typedNewEndpoint(session: Pick<Session, "environment">, word: string): TypedEndpoint {
  const typed = typedEndpoint(session, word);
  const problem = endpointNameProblem(typed.name);
  if (problem !== null) throw usage(problem, "NAME");
  return typed;
}

export interface TypedEndpoints {
  readonly subjects: readonly Subject[];
  readonly warnings: readonly Warning[];
}

/** Endpoints that shall be made. */
export function newEndpoints(session: Session, service: Service, words: readonly string[]): TypedEndpoints {
  const typed = [...new Set(words)].map((word) => typedNewEndpoint(session, word));
  return {
    subjects: typed.map(({ name }) => ({ target: { id: endpointId(service.node, name) }, label: name, item: null })),
    warnings: typed.flatMap(({ warning }) => warning ?? []),
  };
}

/** Endpoints that are there, in the list or elsewhere: the service looks for what is not in the list. */
export function namedEndpoints(session: Session, service: Service, words: readonly string[]): TypedEndpoints {
  const shelf = service.snapshot().shelves.endpoints;
  shelfWarnings("endpoints", shelf);
  const items = [...shelf.items.values()];
  const found = [...new Set(words)].map((word): { subject: Subject; warning: Warning | null } => {
    const typed = typedEndpoint(session, word);
    const exact = items.find(({ name }) => name === typed.name);
    if (exact) return { subject: subjectOf("endpoints", exact), warning: typed.warning };
    const known = items.some(({ name }) => basename(name) === basename(word));
    if (known && !word.slice(1).includes("/")) {
      return { subject: subjectOf("endpoints", aliased(word, items)), warning: null };
    }
    const id = endpointId(service.node, typed.name);
    return { subject: { target: { id }, label: typed.name, item: null }, warning: typed.warning };
  });
  return { subjects: found.map(({ subject }) => subject), warnings: found.flatMap(({ warning }) => warning ?? []) };
}

/** Throws AMBIGUOUS. */
const aliased = (word: string, items: readonly Endpoint[]): Endpoint => findItem("endpoints", word, items);
