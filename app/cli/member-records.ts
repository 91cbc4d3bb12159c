/** `--record`: members as the psm_memrsp_t elements of cfg_psm_memget(3). Always JSON: it is for programs. */
import type { Items } from "#core/model/kinds.ts";
import type { Member } from "#core/model/member.ts";
import type { Warning } from "#core/model/source.ts";
import { listDocument } from "#core/output/document.ts";
import type { NamedKind } from "./kind-words.ts";
import { usage } from "./option-values.ts";
import { origin, type Session, tellWarnings, writeDocument } from "./session.ts";

export async function writeRecords(
  session: Session,
  items: readonly Items[NamedKind][],
  warnings: readonly Warning[],
): Promise<number> {
  const { call } = session;
  if (call.invocation.options.text("json") !== null) throw usage("--json=FIELDS does not go with --record", "--record");
  const { recordsOfItems } = await import("#core/psm/record.ts");
  const records = recordsOfItems(items.filter((item): item is Member => item.kind === "Member"));
  const parts = { kind: "MemberRecordList", isComplete: warnings.length === 0, items: records, warnings };
  await writeDocument(call, listDocument(origin(session), parts));
  if (!call.isJson) tellWarnings(call, warnings);
  return 0;
}
