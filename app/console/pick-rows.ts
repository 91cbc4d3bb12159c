/** The processes that fit what was typed. Kept while neither changes: there may be tens of thousands. */

import { parseFilter } from "#core/output/filter.ts";
import type { ProcessRow } from "#core/service/processes.ts";

const found = new WeakMap<readonly ProcessRow[], { readonly text: string; readonly rows: readonly ProcessRow[] }>();

export function pickRows(processes: readonly ProcessRow[], text: string): readonly ProcessRow[] {
  const last = found.get(processes);
  if (last?.text === text) return last.rows;
  const filter = parseFilter(text);
  const rows = processes.filter(({ pid, user, command }) => filter.test(`${pid} ${user} ${command}`.toLowerCase()));
  found.set(processes, { text, rows });
  return rows;
}
