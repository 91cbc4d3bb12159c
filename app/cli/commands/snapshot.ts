/** `snapshot`: all kinds in one document. */

import { MusterError } from "#core/model/error.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import type { Kind } from "#core/model/kinds.ts";
import type { Warning } from "#core/model/source.ts";
import { snapshotDocument } from "#core/output/document.ts";
import { KIND_OUTPUT } from "#core/output/kinds.ts";
import { orderKeys } from "#core/output/project.ts";
import { tableText } from "#core/output/table.ts";
import type { Service } from "#core/service/service.ts";
import { type Call, outputColor, writeText } from "../context.ts";

import {
  configWarnings,
  joinWarnings,
  openSoundSession,
  origin,
  shelfWarnings,
  tellWarnings,
  withService,
  writeDocument,
} from "../session.ts";
import { isTerminal } from "../stdio.ts";
import { completeness } from "./list.ts";

export async function writeSnapshot(call: Call): Promise<number> {
  const session = await openSoundSession(call);
  return withService(session, "once", async (service) => {
    const sources = KIND_NAMES.map((kind) => warningsOf(service, kind));
    const warnings = joinWarnings(configWarnings(session.config), ...sources);
    if (call.isJson) {
      const kinds = Object.fromEntries(KIND_NAMES.map((kind) => [kind, itemsOf(service, kind)]));
      const parts = { isComplete: warnings.length === 0, kinds, warnings };
      await writeDocument(call, snapshotDocument(origin(session), parts));
    } else {
      for (const kind of KIND_NAMES) await writeText(call, textOf(call, service, kind));
      tellWarnings(call, warnings);
    }
    return completeness(session, warnings);
  });
}

/** One kind that cannot be had leaves the others as they are. */
function warningsOf(service: Service, kind: Kind): Warning[] {
  try {
    return shelfWarnings(kind, service.snapshot().shelves[kind]);
  } catch (thrown) {
    if (!(thrown instanceof MusterError)) throw thrown;
    return [{ code: thrown.code, target: thrown.target ?? kind, message: thrown.message }];
  }
}

function itemsOf<K extends Kind>(service: Service, kind: K): unknown[] {
  const { fields, compare } = KIND_OUTPUT[kind];
  return [...service.snapshot().shelves[kind].items.values()].sort(compare).map(orderKeys(fields));
}

function textOf<K extends Kind>(call: Call, service: Service, kind: K): string {
  const { columns, compare } = KIND_OUTPUT[kind];
  const items = [...service.snapshot().shelves[kind].items.values()].sort(compare);
  const style = { isTerminal: isTerminal(1), hasColor: outputColor(call) > 0 };
  const table = tableText(items, columns, style);
  return style.isTerminal ? `${kind} (${items.length})\n${table}\n` : table;
}
