/** What every command is given: who calls, where output goes and in which form. */

import type { Clock } from "#core/model/clock.ts";
import { errorRecord, MusterError, toMusterError } from "#core/model/error.ts";
import { errorLine } from "#core/output/document.ts";
import { visible } from "#core/output/text.ts";
import { type ColorLevel, colorLevel } from "./color.ts";
import type { Invocation } from "./parse.ts";
import { isTerminal, writeAll, writeError } from "./stdio.ts";

export interface Context {
  readonly clock: Clock;
  /** A copy from before anything of ours changed them. */
  readonly variables: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly isJson: boolean;
  /** Ends the process at once; for a second Ctrl-C only. */
  readonly exit: (code: number) => never;
}

export interface Call extends Context {
  readonly invocation: Invocation;
  readonly isQuiet: boolean;
  readonly isPretty: boolean;
}

export type Handler = (call: Call) => Promise<number>;

export function makeCall(context: Context, invocation: Invocation): Call {
  const { options } = invocation;
  if (options.has("pretty") && options.has("compact")) {
    throw new MusterError("USAGE", "--pretty and --compact exclude each other", { target: "--compact" });
  }
  const isPretty = options.has("pretty") || (!options.has("compact") && isTerminal(1));
  return { ...context, invocation, isQuiet: options.has("quiet"), isPretty };
}

export async function writeText(call: Call, text: string): Promise<void> {
  await writeAll(1, text, call.clock);
}

/** Hints, progress and warnings for people; a program gets them inside its document. */
export function tell(call: Call, text: string): void {
  if (!call.isQuiet && !call.isJson) writeError(`${visible(text)}\n`);
}

export function outputColor(call: Call, fd = 1): ColorLevel {
  return colorLevel(call.invocation.options.text("color"), call.variables, isTerminal(fd));
}

/** Writes the error to standard error and gives the exit code that belongs to it. */
export function fail(context: Pick<Context, "isJson" | "variables">, thrown: unknown): number {
  const error = toMusterError(thrown);
  const record = errorRecord(error);
  if (context.isJson) {
    writeError(errorLine(record, error.exitCode));
  } else {
    writeError(`muster: ${visible(record.message)}\n${record.hint === null ? "" : `  ${visible(record.hint)}\n`}`);
  }
  if (error.code === "INTERNAL" && !context.isJson) {
    writeError("  this is a defect of muster: please report it with what MUSTER_DEBUG=1 shows\n");
  }
  if (context.variables.MUSTER_DEBUG === "1") writeError(`${visibleStack(thrown)}\n`);
  return error.exitCode;
}

function visibleStack(thrown: unknown): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return stack.split("\n").map(visible).join("\n");
}
