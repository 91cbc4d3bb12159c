/** The engines of users, who run them without root's rights: looked for as long as a user has a directory in /run/user. */
import { join } from "node:path";
import type { EngineHost } from "../container-index.ts";
import { EntryDirectory } from "../entry-directory.ts";
import { UserState } from "../user-state.ts";
import { watchOci } from "./oci.ts";
import type { EnginePlaces } from "./places.ts";
import { watchPodman } from "./podman.ts";

/** vfs is what is left to a user where the kernel lets him mount nothing. */
const STORAGE_DRIVERS = ["overlay", "vfs"] as const;

export function watchUsers(
  host: EngineHost,
  { usersDirectory, homeOf }: Pick<EnginePlaces, "usersDirectory" | "homeOf">,
): Disposable {
  const users = new Map<string, Disposable>();
  const homeOrNone = (owner: number) => {
    try {
      return homeOf(owner);
    } catch (thrown) {
      host.onProblem(`the home of uid ${owner} is not known: ${thrown instanceof Error ? thrown.message : thrown}`);
      return null;
    }
  };
  const forget = (name: string) => {
    users.get(name)?.[Symbol.dispose]();
    users.delete(name);
  };
  const directory = new EntryDirectory({
    tree: host.tree,
    directory: usersDirectory,
    inner: [],
    // Root's own are the system's.
    isEntry: (name) => /^[1-9][0-9]{0,9}$/.test(name),
    onEntry: (name) => {
      const owner = Number(name);
      const home = users.has(name) ? null : homeOrNone(owner);
      if (home !== null) users.set(name, watchUser(host, join(usersDirectory, name), home, owner));
    },
    onGone: forget,
  });
  return {
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

function watchUser(host: EngineHost, runDirectory: string, home: string, owner: number): Disposable {
  const watches = new DisposableStack();
  const source = watches.use(new UserState(owner, host.leftOut));
  for (const driver of STORAGE_DRIVERS) {
    watches.use(
      watchPodman(host, {
        dataDirectory: join(home, `.local/share/containers/storage/${driver}-containers`),
        runDirectory: join(runDirectory, `containers/${driver}-containers`),
        source,
      }),
    );
  }
  for (const runtime of ["runc", "crun"] as const) {
    watches.use(watchOci(host, { runtime, directory: join(runDirectory, runtime), source }));
  }
  return watches;
}
