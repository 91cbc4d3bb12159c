/**
 * The observer of daemons. What it costs follows what changes: a pid file that is written (inotify) or a process that ends
 * (pidfd) is looked at again at once; besides, once a second, the rows on a screen, and a few of those that nothing can
 * wake us for.
 *
 *     inotify --> written --+
 *     pidfd ----> ended ----+--> look --> upsert, event --> publisher, journal
 *     tick -----> on screen +--> sample
 */
import { dirname } from "node:path";
import { isPidFileName, isRegularFile } from "#core/daemon/discover.ts";
import { foundSubject, type Subject } from "#core/daemon/item.ts";
import type { NewEvent } from "#core/journal/journal.ts";
import { type Clock, delay } from "#core/model/clock.ts";
import type { Daemon } from "#core/model/daemon.ts";
import type { Config } from "#core/model/declaration.ts";
import type { Environment } from "#core/model/environment.ts";
import { errnoName } from "#core/model/error.ts";
import { makeId } from "#core/model/id.ts";
import type { SourceEvent, Warning } from "#core/model/source.ts";
import { DirectoryWatch, type InotifyEvent } from "#ffi/inotify.ts";
import { DaemonWatch, type WatchContext } from "./daemon-watch.ts";
import { listSubjects } from "./subjects.ts";
import { exitEvent, transitionEvent } from "./transitions.ts";

export interface ObserverOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly config: Config;
  readonly publish: (...events: readonly SourceEvent[]) => void;
  readonly record: (event: Omit<NewEvent, "atMs">) => void;
  readonly wantedOf: (id: string) => "up" | "down" | null;
  /** True, once, for a process that is our own child. */
  readonly takeChild: (pid: number) => boolean;
  /** How many processes may be held by a pidfd at once. */
  readonly pidfdLimit: number;
}

/** Searching all of /proc for the holder of a lock costs milliseconds: not more than so often for one command. */
const HOLDER_SEARCHES = 4;
const TICK_MS = 1000;
/** Several writes to one pid file within this time are one change. */
const SETTLE_MS = 5;
/** IN_ISDIR, inotify(7). */
const IS_DIRECTORY = 0x40000000;
/** Looked at in one go before the loop gets its turn, and in one tick of those that cannot wake us. */
const CHUNK = 200;

export class DaemonObserver {
  readonly #options: ObserverOptions;
  readonly #watches = new Map<string, DaemonWatch>();
  /** By pid file, for what inotify says. */
  readonly #byFile = new Map<string, DaemonWatch>();
  readonly #dirty = new Set<string>();
  /** Those whose process is held by a pidfd. */
  readonly #waiting = new Set<DaemonWatch>();
  #directories: DirectoryWatch | null = null;
  #attended: readonly string[] = [];
  #warnings: readonly Warning[] = [];
  #cancelSettle: (() => void) | null = null;
  #cancelTick: (() => void) | null = null;
  #rotation = 0;
  #isClosed = false;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** Reads everything once, without watching. */
  readAll(): void {
    this.#takeSubjects();
    let searches = HOLDER_SEARCHES;
    for (const watch of this.#watches.values()) {
      const { lock } = watch.look(false);
      if (lock.held && lock.by === null && searches-- > 0) watch.look(true);
    }
    this.#publishAll();
  }

  /** Reads everything in pieces, then follows every change. */
  async follow(): Promise<void> {
    this.#watchDirectories();
    await this.refresh();
    this.#tick();
  }

