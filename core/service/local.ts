/** The service in this very process: observers below, handlers beside, one publisher in the middle. */

import { readFileSync } from "node:fs";
import { type ActionId, actionById } from "#core/act/actions.ts";
import { errorResult } from "#core/act/error-result.ts";
import type { ActionReport, ActionRequest, ActionResult } from "#core/act/request.ts";
import { FileWatch } from "#core/keep/file-watch.ts";
import type { Config } from "#core/model/declaration.ts";
import { errorRecord, MusterError, toMusterError } from "#core/model/error.ts";
import type { EventCode, Severity } from "#core/model/event.ts";
import { KIND_NAMES, type Kind } from "#core/model/kind-names.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { Audit } from "./audit.ts";
import { isOwn } from "./caller.ts";
import { Chronicle } from "./chronicle.ts";
import { isDaemonRequest } from "./handle/daemon-orders.ts";
import { DaemonHandler } from "./handle/daemons.ts";
import { PaggHandler } from "./handle/pagg.ts";
import { isPaggRequest } from "./handle/pagg-order.ts";
import { PmdaRootHandler } from "./handle/pmdaroot.ts";
import { isPmdaRootRequest } from "./handle/pmdaroot-orders.ts";
import { PowerHandler } from "./handle/power.ts";
import { isPowerRequest } from "./handle/power-request.ts";
import { PsmHandler } from "./handle/psm.ts";
import { isPsmRequest } from "./handle/psm-orders.ts";
import { DaemonObserver } from "./observe/daemons.ts";
import { PaggObserver } from "./observe/pagg.ts";
import { PsmObserver } from "./observe/psm.ts";
import type { LocalServiceOptions } from "./options.ts";
import { Pace } from "./pace.ts";
import type { PmdaRoot } from "./pmdaroot.ts";
import type { Power } from "./power.ts";
import { authorize } from "./privilege.ts";
import { Publisher } from "./publisher.ts";
import type { InvokeOptions, Service } from "./service.ts";
import { Turns } from "./turns.ts";

/** Targets that are acted on at once. */
const PARALLEL_TARGETS = 8;
/** Events of one daemon in which its last change of state is looked for. */
const PAST = 50;

export interface LocalService extends Service {
  /** Everything has been read once, and is followed. */
  readonly ready: Promise<void>;
  /**
   * Puts another configuration in force. read_only refuses what is asked for from now on; what is under way goes on, and so does
   * what the service keeps. One that began read-only keeps nothing and stays so.
   */
  reload(config: Config): Promise<void>;
  /** Says something of the service itself, for whoever looks and for the journal. */
  note(severity: Severity, code: EventCode, message: string): void;
}

