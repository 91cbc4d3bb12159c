/**
 * Containers and privileged processes in the service: one index of the engines' containers for whoever looks and for PCP,
 * one table of processes, and, if the configuration wants it, the socket at which PCP asks.
 */
import type { NewEvent } from "#core/journal/journal.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { errorRecord, toMusterError } from "#core/model/error.ts";
import type { PmdaRootSettings } from "#core/model/pmdaroot-settings.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { accessRules } from "#core/pmdaroot/access.ts";
import type { ContainerIndex } from "#core/pmdaroot/container-index.ts";
import { type EnginePlaces, enginePlaces } from "#core/pmdaroot/engines/places.ts";
import { openEngines, serveRoot } from "#core/pmdaroot/open-root.ts";
import type { RootServer } from "#core/pmdaroot/server.ts";
import { defaultSocketPath, pcpUserName } from "#core/pmdaroot/socket-path.ts";
import { lookupUser } from "#ffi/accounts.ts";
import { openFileLimit } from "#ffi/sysconf.ts";
import { type KeptProcess, viewProcesses } from "./kept-process-list.ts";
import { KeptProcesses } from "./kept-processes.ts";
import { ContainerObserver } from "./observe/containers.ts";
import { Lull } from "./observe/lull.ts";
import { endText, PrivilegedObserver } from "./observe/privileged.ts";
import { processId } from "./pmdaroot-id.ts";

export interface PmdaRootOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly settings: PmdaRootSettings;
  /** This process lasts: processes can belong to it, and it may serve PCP. */
  readonly keeps: boolean;
  readonly isReadOnly: () => boolean;
  /** By default where PCP's variables say. */
  readonly places?: EnginePlaces;
  readonly publish: (...events: readonly SourceEvent[]) => void;
  readonly record: (events: readonly Omit<NewEvent, "atMs">[]) => void;
  readonly log: (text: string) => void;
}

/** What actions act on. */
export interface PmdaRootContext {
  readonly node: string;
  readonly procRoot: string;
  /** null: this process keeps none. */
  readonly kept: KeptProcesses | null;
  readonly find: (identity: string) => KeptProcess | null;
}

const EVENT_LULL_MS = 20;
/** Descriptors beside those of the service's other parts. */
const SHARE = 4;

export class PmdaRoot {
  readonly #options: PmdaRootOptions;
  readonly #containers: ContainerObserver;
  readonly #processes: PrivilegedObserver;
  /** Of processes, not yet in the journal: of a storm of them many are written at once. */
  #events: Omit<NewEvent, "atMs">[] = [];
  readonly #eventLull: Lull;
  #settings: PmdaRootSettings;
  #engines: (Disposable & { readonly index: ContainerIndex }) | null = null;
  #kept: KeptProcesses | null = null;
  #server: RootServer | null = null;
  /** With what it was opened, or tried to. */
  #served = "";

  constructor(options: PmdaRootOptions) {
    const { environment, clock, publish, record, settings } = options;
    this.#options = options;
    this.#settings = settings;
    this.#containers = new ContainerObserver({ environment, clock, publish, record: this.#isKeeper ? record : null });
    this.#processes = new PrivilegedObserver({ environment, clock, publish });
    this.#eventLull = new Lull(clock, EVENT_LULL_MS, () => this.#recordEvents());
  }

  get context(): PmdaRootContext {
    const { environment, clock } = this.#options;
    const { node, procRoot } = environment;
    const view = () => viewProcesses({ ...environment, onProblem: () => {} }, clock.wallMs());
    return {
      node,
      procRoot,
      kept: this.#kept,
      find: (identity) =>
        this.#kept ? this.#kept.get(identity) : (view().find((each) => each.identity === identity) ?? null),
    };
  }

  /** Never throws: what cannot be had is told on its shelf. */
  async open(follows: boolean): Promise<void> {
    const { environment, publish } = this.#options;
    // Another tree has processes of its own.
    if (environment.root !== "") {
      publish({ src: "containers", op: "reset", items: [] }, { src: "processes", op: "reset", items: [] });
      return;
    }
    if (this.#isKeeper) this.#keep();
    this.#processes.open(this.#kept === null ? null : () => this.#kept?.list() ?? [], follows);
    try {
      this.#engines = this.#openEngines();
      await this.#containers.open(this.#engines.index, follows);
    } catch (thrown) {
      publish({ src: "containers", op: "unavailable", error: errorRecord(toMusterError(thrown)) });
    }
    this.#applyServing();
  }

  applySettings(settings: PmdaRootSettings): void {
    this.#settings = settings;
    this.#engines?.index.setLoose(settings.match === "pcp");
    this.#applyServing();
  }

  attend(ids: readonly string[]): void {
    this.#containers.attend(ids);
    this.#processes.attend(ids);
  }

  async refresh(): Promise<void> {
    if (this.#options.environment.root !== "") return;
    this.#processes.refresh();
    await this.#containers.refresh();
  }

  /** Processes run on. */
  close(): void {
    this.#server?.close();
    this.#containers.close();
    this.#processes.close();
    this.#engines?.[Symbol.dispose]();
    this.#kept?.[Symbol.dispose]();
    this.#eventLull.close();
    this.#recordEvents();
  }

  #recordEvents(): boolean {
    const events = this.#events;
    this.#events = [];
    if (events.length > 0) this.#options.record(events);
    return true;
  }

  get #isKeeper(): boolean {
    return this.#options.keeps && this.#options.environment.root === "";
  }

