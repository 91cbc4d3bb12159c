/** What a path leads to; null for what is not there or may not be looked at, such as another user's home behind NFS. */
import { type BigIntStats, lstatSync, statSync } from "node:fs";
import { errnoName } from "#core/model/error.ts";

export function statPath(path: string): BigIntStats | null {
  return orNull(() => statSync(path, { bigint: true }));
}

/** The entry itself, even if it is a link that leads nowhere. */
export function statEntry(path: string): BigIntStats | null {
  return orNull(() => lstatSync(path, { bigint: true }));
}

function orNull(look: () => BigIntStats): BigIntStats | null {
  try {
    return look();
  } catch (thrown) {
    if (errnoName(thrown) === null) throw thrown;
    return null;
  }
}
