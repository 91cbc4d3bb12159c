/** `muster --version` */
import { hostname } from "node:os";
import { timestamp } from "#core/model/clock.ts";
import { plainDocument } from "#core/output/document.ts";
import { type Call, writeText } from "../context.ts";
import { writeDocument } from "../session.ts";
import { MUSTER_VERSION } from "../version.ts";

export async function version(call: Call): Promise<number> {
  if (!call.isJson) {
    await writeText(call, `muster ${MUSTER_VERSION}\n`);
    return 0;
  }
  const facts = { version: MUSTER_VERSION, bun: Bun.version };
  await writeDocument(call, plainDocument("Version", aboutMuster(call), facts));
  return 0;
}

/** Origin of documents that do not look at a tree. */
export function aboutMuster(call: Call) {
  return { host: hostname(), generatedAt: timestamp(call.clock.wallMs()), root: null };
}
