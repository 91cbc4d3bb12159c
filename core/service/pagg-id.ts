/** Ids of process aggregates taken apart: `node/module/NAME`, `node/job/JID`, `node/attachment/MODULE/PID:START`. */
import { nameOf } from "#core/model/id.ts";
import { parseJid } from "#core/model/jid.ts";

export interface NamedAttachment {
  readonly module: string;
  readonly pid: number;
  readonly startTicks: string;
}

/** null for the id of anything else. */
export function moduleOfId(id: string): string | null {
  return /^[^/]*\/module\//.test(id) ? nameOf(id) : null;
}

/** As it is written: a number without 0x is the pid of a process that a job is asked for. */
export function jidOfId(id: string): bigint | null {
  return /^[^/]*\/job\/0x/.test(id) ? parseJid(nameOf(id)) : null;
}

export function attachmentOfId(id: string): NamedAttachment | null {
  const match = /^[^/]*\/attachment\/(.+)\/([0-9]{1,10}):([0-9]+)$/s.exec(id);
  if (!match) return null;
  const [, module = "", pid = "", startTicks = ""] = match;
  return { module, pid: Number(pid), startTicks };
}
