/** Everything together: the containers of this machine, the processes started here, and the socket at which both are asked for. */
import type { Clock } from "#core/model/clock.ts";
import { prepareHostNames } from "#ffi/host-name.ts";
import { prepareSpawn } from "#ffi/spawn.ts";
import type { AccessRules } from "./access.ts";
import { ContainerIndex } from "./container-index.ts";
import { watchEngines } from "./engines/all.ts";
import type { EnginePlaces } from "./engines/places.ts";
import type { ProcessRow } from "./process-row.ts";
import { ProcessTable } from "./process-table.ts";
import { openRootServer, type RootServer, type RootServerOptions } from "./server.ts";
import { agentDirectory } from "./socket-path.ts";

export interface EngineOptions {
  readonly places: EnginePlaces;
  readonly isLoose: boolean;
  readonly procRoot: string;
  /** For programs that are started. */
  readonly variables: Readonly<Record<string, string>>;
  /** Descriptors this process may have. */
  readonly descriptors: number;
  readonly clock: Clock;
  readonly log: (text: string) => void;
  /** A container came, changed, ended or went. */
  readonly onContainer?: (key: string) => void;
}

export interface RootOptions extends EngineOptions {
  readonly path: string;
  readonly access: AccessRules;
  /** Effective user of this process. */
  readonly uid: number;
  /** A process was started or has ended. */
  readonly onProcess?: (row: ProcessRow) => void;
}

export interface Root {
  readonly path: string;
  readonly index: ContainerIndex;
  readonly processes: ProcessTable;
  close(): void;
}

/** The containers of all engines there are, followed until it is disposed of. */
export function openEngines(options: EngineOptions): Disposable & { readonly index: ContainerIndex } {
  const { procRoot, isLoose, descriptors, clock, log, variables, onContainer } = options;
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
  stack.use(watchEngines(index, options.places, { env: variables, clock }));
  const everything = stack.move();
  return { index, [Symbol.dispose]: () => everything.dispose() };
}

/** The socket, for an index and a table that somebody else keeps. Throws MusterError: LOCK_HELD. */
export function serveRoot(
  options: Omit<RootServerOptions, "connections" | "agentDirectory">,
  variables: Readonly<Record<string, string>>,
  descriptors: number,
): RootServer {
  // Before anybody can ask, so that the first answer comes as fast as the others.
  prepareHostNames();
  prepareSpawn();
  const connections = Math.max(1, Math.floor(descriptors / 4));
  return openRootServer({ ...options, connections, agentDirectory: agentDirectory(variables) });
}

/** Throws MusterError: LOCK_HELD while another server listens there. */
export function openRoot(options: RootOptions): Root {
  const { clock, log, variables, onProcess } = options;
  using stack = new DisposableStack();
  const { index } = stack.use(openEngines(options));
  const processes = stack.use(new ProcessTable({ variables, clock, log, ...(onProcess && { onChange: onProcess }) }));
  const server = serveRoot({ ...options, index, processes }, variables, options.descriptors);
  const everything = stack.move();
  const close = () => {
    server.close();
    everything.dispose();
  };
  return { path: server.path, index, processes, close };
}
