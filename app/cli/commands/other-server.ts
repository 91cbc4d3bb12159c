/** `--socket PATH`: another server of pmdaRoot is asked, pmdaroot(1) itself among others, by what its protocol has. */
import { resolve } from "node:path";
import { MusterError } from "#core/model/error.ts";
import { connectRoot, type RootClient } from "#core/pmdaroot/client.ts";
import type { Call } from "../context.ts";

/** Throws UNSUPPORTED with the reason; nothing without --socket. */
export function refuseSocket({ invocation: { command, options } }: Call): void {
  if (!options.has("socket")) return;
  const isContainer = command.name.startsWith("containers ");
  const hint = isContainer
    ? "it tells of a container that is named: 'muster containers pid NAME --socket PATH', hostname and cgroup too"
    : "it starts, terminates and waits: 'muster processes start LABEL --socket PATH -- CMD'";
  throw new MusterError("UNSUPPORTED", `${command.name} cannot be asked of another server: the protocol has no list`, {
    target: "--socket",
    hint,
  });
}

export const socketOf = ({ invocation: { options } }: Call): string | null => {
  const path = options.text("socket");
  return path === null ? null : resolve(path);
};

/** Throws PmdaRootError with the cause of a refused connect. */
export function connectTo({ clock }: Call, path: string): Promise<RootClient> {
  return connectRoot({ path, clock });
}
