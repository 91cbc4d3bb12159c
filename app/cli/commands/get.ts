/** `get NAME...` of each kind: all facts of some items. One item or many, the document is a list. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { MusterError } from "#core/model/error.ts";
import type { Items } from "#core/model/kinds.ts";
import { factLines } from "#core/output/columns.ts";
import { KIND_OUTPUT } from "#core/output/kinds.ts";
import { visible } from "#core/output/text.ts";
import type { Service } from "#core/service/service.ts";
import { fail, type Handler, writeText } from "../context.ts";
import type { NamedKind } from "../kind-words.ts";
import { writeList } from "../listing.ts";
import { writeRecords } from "../member-records.ts";
import { makeSelection, type Selection } from "../selection.ts";
import { openSoundSession, type Session, tellWarnings, withService } from "../session.ts";
import { contentsOf, wishFor } from "../shelf.ts";
import { findItems, partial } from "../targets.ts";
import { completeness } from "./list.ts";
import { waitForExits } from "./wait-exited.ts";

export const getOf =
  <K extends NamedKind>(kind: K): Handler =>
  async (call) => {
    const { options, words } = call.invocation;
    const selection = makeSelection(kind, options);
    const session = await openSoundSession(call);
    if (!options.has("wait")) {
      return withService(session, "once", (service) => writeItems(session, service, kind, selection), wishFor(kind));
    }
    return withService(
      session,
      "watch",
      async (service) => {
        await waitForExits(call, service, words);
        return writeItems(session, service, kind, selection);
      },
      { ...wishFor(kind), needsLasting: hasOwnSet(session) },
    );
  };

/** Somebody has to watch for the exits that are waited for: of a set of one's own, its keeper, which is started for it. */
function hasOwnSet({ environment, root }: Session): boolean {
  return root === null && existsSync(join(environment.stateDirectory, "psm.db"));
}

async function writeItems<K extends NamedKind>(
  session: Session,
  service: Service,
  kind: K,
  selection: Selection<K>,
): Promise<number> {
  const { call } = session;
  const { options, words } = call.invocation;
  const { items: all, warnings } = contentsOf(session, service, kind);
  const { items: found, missing } = findItems(kind, words, all);
  if (found.length === 0) return fail(call, allMissing(missing));
  const items = selection.select(found as readonly Items[K][]);
  const absent = missing.map(({ code, target, message }) => ({ code, target, message }));
  if (options.has("record")) await writeRecords(session, items, [...warnings, ...absent]);
  else if (call.isJson) {
    const { document } = KIND_OUTPUT[kind];
    await writeList(session, document, items.map(selection.shape), [...warnings, ...absent]);
  } else {
    await writeText(call, items.map((item) => factsText(selection.shape(item) as object)).join("\n"));
    tellWarnings(call, warnings);
  }
  if (missing.length > 0) return fail(call, partial(missing, found.length + missing.length));
  return completeness(session, warnings);
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
