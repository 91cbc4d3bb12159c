/** Asking before what is hard to take back. The question goes to standard error: standard output is for results. */
import { readSync } from "node:fs";
import type { ActionSpec } from "#core/act/actions.ts";
import { settled } from "#core/act/settled.ts";
import { errnoName, MusterError } from "#core/model/error.ts";
import { visible } from "#core/output/text.ts";
import type { Call } from "./context.ts";
import { usage } from "./option-values.ts";
import { isTerminal, writeError } from "./stdio.ts";
import type { Subject } from "./subjects.ts";

export function needsConfirmation(spec: ActionSpec, call: Call): boolean {
  const { options } = call.invocation;
  return spec.effect === "destroy" && !options.has("yes") && !options.has("dry-run");
}

/** Throws USAGE where nobody can be asked; before anything is opened. */
export function requireSomeoneToAsk(spec: ActionSpec, call: Call): void {
  if (!needsConfirmation(spec, call)) return;
  const name = `${spec.kind} ${spec.verb}`;
  const reason = call.isJson
    ? "with --json"
    : call.invocation.options.has("no-input")
      ? "with --no-input"
      : isTerminal(0)
        ? null
        : "when standard input is not a terminal";
  if (reason !== null) throw usage(`${name} needs --yes ${reason}`, "--yes", "--dry-run shows what would be done");
}

/** Throws CANCELLED unless the answer is yes. Nothing is asked of those to which nothing would be done. */
export function confirm(spec: ActionSpec, all: readonly Subject[]): void {
  const subjects = all.filter(({ item }) => !item || (settled(spec.id, item) === null && spec.when(item) === null));
  if (subjects.length === 0) return;
  for (const { item } of subjects) {
    if (spec.consequence && item) writeError(`${visible(spec.consequence(item))}\n`);
  }
  const [only] = subjects;
  const subject = subjects.length === 1 && only ? visible(only.label) : `${subjects.length} ${spec.kind}`;
  writeError(`${spec.title} ${subject}? [y/N] `);
  if (/^\s*y(es)?\s*$/i.test(readLine())) return;
  throw new MusterError("CANCELLED", "nothing was done", { hint: "the answer was not yes" });
}

/** The terminal collects the line; a byte at a time, so that nothing behind it is taken from whoever reads next. */
function readLine(): string {
  const bytes: number[] = [];
  const byte = Buffer.alloc(1);
  while (bytes.length < 1024) {
    try {
      if (readSync(0, byte, 0, 1, null) === 0) break;
    } catch (thrown) {
      if (errnoName(thrown) === "EINTR") continue;
      break;
    }
    if (byte[0] === 0x0a) break;
    bytes.push(byte[0] ?? 0);
  }
  return Buffer.from(bytes).toString("utf8");
}
