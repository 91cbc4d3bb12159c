/** One line of the result, and the few kinds of lines there are. */
import { median, quantity, type Spread, spreadOf, type Unit } from "./figures.ts";

export interface Row {
  readonly group: string;
  readonly what: string;
  readonly muster: string;
  readonly peer: string;
  readonly ratio: number | null;
  readonly target: string;
  /** null: nothing was promised. */
  readonly isMet: boolean | null;
  /** The same, for programs. */
  readonly values: Readonly<Record<string, number>>;
}

export type Line = Omit<Row, "group">;

export interface Named {
  readonly name: string;
  readonly samples: readonly number[];
}

/** Medians of muster and a peer measured in turns. `most` and `least` limit muster's median divided by the peer's. */
export function comparison(
  what: string,
  unit: Unit,
  samples: readonly number[],
  peer: Named,
  limit: { readonly most?: number; readonly least?: number } = {},
): Line {
  const ours = median(samples);
  const theirs = median(peer.samples);
  const ratio = ours / theirs;
  const { most, least } = limit;
  return {
    what,
    muster: quantity(ours, unit),
    peer: `${peer.name} ${quantity(theirs, unit)}`,
    ratio,
    target: most !== undefined ? `< ${most} x` : least !== undefined ? `> ${least} x` : "",
    isMet: most !== undefined ? ratio < most : least !== undefined ? ratio > least : null,
    values: { muster: ours, peer: theirs, ratio },
  };
}

/** A distribution of which one percentile must not be above a limit. */
export function distribution(
  what: string,
  unit: Unit,
  samples: readonly number[],
  limit: { readonly of: Exclude<keyof Spread, "count">; readonly most: number } | null,
): Line {
  const spread = spreadOf(samples);
  const numbers = [spread.p50, spread.p95, spread.p99, spread.max].map((value) => quantity(value, unit).split(" ")[0]);
  return {
    what,
    muster: `${numbers.join(" / ")} ${unit}`,
    peer: "",
    ratio: null,
    target: limit ? `${limit.of} <= ${limit.most} ${unit}` : "",
    isMet: limit ? spread[limit.of] <= limit.most : null,
    values: { ...spread },
  };
}

/** One number and its limit; what it is beside is only for comparison. */
export function figure(
  what: string,
  unit: Unit,
  value: number,
  limit: { readonly most?: number; readonly least?: number } = {},
  peer: { readonly name: string; readonly value: number } | null = null,
): Line {
  const { most, least } = limit;
  return {
    what,
    muster: quantity(value, unit),
    peer: peer ? `${peer.name} ${quantity(peer.value, unit)}` : "",
    ratio: peer && peer.value > 0 ? value / peer.value : null,
    target:
      most !== undefined ? `<= ${quantity(most, unit)}` : least !== undefined ? `>= ${quantity(least, unit)}` : "",
    isMet: most !== undefined ? value <= most : least !== undefined ? value >= least : null,
    values: { muster: value, ...(peer ? { peer: peer.value } : {}) },
  };
}
