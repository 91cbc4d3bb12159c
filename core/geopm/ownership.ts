/** One owner at a time among muster's processes: flock(2) on the policy region, which GEOPM does not look at. */
import { OPEN, openFd } from "#ffi/fd.ts";
import { tryLock } from "#ffi/flock.ts";
import { geopmError, toGeopmError } from "./errors.ts";

export interface Ownership {
  release(): void;
}

/** 16 when another process owns it. It ends with this process at the latest. */
export function holdOwnership(policyPath: string): Ownership {
  try {
    const fd = openFd(policyPath, OPEN.READ_ONLY | OPEN.NONBLOCK);
    try {
      if (tryLock(fd, "exclusive")) return { release: () => fd.close() };
    } catch (thrown) {
      fd.close();
      throw thrown;
    }
    fd.close();
    const hint = "it is in use; end that process first";
    throw geopmError(16, `another process of muster owns ${policyPath}`, { code: "LOCK_HELD", errno: "EBUSY", hint });
  } catch (thrown) {
    throw toGeopmError(thrown, policyPath);
  }
}
