/** What commands that list end with: a document, or a table with its warnings beside it. */
import type { Warning } from "#core/model/source.ts";
import { listDocument } from "#core/output/document.ts";
import { type Column, tableText } from "#core/output/table.ts";
import { type Call, outputColor, tell, writeText } from "./context.ts";
import { origin, type Session, tellWarnings, writeDocument } from "./session.ts";
import { isTerminal } from "./stdio.ts";

export interface Listing<T> {
  /** Name of the document. */
  readonly document: string;
  readonly items: readonly T[];
  /** What of an item is written. */
  readonly shape: (item: T) => unknown;
  readonly columns: readonly Column<T>[];
  readonly warnings: readonly Warning[];
  /** Said to people where there is nothing. */
  readonly empty: string;
}

export async function writeListing<T>(session: Session, listing: Listing<T>): Promise<void> {
  const { call } = session;
  const { items, warnings } = listing;
  if (call.isJson) {
    await writeList(session, listing.document, items.map(listing.shape), warnings);
    return;
  }
  await writeTable(call, items, listing.columns);
  tellWarnings(call, warnings);
  if (items.length === 0 && isTerminal(1)) tell(call, listing.empty);
}

/** It is complete if nothing warns of the contrary. */
export async function writeList(
  session: Session,
  kind: string,
  items: readonly unknown[],
  warnings: readonly Warning[],
): Promise<void> {
  const parts = { kind, isComplete: warnings.length === 0, items, warnings };
  await writeDocument(session.call, listDocument(origin(session), parts));
}

export async function writeTable<T>(call: Call, items: readonly T[], columns: readonly Column<T>[]): Promise<void> {
  await writeText(call, tableText(items, columns, { isTerminal: isTerminal(1), hasColor: outputColor(call) > 0 }));
}
