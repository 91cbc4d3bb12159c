/** What is said of the process and the job in a request to make or join one. */
import type { ActionTarget } from "#core/act/request.ts";
import { MusterError } from "#core/model/error.ts";
import { parseJid } from "#core/model/jid.ts";
import { noProcess } from "#core/pagg/job/errors.ts";
import type { Jid } from "#core/pagg/job/requests.ts";
import { lookupUser } from "#ffi/accounts.ts";
import { readProcessCredentials } from "#ffi/process-credentials.ts";
import { type PaggRequest, usage } from "./pagg-order.ts";

export function pidIn({ arguments: { pid } }: PaggRequest): number {
  const number = Number(pid ?? Number.NaN);
  if (Number.isInteger(number) && number > 0 && number <= 0x7fff_ffff) return number;
  throw usage(pid === undefined ? "no process was given" : `not a process id: ${pid}`, "pid is the id of a process");
}

/** Of the process that is meant, if the asker has told which he saw; a job's own identity is that of its prime process. */
export function ticksOf({ identity }: ActionTarget, pid: number): string | null {
  const [seen, ticks] = identity?.split(":") ?? [];
  return Number(seen) === pid ? (ticks ?? null) : null;
}

export const identityOf = (pid: number, ticks: string | null) =>
  ticks === null ? {} : { identity: `${pid}:${ticks}` };

export function newJidIn({ arguments: { jid } }: PaggRequest): Jid | null {
  if (jid === undefined) return null;
  const number = parseJid(String(jid));
  if (number !== null) return number;
  throw usage(`not the id of a job: ${jid}`, "hexadecimal, such as 0x501");
}

/** --user, or the user of the process. */
export function ownerIn({ arguments: { user } }: PaggRequest, pid: number, procRoot: string): number {
  if (user === undefined) {
    const uid = readProcessCredentials(procRoot, pid)?.uids[0];
    if (uid === undefined) throw noProcess(pid);
    return uid;
  }
  const word = String(user);
  if (/^[0-9]{1,10}$/.test(word) && Number(word) < 0xffff_ffff) return Number(word);
  const account = lookupUser(word);
  if (account) return account.uid;
  throw new MusterError("NOT_FOUND", `there is no user '${word}'`, { target: word });
}
