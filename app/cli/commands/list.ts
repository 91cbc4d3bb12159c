/** `list` of each kind: its items, once. */
import { MusterError } from "#core/model/error.ts";
import type { Warning } from "#core/model/source.ts";
import { KIND_OUTPUT, type KindOutput } from "#core/output/kinds.ts";
import type { Handler } from "../context.ts";
import { fail } from "../context.ts";
import { KIND_WORDS, type NamedKind } from "../kind-words.ts";
import { writeListing } from "../listing.ts";
import { writeRecords } from "../member-records.ts";
import { makeSelection } from "../selection.ts";
import { openSoundSession, type Session, withService } from "../session.ts";
import { contentsOf, wishFor } from "../shelf.ts";

export const listOf =
  <K extends NamedKind>(kind: K): Handler =>
  async (call) => {
    const selection = makeSelection(kind, call.invocation.options);
    const session = await openSoundSession(call);
    return withService(
      session,
      "once",
      async (service) => {
        const { items: all, warnings } = contentsOf(session, service, kind);
        const items = selection.select(all);
        if (call.invocation.options.has("record")) return writeRecords(session, items, warnings);
        const { document, columns }: KindOutput<(typeof items)[number]> = KIND_OUTPUT[kind];
        const empty = emptyText(kind, all.length);
        await writeListing(session, { document, items, shape: selection.shape, columns, warnings, empty });
        return completeness(session, warnings);
      },
      wishFor(kind),
    );
  };

function emptyText(kind: NamedKind, unfiltered: number): string {
  const { many, empty } = KIND_WORDS[kind];
  return unfiltered > 0 ? `none of ${unfiltered} ${many} fits the filter` : empty;
}

/** 0, or 3 when --strict is given and something is missing. */
export function completeness(session: Session, warnings: readonly Warning[]): number {
  const [first] = warnings;
  if (!session.isStrict || !first) return 0;
  const hint = "without --strict what is there is written with complete: false";
  return fail(session.call, new MusterError("PARTIAL", `incomplete: ${first.message}`, { target: first.target, hint }));
}
