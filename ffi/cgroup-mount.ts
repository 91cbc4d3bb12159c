/** Where cgroups are mounted, and in which version: cgroups(7), proc_pid_mountinfo(5). */

export interface CgroupMounts {
  readonly version: "v1" | "v2" | "hybrid" | null;
  /** Where the v2 hierarchy is mounted. */
  readonly v2Mount: string | null;
}

/** From the text of /proc/self/mountinfo. */
export function parseCgroupMounts(mountinfo: string): CgroupMounts {
  const mounts = mountinfo.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ", 2);
    const [type] = after.split(" ");
    const path = before.split(" ")[4];
    return path !== undefined && (type === "cgroup" || type === "cgroup2") ? [{ type, path: unescapePath(path) }] : [];
  });
  const v2Mount = mounts.find(({ type }) => type === "cgroup2")?.path ?? null;
  const hasV1 = mounts.some(({ type }) => type === "cgroup");
  if (v2Mount !== null) return { version: hasV1 ? "hybrid" : "v2", v2Mount };
  return { version: hasV1 ? "v1" : null, v2Mount };
}

/** Controller of version 1 -> where its hierarchy is mounted; a named one by `name=NAME`. */
export function parseControllerMounts(mountinfo: string): ReadonlyMap<string, string> {
  const mounts = new Map<string, string>();
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ", 2);
    const [type, , options = ""] = after.split(" ");
    const path = before.split(" ")[4];
    if (type !== "cgroup" || path === undefined) continue;
    for (const option of options.split(",")) if (!mounts.has(option)) mounts.set(option, unescapePath(path));
  }
  return mounts;
}

/** Blanks, line feeds and backslashes are octal there: `\040`. */
function unescapePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Our own group in the v2 hierarchy, from the text of /proc/self/cgroup: `0::/user.slice`. */
export function parseOwnCgroup(text: string): string | null {
  return /^0::(\/.*)$/m.exec(text)?.[1] ?? null;
}
