/** `members run CATEGORY -- CMD`. */
import { MusterError } from "#core/model/error.ts";
import type { Call } from "../context.ts";

export async function runMember(_call: Call): Promise<number> {
  throw new MusterError("UNSUPPORTED", "members run is not there yet");
}
