/** `daemons list`, `categories list`, `members list`: the items of one kind, once. */
import { MusterError } from "#core/model/error.ts";
import type { Warning } from "#core/model/source.ts";
import { listDocument } from "#core/output/document.ts";
import { KIND_OUTPUT, type KindOutput } from "#core/output/kinds.ts";
import { tableText } from "#core/output/table.ts";
import type { Call, Handler } from "../context.ts";
import { fail, outputColor, tell, writeText } from "../context.ts";
import { KIND_WORDS, type NamedKind } from "../kind-words.ts";
import { writeRecords } from "../member-records.ts";
import { makeSelection } from "../selection.ts";
import {
  openSession,
  origin,
  refuseProblems,
  type Session,
  tellWarnings,
  withService,
  writeDocument,
} from "../session.ts";
import { contentsOf, wishFor } from "../shelf.ts";
import { isTerminal } from "../stdio.ts";

export const listOf =
  <K extends NamedKind>(kind: K): Handler =>
  async (call) => {
    const selection = makeSelection(kind, call.invocation.options);
    const session = await openSession(call);
    refuseProblems(session);
    return withService(
      session,
      "once",
      async (service) => {
        const { items: all, warnings } = contentsOf(session, service, kind);
        const items = selection.select(all);
        if (call.invocation.options.has("record")) return writeRecords(session, items, warnings);
        if (call.isJson) {
          const parts = {
            kind: KIND_OUTPUT[kind].document,
            isComplete: warnings.length === 0,
            items: items.map(selection.shape),
            warnings,
          };
          await writeDocument(call, listDocument(origin(session), parts));
        } else {
          const style = { isTerminal: isTerminal(1), hasColor: outputColor(call) > 0 };
          const { columns }: KindOutput<(typeof items)[number]> = KIND_OUTPUT[kind];
          await writeText(call, tableText(items, columns, style));
          tellWarnings(call, warnings);
          if (items.length === 0 && style.isTerminal) tellEmpty(call, kind, all.length);
        }
        return completeness(session, warnings);
      },
      wishFor(kind),
    );
  };

function tellEmpty(call: Call, kind: NamedKind, unfiltered: number): void {
  const { many, empty } = KIND_WORDS[kind];
  tell(call, unfiltered > 0 ? `none of ${unfiltered} ${many} fits the filter` : empty);
}

/** 0, or 3 when --strict is given and something is missing. */
export function completeness(session: Session, warnings: readonly Warning[]): number {
  const [first] = warnings;
  if (!session.isStrict || !first) return 0;
  const hint = "without --strict what is there is written with complete: false";
  return fail(session.call, new MusterError("PARTIAL", `incomplete: ${first.message}`, { target: first.target, hint }));
}
