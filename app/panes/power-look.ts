/** What the lines of power are asked, whatever stands on them: an endpoint or a policy. */
import type { PowerValue } from "#core/model/endpoint.ts";
import type { Look } from "./look.ts";
import type { Cell, DrawContext } from "./pane.ts";

export interface PowerLook<T> extends Look<T> {
  /** Endpoints before policies, best policies by their agents. */
  nameKey(item: T): string;
  agent(item: T): string | null;
  profile(item: T): string | null;
  /** null of a policy. */
  nodes(item: T): readonly string[] | null;
  attachedSince(item: T): string | null;
  policyAgeSeconds(item: T): number | null;
  sampleAgeSeconds(item: T): number | null;
  /** What the controller sends, or is told: the one value that says most. */
  value(item: T, context: DrawContext): Cell;
  valueKey(item: T): number | null;
}

/** The position of the value that says most: the first in watts, else the first with a unit, else the first. */
export function mainPosition(values: readonly PowerValue[]): number {
  const watts = values.findIndex(({ unit }) => unit === "W");
  if (watts >= 0) return watts;
  const measured = values.findIndex(({ unit }) => unit !== null);
  return measured >= 0 ? measured : Math.min(0, values.length - 1);
}

/** So wide that what stands behind a number, the sparklines, stands in one column. */
export const NUMBER_COLUMNS = 10;

const WIDEST_LABEL = 24;

/** Names of values are longer than other labels, and stand in a column of their own. */
export const labelColumns = (names: readonly string[]): number =>
  Math.min(WIDEST_LABEL, Math.max(...names.map((name) => name.length), 10) + 2);

/** As in `4h`: one unit. */
export function ageText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m`;
  return whole < 86_400 ? `${Math.floor(whole / 3600)}h` : `${Math.floor(whole / 86_400)}d`;
}
