/** Where the service has its files, and the directory for them: others may look into root's, into a user's nobody. */
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "#core/model/environment.ts";
import { MusterError } from "#core/model/error.ts";
import { SOCKET_NAME } from "#core/service/rpc/codes.ts";

export interface ServicePlace {
  readonly pidFile: string;
  readonly guardFile: string;
  readonly socket: string;
}

export function servicePlace({ runtimeDirectory }: Pick<Environment, "runtimeDirectory">): ServicePlace {
  const file = (name: string) => join(runtimeDirectory, name);
  return { pidFile: file("muster.pid"), guardFile: file("muster.lock"), socket: file(SOCKET_NAME) };
}

/** Throws PERMISSION_DENIED if the runtime directory is another user's: he could put his own socket there. */
export function makeServicePlace(environment: Environment): ServicePlace {
  const { runtimeDirectory, stateDirectory, uid } = environment;
  const mode = uid === 0 ? 0o755 : 0o700;
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  mkdirSync(runtimeDirectory, { recursive: true, mode });
  const status = statSync(runtimeDirectory);
  if (status.uid !== uid) {
    throw new MusterError("PERMISSION_DENIED", `${runtimeDirectory} belongs to uid ${status.uid}, not to ${uid}`, {
      target: runtimeDirectory,
      hint: "remove it, or set MUSTER_RUNTIME_DIR to a directory of your own",
    });
  }
  if ((status.mode & 0o777) !== mode) chmodSync(runtimeDirectory, mode);
  return servicePlace(environment);
}