  #openEngines() {
    const { environment, clock, log } = this.#options;
    const { variables, procRoot } = environment;
    const places = this.#options.places ?? enginePlaces(variables, (uid) => lookupUser(uid)?.home ?? null);
    return openEngines({
      places,
      isLoose: this.#settings.match === "pcp",
      procRoot,
      variables,
      descriptors: Math.floor(openFileLimit() / SHARE),
      clock,
      log: (text) => {
        log(text);
        this.#containers.problem(text);
      },
      onContainer: (key) => this.#containers.touch(key),
    });
  }

  #keep(): void {
    const { environment, clock, log, record } = this.#options;
    const { stateDirectory, procRoot, variables, uid } = environment;
    this.#kept = new KeptProcesses({
      stateDirectory,
      procRoot,
      clock,
      uid,
      variables,
      log,
      onChange: (now, before) => {
        this.#processes.changed(now);
        const event = this.#eventOf(now, before);
        if (!event) return;
        this.#events.push(event);
        this.#eventLull.ask();
      },
      onForgotten: (identity) => this.#processes.forgotten(identity),
      onProblem: (message) => {
        this.#processes.problem(message);
        record([{ severity: "warn", code: "SOURCE_FAILED", target: null, message }]);
      },
    });
    this.#kept.restore();
  }

  #eventOf(now: KeptProcess, before: KeptProcess | null): Omit<NewEvent, "atMs"> | null {
    const { identity, row } = now;
    const target = processId(this.#options.environment.node, identity);
    const who = `process ${row.pid} (${row.label})`;
    if (row.endedAtMs !== null && (before === null || before.row.endedAtMs === null)) {
      const severity = row.status === 0 ? "info" : "warn";
      return { severity, code: "PROCESS_EXITED", target, message: `${who} has ended: ${endText(row.status)}` };
    }
    if (before !== null) return null;
    const message = `${who} was started for uid ${row.starter.uid}: ${row.commandLine}`;
    return { severity: "info", code: "PROCESS_STARTED", target, message };
  }

  /** One server with one index: whatever cannot be served is said, and the service goes on. */
  #applyServing(): void {
    const { environment, log, record } = this.#options;
    const { serve, socket, allow, allowStart } = this.#settings;
    const wanted = this.#isKeeper && serve ? JSON.stringify([socket, allow, allowStart]) : "";
    if (wanted === this.#served) return;
    this.#server?.close();
    this.#server = null;
    this.#served = wanted;
    if (wanted === "" || this.#engines === null || this.#kept === null) return;
    const tell = (message: string) => {
      log(message);
      record([{ severity: "warn", code: "SOURCE_FAILED", target: null, message }]);
    };
    try {
      this.#server = this.#serve(this.#engines.index, this.#kept, tell);
      log(`PCP is answered at ${this.#server.path}`);
    } catch (thrown) {
      tell(`PCP is not answered: ${toMusterError(thrown, socket ?? environment.runtimeDirectory).message}`);
    }
  }

  #serve(index: ContainerIndex, kept: KeptProcesses, tell: (message: string) => void): RootServer {
    const { environment, clock, log, isReadOnly } = this.#options;
    const { variables, uid, procRoot } = environment;
    const { socket, allow, allowStart } = this.#settings;
    const words = { allow, allowStart, pcpUser: pcpUserName(variables), uid, isReadOnly };
    const access = accessRules(words, (word, list) => {
      tell(
        `pmdaroot.${list === "allow" ? "allow" : "allow_start"}: there is no user '${word}': nobody is let in for it`,
      );
    });
    const path = socket ?? defaultSocketPath(variables);
    const descriptors = Math.floor(openFileLimit() / SHARE);
    const server = { path, access, uid, procRoot, clock, log, index, processes: kept.table };
    return serveRoot(server, variables, descriptors);
  }
}
