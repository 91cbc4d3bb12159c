/** A local service on a directory of a test's own: pid files, state and configuration are all in there. */

import { systemClock } from "#app/cli/system-clock.ts";
import type { ActionId } from "#core/act/actions.ts";
import type { ActionRequest, ActionResult } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import { CONFIG_DEFAULTS } from "#core/model/config-defaults.ts";
import type { Daemon } from "#core/model/daemon.ts";
import type { Config, DaemonDeclaration } from "#core/model/declaration.ts";
import type { Environment } from "#core/model/environment.ts";
import type { MusterEvent } from "#core/model/event.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import { HOST_WORD } from "#core/pagg/host/main.ts";
import type { EnginePlaces } from "#core/pmdaroot/engines/places.ts";
import { type LocalService, openLocalService } from "#core/service/local.ts";
import type { InvokeOptions, Service } from "#core/service/service.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { MAIN } from "./cli.ts";
import { placesBelow } from "./containers.ts";
import type { TemporaryDirectory } from "./directory.ts";

export function declaration(
  name: string,
  directory: TemporaryDirectory,
  more: Partial<DaemonDeclaration> = {},
): DaemonDeclaration {
  return {
    name,
    description: null,
    pidFile: directory.file(`${name}.pid`),
    guardFile: directory.file(`${name}.lock`),
    command: ["sleep", "100"],
    daemonizes: false,
    user: null,
    group: null,
    directory: "/",
    environment: {},
    stopSignal: 15,
    stopDeadlineSeconds: 10,
    escalation: [],
    reloadSignal: 1,
    startDeadlineSeconds: 10,
    ...more,
  };
}

export class TestService implements AsyncDisposable {
  readonly service: Service;
  /** The same, with what only its own process can ask of it. */
  readonly local: LocalService;
  readonly config: Config;
  #requests = 0;

  private constructor(service: LocalService, config: Config) {
    this.config = config;
    this.service = service;
    this.local = service;
  }

  static async open(
    directory: TemporaryDirectory,
    daemons: readonly DaemonDeclaration[],
    more: {
      mode?: "once" | "watch";
      isReadOnly?: boolean;
      environment?: Partial<Environment>;
      config?: Partial<Config>;
      /** By default with mode watch, as `muster serve` does. */
      keepsSet?: boolean;
      /** By default places of the test's own that are empty. */
      enginePlaces?: EnginePlaces;
      log?: (text: string) => void;
      clock?: Clock;
    } = {},
  ): Promise<TestService> {
    const environment: Environment = {
      node: "n1",
      procRoot: "/proc",
      root: "",
      stateDirectory: directory.file("state"),
      runtimeDirectory: directory.file("run"),
      configFile: directory.file("muster.toml"),
      uid: process.getuid?.() ?? 0,
      variables: { PATH: "/usr/bin:/bin" },
      ...more.environment,
    };
    const config: Config = {
      ...CONFIG_DEFAULTS,
      discover: [directory.path],
      daemons,
      ...more.config,
    };
    const { mode = "once", isReadOnly = false, keepsSet = true } = more;
    const moduleHost = [process.execPath, MAIN, HOST_WORD];
    const { log = () => {}, enginePlaces = placesBelow(directory.file("engines")), clock = systemClock } = more;
    const options = { environment, clock, config, isReadOnly, mode, keepsSet, moduleHost, log, enginePlaces };
    return new TestService(await openLocalService(options), config);
  }

  daemon(name: string): Daemon | undefined {
    return this.service.snapshot().shelves.daemons.items.get(`n1/daemon/${name}`);
  }

  events(): readonly MusterEvent[] {
    return [...this.service.snapshot().shelves.events.items.values()];
  }

  /** The first snapshot that fits; the test's own time limit is the only other way out. */
  until(fits: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
    const now = this.service.snapshot();
    if (fits(now)) return Promise.resolve(now);
    return new Promise((resolve) => {
      const end = this.service.subscribe(KIND_NAMES, ({ snapshot }) => {
        if (!fits(snapshot)) return;
        end();
        resolve(snapshot);
      });
    });
  }

  untilState(name: string, state: Daemon["state"]): Promise<Snapshot> {
    return this.until((snapshot) => snapshot.shelves.daemons.items.get(`n1/daemon/${name}`)?.state === state);
  }

  untilEvent(code: string): Promise<MusterEvent> {
    const find = (snapshot: Snapshot) =>
      [...snapshot.shelves.events.items.values()].find((event) => event.code === code);
    return this.until((snapshot) => find(snapshot) !== undefined).then((snapshot) => {
      const event = find(snapshot);
      if (!event) throw new Error(`no ${code}`);
      return event;
    });
  }

  async invoke(
    action: ActionId,
    name: string,
    more: Partial<ActionRequest> & { identity?: string; options?: InvokeOptions } = {},
  ): Promise<ActionResult> {
    const { identity = null, options = {}, ...rest } = more;
    const request: ActionRequest = {
      action,
      targets: [{ id: `n1/daemon/${name}`, identity }],
      arguments: {},
      dryRun: false,
      requestId: `request-${++this.#requests}-${process.pid}`,
      via: "cli",
      ...rest,
    };
    const [result] = (await this.service.invoke(request, options)).results;
    if (!result) throw new Error("an action without a result");
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.close();
  }
}
