/** Tells two configurations apart: whether the service that runs has the one that is in the files now. */
import type { Config } from "#core/model/declaration.ts";

export function configDigest(config: Config): string {
  return Bun.hash(JSON.stringify(config)).toString(16).padStart(16, "0");
}
