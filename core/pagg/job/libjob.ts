/**
 * The Job library, job_create(3) and its kin, under the C library's names: over the socket of a jobd, muster's or SGI's.
 * Where C returns -1 and errno these throw a MusterError that carries the errno.
 */
import { ERRNO } from "#ffi/errno-names.ts";
import { MAXIMUM_INT, MAXIMUM_UINT } from "#ffi/memory.ts";
import { checkInteger, SysError } from "#ffi/sys-error.ts";
import { type JobdAddress, jobctl } from "./jobd/client.ts";
import { LIST_STRIDE, REQUESTS, type RequestName } from "./jobd/layout.ts";
import type { Jid } from "./requests.ts";

/** A new job with process `pid`, this one unless told otherwise, as its first. 0n: jobs are disabled. */
export async function job_create(
  jobd: JobdAddress,
  { uid, jid = 0n, pid = process.pid }: { readonly uid: number; readonly jid?: Jid; readonly pid?: number },
): Promise<Jid> {
  const at = REQUESTS.CREATE;
  const { message } = await jobctl(jobd, {
    name: "CREATE",
    fill: (request) => {
      setJid(request, at.jid, jid);
      setInt(request, at.pid, pid);
      setUint(request, at.user, uid);
    },
  });
  return message.getBigUint64(at.result, true);
}

export async function job_getjid(jobd: JobdAddress, pid: number): Promise<Jid> {
  const at = REQUESTS.GETJID;
  const { message } = await jobctl(jobd, { name: "GETJID", fill: (request) => setInt(request, at.pid, pid) });
  return message.getBigUint64(at.result, true);
}

/** Resolves when the job ends, with the wait status of the last process to leave. */
export async function job_waitjid(jobd: JobdAddress, jid: Jid, signal?: AbortSignal): Promise<number> {
  const at = REQUESTS.WAITJID;
  const { message } = await jobctl(jobd, {
    name: "WAITJID",
    fill: (request) => setJid(request, at.jid, jid),
    ...(signal ? { signal } : {}),
  });
  return message.getInt32(at.stat, true);
}

export async function job_killjid(jobd: JobdAddress, jid: Jid, signal: number): Promise<void> {
  const at = REQUESTS.KILLJID;
  await jobctl(jobd, {
    name: "KILLJID",
    fill: (request) => {
      setJid(request, at.jid, jid);
      setInt(request, at.sig, signal);
    },
  });
}

export async function job_getjidcnt(jobd: JobdAddress): Promise<number> {
  const { message } = await jobctl(jobd, { name: "GETJIDCNT", fill: () => {} });
  return message.getInt32(REQUESTS.GETJIDCNT.result, true);
}

/** At most `capacity`. */
export async function job_getjidlist(jobd: JobdAddress, capacity: number): Promise<Jid[]> {
  const { list } = await jobctl(jobd, {
    name: "GETJIDLST",
    fill: (request) => setInt(request, REQUESTS.GETJIDLST.result, capacity),
    list: { capacity, stride: LIST_STRIDE },
  });
  return elements(list, LIST_STRIDE, (offset) => list.getBigUint64(offset, true));
}

export async function job_getpidcnt(jobd: JobdAddress, jid: Jid): Promise<number> {
  return intOf(jobd, "GETPIDCNT", jid);
}

/** At most `capacity`, the newest first. */
export async function job_getpidlist(jobd: JobdAddress, jid: Jid, capacity: number): Promise<number[]> {
  const at = REQUESTS.GETPIDLST;
  const { list } = await jobctl(jobd, {
    name: "GETPIDLST",
    fill: (request) => {
      setInt(request, at.result, capacity);
      setJid(request, at.jid, jid);
    },
    list: { capacity, stride: PID_LENGTH },
  });
  return elements(list, PID_LENGTH, (offset) => list.getInt32(offset, true));
}

/** The owner. */
export async function job_getuid(jobd: JobdAddress, jid: Jid): Promise<number> {
  return (await intOf(jobd, "GETUSER", jid)) >>> 0;
}

export async function job_getprimepid(jobd: JobdAddress, jid: Jid): Promise<number> {
  return intOf(jobd, "GETPRIMEPID", jid);
}

/** The HID that is in force. 0xffffffff disables jobs. */
export async function job_sethid(jobd: JobdAddress, hid: number): Promise<number> {
  const at = REQUESTS.SETHID;
  const { message } = await jobctl(jobd, {
    name: "SETHID",
    // unsigned long: the upper half stays 0.
    fill: (request) => setUint(request, at.hid, hid),
  });
  return Number(message.getBigUint64(at.result, true));
}

/** How many processes were let out. */
export async function job_detachjid(jobd: JobdAddress, jid: Jid): Promise<number> {
  return intOf(jobd, "DETACHJID", jid);
}

/** The job it was in. */
export async function job_detachpid(jobd: JobdAddress, pid: number): Promise<Jid> {
  const at = REQUESTS.DETACHPID;
  const { message } = await jobctl(jobd, { name: "DETACHPID", fill: (request) => setInt(request, at.pid, pid) });
  return message.getBigUint64(at.result, true);
}

export async function job_attachpid(jobd: JobdAddress, pid: number, jid: Jid): Promise<Jid> {
  const at = REQUESTS.ATTACHPID;
  const { message } = await jobctl(jobd, {
    name: "ATTACHPID",
    fill: (request) => {
      setJid(request, at.result, jid);
      setInt(request, at.pid, pid);
    },
  });
  return message.getBigUint64(at.result, true);
}

/** start or stop CSA accounting. False where it cannot be done, as always with muster's jobd. */
export async function job_runcsa(jobd: JobdAddress, run: "start" | "stop"): Promise<boolean> {
  const at = REQUESTS.RUNCSA;
  const { message } = await jobctl(jobd, {
    name: "RUNCSA",
    fill: (request) => request.setInt32(at.run, run === "start" ? 1 : 0, true),
  });
  return message.getInt32(at.result, true) === 0;
}

/** What does not fit is refused: cut to its width it would name another process or job. */
function setInt(request: DataView, offset: number, value: number): void {
  request.setInt32(offset, checkInteger(value, -MAXIMUM_INT - 1, MAXIMUM_INT, "jobctl", "int"), true);
}

function setUint(request: DataView, offset: number, value: number): void {
  request.setUint32(offset, checkInteger(value, 0, MAXIMUM_UINT, "jobctl", "unsigned int"), true);
}

function setJid(request: DataView, offset: number, jid: Jid): void {
  if (BigInt.asUintN(64, jid) !== jid) throw new SysError(ERRNO.EINVAL, "jobctl", `jid ${jid}`);
  request.setBigUint64(offset, jid, true);
}

/** pid_t. The list on the wire takes twice that, of which the second half means nothing. */
const PID_LENGTH = 4;

type OfOneJob = Extract<RequestName, "GETPIDCNT" | "GETUSER" | "GETPRIMEPID" | "DETACHJID">;

async function intOf(jobd: JobdAddress, name: OfOneJob, jid: Jid): Promise<number> {
  const at = REQUESTS[name];
  const { message } = await jobctl(jobd, { name, fill: (request) => setJid(request, at.jid, jid) });
  return message.getInt32(at.result, true);
}

function elements<Element>(list: DataView, stride: number, at: (offset: number) => Element): Element[] {
  return Array.from({ length: list.byteLength / stride }, (_, index) => at(index * stride));
}
