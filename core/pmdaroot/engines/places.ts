/** Where engines keep their state, by the variables and defaults of pmdaroot(1) where it knows the engine. */
import type { ContainerEngine } from "#core/model/container.ts";

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

/** The directories that say that an engine is there. */
export function engineDirectories(
  places: EnginePlaces,
): readonly { readonly engine: ContainerEngine; readonly directory: string }[] {
  return [
    { engine: "docker", directory: places.dockerDirectory },
    { engine: "podman", directory: places.podmanDataDirectory },
    { engine: "lxc", directory: places.lxcDirectory },
    { engine: "nspawn", directory: places.machinesDirectory },
    { engine: "cri", directory: places.containerdDirectory },
    ...places.crunDirectories.map((directory) => ({ engine: "crun", directory }) as const),
    ...places.runcDirectories.map((directory) => ({ engine: "runc", directory }) as const),
  ];
}

/** Without slashes at the end: directories are compared by their names. */
function plain(value: string | undefined, standard: string): string {
  return (value || standard).replace(/(?<=.)\/+$/, "");
}
