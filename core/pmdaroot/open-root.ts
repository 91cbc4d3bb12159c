/** Everything together: the containers of this machine, the processes started here, and the socket at which both are asked for. */
import type { Clock } from "#core/model/clock.ts";
import { prepareHostNames } from "#ffi/host-name.ts";
import { prepareSpawn } from "#ffi/spawn.ts";
import type { AccessRules } from "./access.ts";
import { ContainerIndex } from "./container-index.ts";
import { watchEngines } from "./engines/all.ts";
import type { EnginePlaces } from "./engines/places.ts";
import { type ProcessRow, ProcessTable } from "./process-table.ts";
import { openRootServer } from "./server.ts";

export interface RootOptions {
  readonly path: string;
  readonly places: EnginePlaces;
  readonly access: AccessRules;
  readonly isLoose: boolean;
  readonly procRoot: string;
  /** Effective user of this process. */
  readonly uid: number;
  /** For programs that are started. */
  readonly variables: Readonly<Record<string, string>>;
  /** Descriptors this process may have. */
  readonly descriptors: number;
  readonly clock: Clock;
  readonly log: (text: string) => void;
  /** A container came, changed, ended or went. */
  readonly onContainer?: (key: string) => void;
  /** A process was started or has ended. */
  readonly onProcess?: (row: ProcessRow) => void;
}

export interface Root {
  readonly path: string;
  readonly index: ContainerIndex;
  readonly processes: ProcessTable;
  close(): void;
}

/** Throws MusterError: LOCK_HELD while another server listens there. */
export function openRoot(options: RootOptions): Root {
  const { procRoot, isLoose, descriptors, clock, log, variables, onContainer, onProcess } = options;
  using stack = new DisposableStack();
  const index = stack.use(
    new ContainerIndex({
      procRoot,
      isLoose,
      mostHeld: Math.floor(descriptors / 4),
      onProblem: log,
      ...(onContainer && { onChange: onContainer }),
    }),
  );
  stack.use(watchEngines(index, options.places, { env: variables, wallMs: () => clock.wallMs() }));
  const processes = stack.use(new ProcessTable({ variables, clock, log, ...(onProcess && { onChange: onProcess }) }));
  // Before anybody can ask, so that the first answer comes as fast as the others.
  prepareHostNames();
  prepareSpawn();
  const connections = Math.max(1, Math.floor(descriptors / 4));
  const server = openRootServer({ ...options, connections, index, processes });
  const everything = stack.move();
  const close = () => {
    server.close();
    everything.dispose();
  };
  return { path: server.path, index, processes, close };
}
