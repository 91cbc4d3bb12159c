/** `man` */
import { plainDocument } from "#core/output/document.ts";
import { type Call, writeText } from "../context.ts";
import { manualPage } from "../manual.ts";
import { writeDocument } from "../session.ts";
import { MUSTER_VERSION } from "../version.ts";
import { aboutMuster } from "./version.ts";

export async function writeManual(call: Call): Promise<number> {
  const page = manualPage(MUSTER_VERSION);
  if (call.isJson) await writeDocument(call, plainDocument("Manual", aboutMuster(call), { format: "roff", page }));
  else await writeText(call, page);
  return 0;
}
