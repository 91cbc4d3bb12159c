/**
 * Which container a name means.
 *
 *     whole id -> whole name -> beginning of an id that fits one alone
 *
 * The system's containers come before those of users at every step: what a user calls his container never changes what a
 * name of the system's means. `ENGINE/NAME` and `USER/NAME` say whose is meant.
 */
import { CONTAINER_ENGINES } from "#core/model/container.ts";
import type { ContainerRecord } from "./container.ts";
import { displayName, isHexId } from "./container.ts";
import { PmdaRootError } from "./error.ts";
import { printable } from "./printable.ts";
import { STATUS } from "./status.ts";

/** What a look-up needs of the index: each answer without a scan. */
export interface NameTable<T extends ContainerRecord> {
  readonly withId: (id: string) => Iterable<T>;
  readonly withName: (name: string) => Iterable<T>;
  /** With hexadecimal ids that begin so; a few are enough. */
  readonly withIdPrefix: (prefix: string) => Iterable<T>;
  readonly userName: (uid: number) => string;
}

/** Throws PmdaRootError: PM_ERR_NOCONTAINER, or ENOTUNIQ with the candidates. */
export function matchName<T extends ContainerRecord>(query: string, table: NameTable<T>): T {
  const plain = query.startsWith("/") ? query.slice(1) : query;
  if (plain !== "") {
    const found = choose(plain, query, table, () => true) ?? chooseQualified(plain, query, table);
    if (found) return found;
  }
  throw new PmdaRootError(STATUS.NOCONTAINER, `no container is called ${quote(query)}`, { target: query });
}

function chooseQualified<T extends ContainerRecord>(plain: string, query: string, table: NameTable<T>): T | null {
  const slash = plain.indexOf("/");
  if (slash < 1) return null;
  const qualifier = plain.slice(0, slash);
  const isMeant = ({ engine, owner }: T) =>
    engine === qualifier || (owner !== null && table.userName(owner) === qualifier);
  return choose(plain.slice(slash + 1), query, table, isMeant);
}

function choose<T extends ContainerRecord>(
  name: string,
  query: string,
  table: NameTable<T>,
  isMeant: (item: T) => boolean,
): T | null {
  if (name === "") return null;
  const whole = [...table.withId(name)].filter(isMeant);
  const steps = [
    () => whole.filter(({ id }) => isHexId(id)),
    () => [...whole.filter(({ id }) => !isHexId(id)), ...[...table.withName(name)].filter(isMeant)],
    () => [...table.withIdPrefix(name)].filter(isMeant),
  ];
  const found = steps.map((step) => distinct(step()));
  for (const isSystem of [true, false]) {
    for (const step of found) {
      const candidates = step.filter(({ owner }) => (owner === null) === isSystem);
      if (candidates.length > 1) throw ambiguous(query, candidates, table);
      if (candidates[0]) return candidates[0];
    }
  }
  return null;
}

/** Once each, and of several engines that tell of the same container the one that people use. */
export function distinct<T extends ContainerRecord>(items: readonly T[]): T[] {
  const best = new Map<string, T>();
  for (const item of items) {
    const key = `${item.owner ?? ""} ${isHexId(item.id) ? item.id : `${item.engine} ${item.id}`}`;
    const known = best.get(key);
    if (!known || CONTAINER_ENGINES.indexOf(item.engine) < CONTAINER_ENGINES.indexOf(known.engine)) best.set(key, item);
  }
  return [...best.values()];
}

const MOST_NAMED = 8;

function ambiguous<T extends ContainerRecord>(
  query: string,
  candidates: readonly T[],
  table: NameTable<T>,
): PmdaRootError {
  const shown = candidates.slice(0, MOST_NAMED).map((item) => describe(item, table));
  const more = candidates.length > MOST_NAMED ? ` and ${candidates.length - MOST_NAMED} more` : "";
  return new PmdaRootError(STATUS.ENOTUNIQ, `${quote(query)} fits ${shown.join(", ")}${more}`, {
    target: query,
    hint: "give more of the id, or ENGINE/NAME",
  });
}

/** `docker/web (3f2a91bc0d1e)` */
function describe<T extends ContainerRecord>(item: T, { userName }: NameTable<T>): string {
  const whose = item.owner === null ? "" : `${userName(item.owner)}'s `;
  return `${whose}${item.engine}/${displayName(item)}${isHexId(item.id) ? ` (${item.id.slice(0, 12)})` : ""}`;
}

function quote(text: string): string {
  const short = text.length > 64 ? `${text.slice(0, 64)}...` : text;
  return `'${printable(short)}'`;
}

const HUMAN_NAME = 100;
const HUMAN_NAME_WITHOUT_SLASH = 99;
const WHOLE_ID = 98;
const LONGEST_COMMON = 95;

/**
 * As pmdaroot(1) does: the whole id, taken up to the first blank; else whatever fits best by any engine's measure, if only
 * by the letters it begins with. The first of several that fit alike is taken. Throws PM_ERR_NOCONTAINER.
 */
export function matchLoosely<T extends ContainerRecord>(query: string, items: Iterable<T>): T {
  const upToBlank = query.split(" ", 1)[0] ?? "";
  let best: { readonly item: T; readonly score: number } | null = null;
  for (const item of items) {
    if (item.id === upToBlank) return item;
    const score = looseScore(query, item);
    if (score > (best?.score ?? 0)) best = { item, score };
  }
  if (best) return best.item;
  throw new PmdaRootError(STATUS.NOCONTAINER, `no container is like ${quote(query)}`, { target: query });
}

/** Every engine's measure, applied to every container. */
function looseScore(query: string, item: ContainerRecord): number {
  const { engine, id } = item;
  const human = engine === "podman" ? (item.names.at(-1) ?? "") : `/${displayName(item)}`;
  if (query === human) return HUMAN_NAME;
  if (human === `/${query}`) return HUMAN_NAME_WITHOUT_SLASH;
  // lxc's measure counts the whole id one higher.
  if (query === id) return engine === "lxc" ? HUMAN_NAME_WITHOUT_SLASH : WHOLE_ID;
  let common = 0;
  while (common < LONGEST_COMMON && common < query.length && query[common] === id[common]) common++;
  return common;
}
