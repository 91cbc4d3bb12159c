/** Where engines keep their state, by the variables and defaults of pmdaroot(1) where it knows the engine. */

export interface EnginePlaces {
  readonly dockerDirectory: string;
  readonly podmanDataDirectory: string;
  readonly podmanRunDirectory: string;
  readonly lxcDirectory: string;
  /** Command and first arguments; called with `-n NAME`. */
  readonly lxcInfo: readonly string[];
  /** One directory a namespace in it, one a container in those. */
  readonly containerdDirectory: string;
  readonly runcDirectories: readonly string[];
  readonly crunDirectories: readonly string[];
  readonly machinesDirectory: string;
  /** One directory a user who is there, by uid: his own engines are looked for from here. */
  readonly usersDirectory: string;
  /** Home of a user; null if there is no such user. */
  readonly homeOf: (uid: number) => string | null;
}

export function enginePlaces(
  variables: Readonly<Record<string, string | undefined>>,
  homeOf: EnginePlaces["homeOf"],
): EnginePlaces {
  const { PCP_DOCKER_DIR, PCP_PODMAN_DATADIR, PCP_PODMAN_RUNDIR, PCP_LXC_DIR, PCP_LXC_INFO } = variables;
  return {
    dockerDirectory: plain(PCP_DOCKER_DIR, "/var/lib/docker"),
    podmanDataDirectory: plain(PCP_PODMAN_DATADIR, "/var/lib/containers/storage/overlay-containers"),
    podmanRunDirectory: plain(PCP_PODMAN_RUNDIR, "/run/containers/storage/overlay-containers"),
    lxcDirectory: plain(PCP_LXC_DIR, "/var/lib/lxc"),
    lxcInfo: (PCP_LXC_INFO || "lxc-info").split(" ").filter((word) => word !== ""),
    containerdDirectory: "/run/containerd/io.containerd.runtime.v2.task",
    runcDirectories: ["/run/runc", "/run/docker/runtime-runc/moby"],
    crunDirectories: ["/run/crun"],
    machinesDirectory: "/run/systemd/machines",
    usersDirectory: "/run/user",
    homeOf,
  };
}

/** Without slashes at the end: directories are compared by their names. */
function plain(value: string | undefined, standard: string): string {
  return (value || standard).replace(/(?<=.)\/+$/, "");
}
