/** The values of a policy and of a sample as lines of a detail: name, number with unit, and what NaN becomes. */
import { quantityText } from "#core/act/power-values.ts";
import type { PowerValue } from "#core/model/endpoint.ts";
import type { PolicyField } from "#core/model/policy.ts";
import { KEPT_POINTS, levelsOf, pointsOf, scaleOf } from "#core/store/sample-history.ts";
import type { DetailLine, DrawContext } from "./pane.ts";
import { labelColumns } from "./power-look.ts";

/** From so many alike on they are one line: frequency_map has room for 31 regions. */
const FEWEST_ALIKE = 4;

export function policyLines(fields: readonly (PowerValue & Partial<PolicyField>)[]): readonly DetailLine[] {
  const width = labelColumns(fields.map(({ name }) => name));
  const lines: DetailLine[] = [];
  for (let from = 0; from < fields.length; ) {
    const first = fields[from];
    if (!first) break;
    const alike = first.value === null ? runOf(fields, from) : 1;
    const count = alike >= FEWEST_ALIKE ? alike : 1;
    lines.push({ labelColumns: width, label: first.name, ...textOf(first, fields[from + count - 1], count) });
    from += count;
  }
  return lines;
}

function runOf(fields: readonly (PowerValue & Partial<PolicyField>)[], from: number): number {
  const without = fields[from]?.without;
  const end = fields.findIndex((field, at) => at > from && (field.value !== null || field.without !== without));
  return (end < 0 ? fields.length : end) - from;
}

function textOf(field: PowerValue & Partial<PolicyField>, last: PowerValue | undefined, count: number) {
  if (field.value !== null) return { text: quantityText(field.value, field.unit) };
  const unit = field.unit === null || count > 1 ? "" : ` (${field.unit})`;
  const reach = count > 1 && last ? ` up to ${last.name}, ${count} values` : "";
  const meaning = field.without ? `: ${field.without}` : ": left to the agent";
  return { text: `NAN${unit}${reach}${meaning}`, tone: "dim" as const };
}

/** Each with what it was in the last minute. */
export function sampleLines(id: string, sample: readonly PowerValue[], context: DrawContext): readonly DetailLine[] {
  const width = labelColumns(sample.map(({ name }) => name));
  return sample.map(({ name, unit, value }, position): DetailLine => {
    const points = pointsOf(context.samples, id, position, context.atMs);
    const number = quantityText(value, unit);
    const tone = value === null ? "dim" : "text";
    if (points.every((point) => point === null)) return { labelColumns: width, label: name, text: number, tone };
    const scale = scaleOf(points);
    const isBelow = points.some((point) => point !== null && point < 0);
    const range = `0 to ${quantityText(scale, unit)}${isBelow ? ", at times below" : ""}`;
    const text = `${number}; ${KEPT_POINTS} s, ${range}`;
    return { labelColumns: width, label: name, text, tone, bars: levelsOf(points, scale) };
  });
}
