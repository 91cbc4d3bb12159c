/** Imported, not read: the executable carries it. */
import manifest from "../../package.json" with { type: "json" };

export const MUSTER_VERSION: string = manifest.version;
