/**
 * Rows of a policy store -> the values of a policy. One row a value; what has no row, or NULL, is NaN. Rows on which GEOPM's
 * library would never return, or would take all memory, are refused with the reason.
 */
import { GeopmError } from "./errors.ts";
import { badStore } from "./store-error.ts";

/** The value is what SQLite makes of it as a number. */
export type PolicyRow = readonly [offset: unknown, value: number | null];

export type ListRow = readonly [agent: string, profile: string | null, offset: unknown, value: number | null];

export interface ListedPolicy {
  readonly agent: string;
  /** null: the agent's default. */
  readonly profile: string | null;
  /** Empty if there is a problem. */
  readonly values: readonly number[];
  /** Why it cannot be used. */
  readonly problem: string | null;
}

/** A policy region has no room for more. */
const MOST_VALUES = 509;

/** Rows in the order in which they are found, which is how GEOPM reads them. */
export function valuesOf(path: string, of: string, rows: readonly PolicyRow[]): number[] {
  const values: number[] = [];
  for (const [offset, value] of rows) {
    if (typeof offset !== "number" || !Number.isInteger(offset)) throw refused(path, of, `offset ${offset}: no number`);
    if (offset < 0) throw refused(path, of, `offset ${offset} is negative`);
    if (offset >= MOST_VALUES) throw refused(path, of, `offset ${offset}: a policy has at most ${MOST_VALUES} values`);
    if (offset < values.length) throw refused(path, of, `offset ${offset} comes after ${values.length - 1}`);
    while (values.length < offset) values.push(Number.NaN);
    values.push(value ?? Number.NaN);
  }
  return values;
}

const refused = (path: string, of: string, why: string) =>
  badStore(path, `${of} cannot be used: ${why}`, "remove the policy and set it again; GEOPM would hang on it");

/** `best policy of power_governor for "dgemm"`, `default policy of power_governor`. */
export const nameOf = (agent: string, profile: string | null): string =>
  profile === null ? `default policy of ${agent}` : `best policy of ${agent} for ${JSON.stringify(profile)}`;

/** `"dgemm"` -> `dgemm`: real controllers since 2022 put the profile in double quotes. null if it is in none. */
export const withoutQuotes = (profile: string): string | null =>
  profile.length >= 2 && profile.startsWith('"') && profile.endsWith('"') ? profile.slice(1, -1) : null;

/** `length` values: NaN where there are none. */
export const padded = (values: readonly number[], length: number): readonly number[] =>
  values.length >= length ? values : [...values, ...new Array<number>(length - values.length).fill(Number.NaN)];

/** Rows of one policy stand together, by offset. */
export function listed(path: string, rows: readonly ListRow[]): ListedPolicy[] {
  const policies: ListedPolicy[] = [];
  for (let from = 0; from < rows.length; ) {
    const [agent, profile] = rows[from] ?? ["", null];
    let to = from + 1;
    while (rows[to]?.[0] === agent && rows[to]?.[1] === profile) to++;
    const own = rows.slice(from, to).map(([, , offset, value]): PolicyRow => [offset, value]);
    policies.push({ agent, profile, ...valuesOrProblem(path, nameOf(agent, profile), own) });
    from = to;
  }
  return policies;
}

function valuesOrProblem(path: string, name: string, rows: readonly PolicyRow[]) {
  try {
    return { values: valuesOf(path, name, rows), problem: null };
  } catch (thrown) {
    if (!(thrown instanceof GeopmError)) throw thrown;
    return { values: [], problem: thrown.message };
  }
}
