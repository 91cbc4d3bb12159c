/** How GEOPM finds the files of an endpoint by its name (geopm_endpoint(3)), and what surprises people about it. */
import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { type Layout, POLICY_SUFFIX, SAMPLE_SUFFIX } from "./layout.ts";

/** Where this process stands, for names that depend on it. */
export interface NameHost {
  /** The real uid. */
  readonly uid: number;
  readonly cwd: string;
  /** `/dev/shm` */
  readonly shmRoot: string;
  /** `/run/user` */
  readonly runtimeRoot: string;
}

/**
 * path: an absolute path, the same for everyone. userKey: `/name`, whose place depends on the uid. relative: a file in the
 * current directory. shmKey: of the old layout, always in /dev/shm.
 */
export type NameKind = "path" | "userKey" | "relative" | "shmKey";

export interface EndpointPlace {
  readonly name: string;
  readonly kind: NameKind;
  readonly policyPath: string;
  readonly samplePath: string;
  /** What may surprise: null for names that mean the same to everyone. */
  readonly trap: string | null;
}

export function resolveEndpoint(name: string, host: NameHost, layout: Layout["name"] = "current"): EndpointPlace {
  const kind = kindOf(name, layout);
  const pathOf = (suffix: string): string => {
    const key = `${name}${suffix}`;
    if (kind === "userKey") return `${userDirectory(host)}${key}`;
    if (kind === "shmKey") return join(host.shmRoot, key);
    return isAbsolute(key) ? key : join(host.cwd, key);
  };
  const policyPath = pathOf(POLICY_SUFFIX);
  return { name, kind, policyPath, samplePath: pathOf(SAMPLE_SUFFIX), trap: trapOf(name, kind, policyPath, host) };
}

function kindOf(name: string, layout: Layout["name"]): NameKind {
  const slash = name.lastIndexOf("/");
  // shm_open(3) made the old ones: with or without a slash in front, but with none inside.
  if (layout === "old" && slash <= 0) return "shmKey";
  if (slash === 0) return "userKey";
  return isAbsolute(name) ? "path" : "relative";
}

function userDirectory({ uid, shmRoot, runtimeRoot }: NameHost): string {
  const runtime = join(runtimeRoot, String(uid));
  return existsSync(runtime) ? runtime : shmRoot;
}

function trapOf(name: string, kind: NameKind, policyPath: string, host: NameHost): string | null {
  if (kind === "relative") {
    return (
      `"${name}" has no slash in front, so GEOPM takes it for a file in the current directory (${policyPath}): ` +
      `a controller finds it only if it runs there. ${shareAs(name, host)}`
    );
  }
  if (kind === "userKey") {
    return (
      `"${name}" depends on the user: here it is ${policyPath} (uid ${host.uid}), and a controller of another user ` +
      `may look in ${join(host.runtimeRoot, "UID")} or in ${host.shmRoot} instead. ${shareAs(name, host)}`
    );
  }
  return null;
}

function shareAs(name: string, { shmRoot }: NameHost): string {
  return `An absolute path such as ${join(shmRoot, name.slice(name.lastIndexOf("/") + 1) || "endpoint")} is the same for everyone.`;
}