  /** Looks for daemons again and at each of them. */
  async refresh(): Promise<void> {
    const directories = this.#takeSubjects();
    for (const directory of directories) this.#watchDirectory(directory);
    let count = 0;
    for (const watch of [...this.#watches.values()]) {
      this.#lookAt(watch, false, false);
      if (++count % CHUNK === 0) await delay(this.#options.clock, 0);
      if (this.#isClosed) return;
    }
    this.#publishAll();
  }

  /** One daemon as it is now; searches for the holder of its lock. */
  lookNow(id: string): Daemon | null {
    const watch = this.#watches.get(id);
    return watch ? this.#lookAt(watch, true, true) : null;
  }

  subjectOf(id: string): Subject | null {
    return this.#watches.get(id)?.subject ?? null;
  }

  /** These are on a screen: they are looked at each second and sampled. */
  attend(ids: readonly string[]): void {
    const before = new Set(this.#attended);
    this.#attended = ids.filter((id) => this.#watches.has(id));
    // Those that were on the screen already had their look within this second.
    this.#lookAtAll(this.#attended.filter((id) => !before.has(id)));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelSettle?.();
    this.#cancelTick?.();
    this.#directories?.close();
    for (const watch of this.#watches.values()) watch.close();
  }

  /** Brings the set of watches up to date; the directories that should be watched. */
  #takeSubjects(): readonly string[] {
    const { environment, config } = this.#options;
    const { subjects, discovery } = listSubjects(config, environment.root);
    this.#warnings = [
      ...config.problems.map(({ file, line, reason }) => ({
        code: "CONFIG_PROBLEM",
        target: line === null ? file : `${file}:${line}`,
        message: reason,
      })),
      ...discovery.failures.map(({ directory, reason }) => ({
        code: "SOURCE_FAILED",
        target: directory,
        message: `cannot search for pid files: ${reason}`,
      })),
    ];
    const known = new Set<string>();
    for (const subject of subjects) known.add(this.#take(subject));
    for (const id of [...this.#watches.keys()]) if (!known.has(id)) this.#forget(id, "pid-file-gone");
    return [...discovery.directories, ...config.daemons.map((daemon) => dirname(daemon.pidFile))];
  }

  #take(subject: Subject): string {
    const { environment, clock, wantedOf, takeChild } = this.#options;
    const id = makeId(environment.node, "daemon", subject.name);
    if (!this.#watches.has(id)) {
      const context: WatchContext = {
        node: environment.node,
        procRoot: environment.procRoot,
        clock,
        wantedOf,
        takeChild,
      };
      const watch = new DaemonWatch(subject, context);
      this.#watches.set(id, watch);
      this.#byFile.set(subject.pidFile, watch);
    }
    return id;
  }

  #forget(id: string, reason: string): void {
    const watch = this.#watches.get(id);
    watch?.close();
    if (watch) this.#waiting.delete(watch);
    this.#watches.delete(id);
    if (watch) this.#byFile.delete(watch.subject.pidFile);
    this.#options.publish({ src: "daemons", op: "remove", id, reason });
  }

  #publishAll(): void {
    const items = [...this.#watches.values()].flatMap((watch) => watch.item ?? []);
    this.#options.publish({ src: "daemons", op: "reset", items, warnings: this.#warnings });
  }

  #lookAt(watch: DaemonWatch, searchesHolder: boolean, publishes: boolean): Daemon {
    const before = watch.item;
    const after = watch.look(searchesHolder);
    if (after === before) return after;
    if (publishes) this.#options.publish({ src: "daemons", op: "upsert", item: after });
    const event = before && transitionEvent(before, after);
    if (event) this.#options.record(event);
    if (this.#directories) this.#followProcess(watch);
    return after;
  }

  #followProcess(watch: DaemonWatch): void {
    if (!watch.item?.present) return;
    if (!watch.isWaiting && this.#waiting.size >= this.#options.pidfdLimit) return;
    watch.waitForExit((identity, exit) => {
      if (this.#isClosed) return;
      if (!watch.isWaiting) this.#waiting.delete(watch);
      const item = this.#lookAt(watch, false, true);
      if (exit) this.#options.record(exitEvent(item, identity, exit));
    });
    if (watch.isWaiting) this.#waiting.add(watch);
  }

  #watchDirectories(): void {
    const { record } = this.#options;
    this.#directories = new DirectoryWatch(
      (events) => {
        for (const event of events) this.#touched(event);
      },
      () => {
        record({
          severity: "info",
          code: "SOURCE_REPAIRED",
          target: null,
          message: "file events were lost; all was read again",
        });
        void this.refresh();
      },
    );
  }

  #watchDirectory(directory: string): void {
    try {
      this.#directories?.add(directory);
    } catch (thrown) {
      const reason = errnoName(thrown) ?? String(thrown);
      const message = `${directory} cannot be watched (${reason}): changes there are seen only now and then`;
      this.#options.record({
        severity: "warn",
        code: "SOURCE_FAILED",
        target: directory,
        message,
        once: `watch ${directory} ${reason}`,
      });
    }
  }

  #touched({ directory, name, mask }: InotifyEvent): void {
    const path = `${directory}/${name}`;
    // A directory came or went: only a whole look tells what is in it.
    if ((mask & IS_DIRECTORY) !== 0) this.#dirty.add(directory);
    else if (this.#byFile.has(path) || isPidFileName(name)) this.#dirty.add(path);
    else return;
    this.#cancelSettle ??= this.#options.clock.setTimer(SETTLE_MS, () => this.#settle());
  }

  #settle(): void {
    this.#cancelSettle = null;
    const paths = [...this.#dirty];
    this.#dirty.clear();
    if (!paths.every(isPidFileName)) {
      void this.refresh();
      return;
    }
    for (const path of paths) this.#lookAtFile(path);
  }

  #lookAtFile(path: string): void {
    const isThere = isRegularFile(path);
    if (isThere && !this.#byFile.has(path)) this.#take(foundSubject(path));
    const watch = this.#byFile.get(path);
    if (!watch) return;
    if (isThere || watch.subject.declaration) this.#lookAt(watch, false, true);
    else this.#forget(makeId(this.#options.environment.node, "daemon", watch.subject.name), "pid-file-gone");
  }

  #tick(): void {
    if (this.#isClosed) return;
    this.#lookAtAll(this.#attended);
    this.#lookAtSome();
    this.#cancelTick = this.#options.clock.setTimer(TICK_MS, () => this.#tick());
  }

  #lookAtAll(ids: readonly string[]): void {
    for (const id of ids) {
      const watch = this.#watches.get(id);
      if (!watch) continue;
      const before = watch.item?.usage ?? null;
      this.#lookAt(watch, false, true);
      const usage = watch.sample();
      if (JSON.stringify(usage) !== JSON.stringify(before)) {
        this.#options.publish({ src: "daemons", op: "sample", id, usage });
      }
    }
  }

  /** Of the living that no pidfd could be had for, a few each time. */
  #lookAtSome(): void {
    const deaf = [...this.#watches.values()].filter((watch) => watch.item?.present && !watch.isWaiting);
    for (let i = 0; i < Math.min(CHUNK, deaf.length); i++) {
      const watch = deaf[this.#rotation++ % deaf.length];
      if (watch) this.#lookAt(watch, false, true);
    }
  }
}
