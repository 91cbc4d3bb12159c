/** `daemons list`: the items of one kind, once. */
import { MusterError } from "#core/model/error.ts";
import type { Warning } from "#core/model/source.ts";
import { listDocument } from "#core/output/document.ts";
import { KIND_OUTPUT } from "#core/output/kinds.ts";
import { tableText } from "#core/output/table.ts";
import { type Call, fail, outputColor, tell, writeText } from "../context.ts";
import { makeSelection } from "../selection.ts";
import {
  configWarnings,
  joinWarnings,
  openSession,
  origin,
  refuseProblems,
  type Session,
  shelfWarnings,
  tellWarnings,
  withService,
  writeDocument,
} from "../session.ts";
import { isTerminal } from "../stdio.ts";

export async function listDaemons(call: Call): Promise<number> {
  const selection = makeSelection("daemons", call.invocation.options);
  const session = await openSession(call);
  refuseProblems(session);
  return withService(session, "once", async (service) => {
    const shelf = service.snapshot().shelves.daemons;
    const warnings = joinWarnings(configWarnings(session.config), shelfWarnings("daemons", shelf));
    const items = selection.select(shelf.items.values());
    if (call.isJson) {
      const parts = {
        kind: KIND_OUTPUT.daemons.document,
        isComplete: warnings.length === 0,
        items: items.map(selection.shape),
        warnings,
      };
      await writeDocument(call, listDocument(origin(session), parts));
    } else {
      const style = { isTerminal: isTerminal(1), hasColor: outputColor(call) > 0 };
      await writeText(call, tableText(items, KIND_OUTPUT.daemons.columns, style));
      tellWarnings(call, warnings);
      if (items.length === 0 && style.isTerminal) tell(call, emptySentence(shelf.items.size));
    }
    return completeness(session, warnings);
  });
}

function emptySentence(unfiltered: number): string {
  if (unfiltered > 0) return `none of ${unfiltered} daemons fits the filter`;
  return "no daemons are declared and none was found; see 'muster doctor' for where muster looks";
}

/** 0, or 3 when --strict is given and something is missing. */
export function completeness(session: Session, warnings: readonly Warning[]): number {
  const [first] = warnings;
  if (!session.isStrict || !first) return 0;
  const hint = "without --strict what is there is written with complete: false";
  return fail(session.call, new MusterError("PARTIAL", `incomplete: ${first.message}`, { target: first.target, hint }));
}
