/** The two regions of an endpoint, opened and ended together, and that this process owns them. */
import { rmSync } from "node:fs";
import { GeopmError, toGeopmError } from "./errors.ts";
import { AGENT, type Layout } from "./layout.ts";
import type { EndpointPlace } from "./names.ts";
import { holdOwnership, type Ownership } from "./ownership.ts";
import { Region, type RegionOptions } from "./region.ts";

/**
 * create: 17 when there is one. takeOver: what is there becomes ours, as it is while a controller is attached, wiped when
 * none is; what is missing is made. join: somebody else's, left as it is, also by `close`.
 */
export type OpenMode = "create" | "takeOver" | "join";

export class EndpointRegions {
  readonly policy: Region;
  readonly sample: Region;
  /** null: joined. */
  readonly #ownership: Ownership | null;

  private constructor(policy: Region, sample: Region, ownership: Ownership | null) {
    this.policy = policy;
    this.sample = sample;
    this.#ownership = ownership;
  }

  /** `layout` is that of what is made; beside a region that is there it is that one's. Nothing is left behind when it fails. */
  static open(
    { policyPath, samplePath }: EndpointPlace,
    mode: OpenMode,
    layout: Layout,
    options: RegionOptions,
  ): EndpointRegions {
    const opened: Region[] = [];
    const made: Region[] = [];
    let ownership: Ownership | null = null;
    const create = (path: string, regionLayout: Layout): Region => {
      const region = Region.create(path, regionLayout, options);
      made.push(region);
      return region;
    };
    const open = (path: string, regionLayout: Layout): Region => {
      const found = mode === "create" ? null : attach(path, mode, options);
      const region = found ?? create(path, regionLayout);
      opened.push(region);
      return region;
    };
    try {
      const policy = open(policyPath, layout);
      if (mode !== "join") ownership = holdOwnership(policyPath);
      const sample = open(samplePath, policy.layout);
      const regions = new EndpointRegions(policy, sample, ownership);
      if (mode === "takeOver" && sample.isEmpty(AGENT)) regions.wipe();
      return regions;
    } catch (thrown) {
      // The real library leaves the first file behind when the second cannot be made.
      for (const region of made) rmSync(region.path, { force: true });
      for (const region of opened) region.close();
      ownership?.release();
      throw thrown;
    }
  }

  wipe(): void {
    for (const region of [this.policy, this.sample]) {
      region.enter();
      region.wipe();
      region.leave();
    }
  }

  /** Only files that are ours go, and not those that others have put in their place. */
  close(files: "removed" | "left"): void {
    let failure: GeopmError | null = null;
    for (const region of [this.policy, this.sample]) {
      try {
        const isRemoved = files === "removed" && this.#ownership !== null && region.isAtPath();
        if (isRemoved) rmSync(region.path, { force: true });
      } catch (thrown) {
        // It stays then; the other one goes all the same, and neither is ours any more.
        failure ??= toGeopmError(thrown, region.path);
      }
      region.close();
    }
    this.#ownership?.release();
    if (failure) throw failure;
  }
}

/** null: there is none, and it may be made. */
function attach(path: string, mode: "takeOver" | "join", options: RegionOptions): Region | null {
  try {
    return Region.attach(path, options);
  } catch (thrown) {
    const isMissing = thrown instanceof GeopmError && thrown.number === 2;
    if (mode === "takeOver" && isMissing) return null;
    throw thrown;
  }
}
