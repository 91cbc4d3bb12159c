/** Ids and capabilities of a process: proc_pid_status(5), namespaces(7). */
import { readProcText } from "./proc-file.ts";
import { SysError } from "./sys-error.ts";

export interface ProcessCredentials {
  /** Real, effective, saved, file system. */
  readonly uids: readonly number[];
  /** One bit each, by the numbers of capabilities(7). */
  readonly effectiveCapabilities: bigint;
}

/** null when the process is gone or its status is not readable. */
export function readProcessCredentials(procRoot: string, pid: number): ProcessCredentials | null {
  const text = readQuietly(`${procRoot}/${pid}/status`);
  const uids = /^Uid:((?:\t\d+){4})$/m.exec(text ?? "")?.[1];
  const capabilities = /^CapEff:\t([0-9a-f]+)$/m.exec(text ?? "")?.[1];
  if (uids === undefined || capabilities === undefined) return null;
  return { uids: uids.trim().split("\t").map(Number), effectiveCapabilities: BigInt(`0x${capabilities}`) };
}

/** Name of the user namespace, such as `user:[4026531837]`; null when we may not know it: then it is not ours. */
export function userNamespaceOf(procRoot: string, pid: number | "self"): string | null {
  try {
    return process.getBuiltinModule("node:fs").readlinkSync(`${procRoot}/${pid}/ns/user`);
  } catch {
    return null;
  }
}

function readQuietly(path: string): string | null {
  try {
    return readProcText(path);
  } catch (thrown) {
    if (thrown instanceof SysError) return null;
    throw thrown;
  }
}
