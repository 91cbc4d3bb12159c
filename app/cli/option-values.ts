/** The values of a command line's options after they were checked against their specifications. */
import { MusterError } from "#core/model/error.ts";
import type { OptionSpec } from "./specification.ts";
import { didYouMean } from "./suggest.ts";

export type OptionValue = string | number | true;

export class OptionValues {
  readonly #values: ReadonlyMap<string, OptionValue>;

  constructor(values: ReadonlyMap<string, OptionValue>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | null {
    const value = this.#values.get(name);
    return typeof value === "string" ? value : null;
  }

  number(name: string): number | null {
    const value = this.#values.get(name);
    return typeof value === "number" ? value : null;
  }

  get(name: string): OptionValue | undefined {
    return this.#values.get(name);
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 };
const LONGEST_SECONDS = 366 * 86400;

/** `30`, `0.5`, `500ms`, `30s`, `10m`, `2h`, `3d` -> seconds; null if it is none of them. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,12}(?:\.\d{1,9})?)(ms|s|m|h|d)?$/.exec(text);
  if (!match) return null;
  const seconds = Number(match[1]) * (UNITS[match[2] ?? "s"] ?? 1);
  return seconds <= LONGEST_SECONDS ? seconds : null;
}

/** The value of one option; throws USAGE that names the option. */
export function optionValue(option: OptionSpec, text: string | undefined): OptionValue {
  const name = `--${option.name}`;
  if (option.type === "flag") {
    if (text !== undefined) throw usage(`${name} takes no value`, name);
    return true;
  }
  if (option.type === "optional") {
    if (text === "") throw usage(`${name}= names no fields`, name);
    return text ?? true;
  }
  if (text === undefined || text === "") throw usage(`${name} needs a value: ${name} ${option.value}`, name);
  switch (option.type) {
    case "count":
      if (!/^\d{1,9}$/.test(text)) throw usage(`${name} needs a whole number, not '${text}'`, name);
      return Number(text);
    case "duration": {
      const seconds = parseDuration(text);
      if (seconds === null) throw usage(`${name} needs a time such as 30, 500ms or 10m, not '${text}'`, name);
      return seconds;
    }
    case "choice": {
      const choices = option.choices ?? [];
      if (choices.includes(text)) return text;
      const hint = didYouMean(text, choices) ?? `choices: ${choices.join(", ")}`;
      throw usage(`${name} cannot be '${text}'`, name, hint);
    }
    default:
      if (text.includes("\0")) throw usage(`${name} holds a NUL byte`, name);
      return text;
  }
}

export function usage(message: string, target: string | null = null, hint: string | null = null): MusterError {
  return new MusterError("USAGE", message, { target, hint });
}
