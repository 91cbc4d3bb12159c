/** Every engine, each in its file. What is not installed is waited for: its directories may come. */
import type { EngineHost } from "../container-index.ts";
import { SYSTEM_STATE } from "../state-file.ts";
import { watchContainerd } from "./cri.ts";
import { watchDocker } from "./docker.ts";
import { type LxcCommandOptions, watchLxc } from "./lxc.ts";
import { watchMachines } from "./nspawn.ts";
import { watchOci } from "./oci.ts";
import type { EnginePlaces } from "./places.ts";
import { watchPodman } from "./podman.ts";
import { watchUsers } from "./users.ts";

/** In the order of pmdaroot(1) where it knows the engine: its loose matching takes the first that fits. */
export function watchEngines(host: EngineHost, places: EnginePlaces, options: LxcCommandOptions): Disposable {
  const { podmanDataDirectory: dataDirectory, podmanRunDirectory: runDirectory } = places;
  const watches = new DisposableStack();
  watches.use(watchPodman(host, { dataDirectory, runDirectory, source: SYSTEM_STATE }));
  watches.use(watchDocker(host, places.dockerDirectory));
  watches.use(watchLxc(host, places, options));
  watches.use(watchContainerd(host, places.containerdDirectory));
  watches.use(watchMachines(host, places.machinesDirectory));
  for (const directory of places.crunDirectories)
    watches.use(watchOci(host, { runtime: "crun", directory, source: SYSTEM_STATE }));
  for (const directory of places.runcDirectories)
    watches.use(watchOci(host, { runtime: "runc", directory, source: SYSTEM_STATE }));
  watches.use(watchUsers(host, places));
  return watches;
}