export async function openLocalService(options: LocalServiceOptions): Promise<LocalService> {
  const { environment, clock, mode } = options;
  let { config } = options;
  /** Then nothing is kept, and nothing written: only the next start can make up for that. */
  const beganReadOnly = options.isReadOnly || config.readOnly;
  const isReadOnly = () => beganReadOnly || config.readOnly;
  const publisher = new Publisher(environment.node, clock);
  const chronicle = new Chronicle({
    environment,
    clock,
    isReadOnly: beganReadOnly,
    publish: (event) => publisher.publish(event),
  });
  const audit = new Audit(chronicle);
  const turns = new Turns(clock);
  const pace = new Pace(clock);
  const wanted = new Map<string, "up" | "down">();
  const children = new Set<number>();
  const openFiles = openFileLimit();
  const observer = new DaemonObserver({
    environment,
    clock,
    get config() {
      return config;
    },
    publish: (...events) => publisher.publish(...events),
    record: (event) => {
      chronicle.record(event);
    },
    wantedOf: (id) => wanted.get(id) ?? null,
    pastOf: (id) => chronicle.read({ target: id, limit: PAST }),
    takeChild: (pid) => children.delete(pid),
    pidfdLimit: Math.floor(openFiles / 4),
  });
  const psm = new PsmObserver({
    environment,
    clock,
    settings: config.psm,
    keeps: mode === "watch" && options.keepsSet === true && !beganReadOnly,
    publish: (...events) => publisher.publish(...events),
    record: (events) => {
      chronicle.recordAll(events);
    },
    // The rest is for the sockets of clients, and for whatever else a process needs.
    pidfdLimit: Math.floor(openFiles / 2),
  });
  const pagg = new PaggObserver({
    environment,
    clock,
    pagg: config.pagg,
    jobs: config.jobs,
    keeps: mode === "watch" && options.keepsSet === true && !beganReadOnly,
    isReadOnly,
    audit,
    moduleHost: options.moduleHost ?? [],
    publish: (...events) => publisher.publish(...events),
    log: options.log ?? (() => {}),
    record: (events) => {
      chronicle.recordAll(events);
    },
  });
  // Loaded only for those who ask for it: it takes longer than all that most commands need.
  let power: Promise<Power> | null = null;
  let attended: readonly string[] = [];
  const openPower = (): Promise<Power> => {
    power ??= import("./power.ts").then(async ({ Power }) => {
      const made = new Power({
        environment,
        clock,
        settings: config.geopm,
        keeps: mode === "watch" && options.keepsSet === true && !beganReadOnly,
        publish: (...events) => publisher.publish(...events),
        record: (events) => {
          chronicle.recordAll(events);
        },
      });
      await made.open(mode === "watch");
      made.attend(attended);
      return made;
    });
    return power;
  };
  let root: Promise<PmdaRoot> | null = null;
  const openRoot = (): Promise<PmdaRoot> => {
    root ??= import("./pmdaroot.ts").then(async ({ PmdaRoot }) => {
      const made = new PmdaRoot({
        environment,
        clock,
        settings: config.pmdaroot,
        keeps: mode === "watch" && options.keepsSet === true && !beganReadOnly,
        isReadOnly,
        ...(options.enginePlaces && { places: options.enginePlaces }),
        publish: (...events) => publisher.publish(...events),
        record: (events) => {
          chronicle.recordAll(events);
        },
        log: options.log ?? (() => {}),
      });
      await made.open(mode === "watch");
      made.attend(attended);
      return made;
    });
    return root;
  };
  const { kinds = KIND_NAMES } = options;
  const isRootWanted = mode === "watch" || kinds.includes("containers") || kinds.includes("processes");
  const isPowerWanted = mode === "watch" || kinds.includes("endpoints") || kinds.includes("policies");
  const takeWanted = () => {
    for (const [id, value] of chronicle.wanted()) wanted.set(id, value);
  };
  const around = { environment, clock, isReadOnly, audit };
  const psmHandler = new PsmHandler({
    ...around,
    set: () => psm.opened.then(() => psm.set),
    query: () => psm.query,
  });
  const paggHandler = new PaggHandler({
    ...around,
    kept: () => pagg.opened.then(() => pagg.kept),
  });
  const powerHandler = new PowerHandler({
    ...around,
    context: async () => (await openPower()).context,
    onDone: async () => (await openPower()).refresh(),
  });
  const rootHandler = new PmdaRootHandler({
    ...around,
    context: async () => (await openRoot()).context,
  });
  const handler = new DaemonHandler({
    ...around,
    look: (id) => observer.lookNow(id),
    subjectOf: (id) => observer.subjectOf(id),
    onStarted: (pid) => {
      children.add(pid);
    },
    setWanted: (id, value) => {
      wanted.set(id, value);
      chronicle.setWanted(id, value);
    },
  });

  let journalWatch: FileWatch | null = null;
  const follow = () => {
    if (chronicle.follow()) takeWanted();
  };
  const followJournal = () => {
    if (chronicle.path === null) return;
    try {
      journalWatch = new FileWatch(chronicle.path, clock, follow);
    } catch (thrown) {
      const { message } = toMusterError(thrown);
      const text = `the journal cannot be watched (${message}): what other musters write is not seen here`;
      chronicle.record({ severity: "warn", code: "SOURCE_FAILED", target: null, message: text });
    }
    follow();
  };
  /** What of one part cannot be had is told on its shelves, and keeps nobody from the others. */
  const told = async (opening: Promise<unknown>, kinds: readonly Kind[]) => {
    try {
      await opening;
    } catch (thrown) {
      if (mode === "once") throw thrown;
      const error = errorRecord(thrown);
      publisher.publish(...kinds.map((src): SourceEvent => ({ src, op: "unavailable", error })));
    }
  };
  const isOwnState = environment.root === "";
  const begin = async () => {
    if (isOwnState && !beganReadOnly && mode === "watch") await chronicle.open();
    else if (isOwnState) await chronicle.openIfThere();
    takeWanted();
    chronicle.begin();
    await psm.open(mode === "watch");
    await pagg.open(mode === "watch");
    if (mode === "once") await observer.readAll();
    else await told(observer.follow(), ["daemons"]);
    if (isPowerWanted) await told(openPower(), ["endpoints", "policies"]);
    if (isRootWanted) await told(openRoot(), ["containers", "processes"]);
    if (mode === "once") return;
    followJournal();
  };

  const perform = async (request: ActionRequest, invoke: InvokeOptions): Promise<ActionReport> => {
    const spec = actionById(request.action);
    if (!spec) throw new MusterError("USAGE", `unknown action: ${request.action}`, { target: request.action });
    const denied =
      isDaemonRequest(request) && invoke.caller ? authorize(spec.id as ActionId, invoke.caller, null) : null;
    if (spec.effect !== "read" && !denied && !request.dryRun && !isReadOnly() && isOwnState) await chronicle.open();
    const isPaced = invoke.caller && !isOwn(invoke.caller) && !denied && spec.effect !== "read" && !request.dryRun;
    const results = await mapLimited(request.targets, PARALLEL_TARGETS, async (target) => {
      if (invoke.caller && isPaced && !(await pace.take(invoke.caller.uid, invoke.signal))) {
        return errorResult(target.id, "refused", new MusterError("CANCELLED", "nothing was done: it was given up"));
      }
      if (invoke.caller) await turns.take(invoke.caller.uid);
      if (denied) return errorResult(target.id, "refused", denied);
      if (isDaemonRequest(request)) return handler.perform(request, target, invoke);
      if (isPsmRequest(request)) return psmHandler.perform(request, target, invoke);
      if (isPaggRequest(request)) return paggHandler.perform(request, target, invoke);
      if (isPowerRequest(request)) return powerHandler.perform(request, target, invoke);
      if (isPmdaRootRequest(request)) return rootHandler.perform(request, target, invoke);
      throw new MusterError("INTERNAL", `${request.action} has no handler`);
    });
    const { action, dryRun, requestId } = request;
    const { failure } = chronicle;
    const warnings = failure && spec.effect !== "read" && !dryRun ? [failure] : [];
    return { action, dryRun, requestId, results: results satisfies ActionResult[], warnings };
  };

  const ready = Promise.withResolvers<void>();
  if (mode === "once") ready.resolve();
  const service: LocalService = {
    node: environment.node,
    ready: ready.promise,
    get isReadOnly() {
      return isReadOnly();
    },
    snapshot: () => {
      pagg.tellNow();
      return publisher.snapshot();
    },
    subscribe: (kinds, listener) => publisher.subscribe(kinds, listener),
    invoke: (request, invoke = {}) => perform(request, invoke),
    events: async (query) => {
      if (isOwnState) await chronicle.openIfThere();
      return chronicle.read(query);
    },
    processes: async (query) => (await import("./processes.ts")).readProcesses(environment.procRoot, clock, query),
    reports: (query) => pagg.reports(query),
    attend: (ids) => {
      observer.attend(ids);
      pagg.attend(ids);
      psm.attend(ids);
      attended = ids;
      power?.then((opened) => opened.attend(ids));
      root?.then((opened) => opened.attend(ids));
    },
    refresh: async () => {
      const late = [power?.then((opened) => opened.refresh()), root?.then((opened) => opened.refresh())];
      await Promise.all([observer.refresh(), psm.refresh(), pagg.refresh(), ...late]);
    },
    reload: async (next) => {
      config = next;
      psm.applySettings(next.psm);
      pagg.applySettings(next.pagg, next.jobs);
      await power?.then((opened) => opened.applySettings(next.geopm));
      await root?.then((opened) => opened.applySettings(next.pmdaroot));
      await observer.refresh();
    },
    note: (severity, code, message) => {
      chronicle.record({ severity, code, target: null, message });
    },
    close: async () => {
      journalWatch?.[Symbol.dispose]();
      observer.close();
      psm.close();
      await pagg.close();
      await power?.then((opened) => opened.close());
      await root?.then((opened) => opened.close());
      publisher.close();
      chronicle.close();
    },
  };
  // A command needs the facts before it goes on; a console is on the screen before they are there.
  if (mode === "once") await begin();
  else {
    begin()
      .catch((thrown) => publisher.publish({ src: "daemons", op: "unavailable", error: errorRecord(thrown) }))
      .finally(() => ready.resolve());
  }
  return service;
}

/** Soft limit of RLIMIT_NOFILE, getrlimit(2). */
function openFileLimit(): number {
  const line = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"));
  return line ? Number(line[1]) : 1024;
}

async function mapLimited<T, R>(items: readonly T[], limit: number, each: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) {
      const item = items[i];
      if (item !== undefined) results[i] = await each(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
