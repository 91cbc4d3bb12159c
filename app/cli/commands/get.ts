/** `daemons get NAME...`: all facts of some items. One item or many, the document is a list. */
import type { MusterError } from "#core/model/error.ts";
import { factLines } from "#core/output/columns.ts";
import { listDocument } from "#core/output/document.ts";
import { KIND_OUTPUT } from "#core/output/kinds.ts";
import { visible } from "#core/output/text.ts";
import { type Call, fail, writeText } from "../context.ts";
import { makeSelection } from "../selection.ts";
import {
  configWarnings,
  joinWarnings,
  openSession,
  origin,
  refuseProblems,
  shelfWarnings,
  tellWarnings,
  withService,
  writeDocument,
} from "../session.ts";
import { findDaemons, partial } from "../targets.ts";
import { completeness } from "./list.ts";

export async function getDaemons(call: Call): Promise<number> {
  const selection = makeSelection("daemons", call.invocation.options);
  const session = await openSession(call);
  refuseProblems(session);
  return withService(session, "once", async (service) => {
    const shelf = service.snapshot().shelves.daemons;
    const warnings = joinWarnings(configWarnings(session.config), shelfWarnings("daemons", shelf));
    const { daemons, missing } = findDaemons(call.invocation.words, shelf.items.values());
    if (daemons.length === 0) return fail(call, allMissing(missing));
    const items = selection.select(daemons).map(selection.shape);
    if (call.isJson) {
      const absent = missing.map(({ code, target, message }) => ({ code, target, message }));
      const parts = {
        kind: KIND_OUTPUT.daemons.document,
        isComplete: warnings.length === 0 && missing.length === 0,
        items,
        warnings: [...warnings, ...absent],
      };
      await writeDocument(call, listDocument(origin(session), parts));
    } else {
      await writeText(call, items.map((item) => factsText(item as object)).join("\n"));
      tellWarnings(call, warnings);
    }
    if (missing.length > 0) return fail(call, partial(missing, daemons.length + missing.length));
    return completeness(session, warnings);
  });
}

/** `get` found nothing at all: the first reason stands for all. */
function allMissing(missing: readonly MusterError[]): MusterError {
  return missing[0] ?? partial(missing, 0);
}

function factsText(item: object): string {
  const lines = factLines(item);
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${visible(value)}\n`).join("");
}
