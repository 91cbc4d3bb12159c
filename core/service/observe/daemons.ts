/**
 * The observer of daemons. What it costs follows what changes: a pid file that is written (inotify) or a process that ends
 * (pidfd) is looked at again at once; besides, once a second, the rows on a screen, and a few of those that nothing can
 * wake us for; every few seconds what stands where inotify is not to be had.
 *
 *     inotify --> written --+
 *     pidfd ----> ended ----+--> look --> upsert, event --> publisher, journal
 *     tick -----> on screen +--> sample
 */
import { dirname } from "node:path";
import { isRegularFile } from "#core/daemon/discover.ts";
import { foundSubject, type Subject } from "#core/daemon/item.ts";
import type { NewEvent } from "#core/journal/journal.ts";
import { type Clock, delay } from "#core/model/clock.ts";
import type { Daemon } from "#core/model/daemon.ts";
import type { Config } from "#core/model/declaration.ts";
import type { Environment } from "#core/model/environment.ts";
import type { MusterEvent } from "#core/model/event.ts";
import { makeId } from "#core/model/id.ts";
import type { SourceEvent, Warning } from "#core/model/source.ts";
import { bootTimeMs } from "#ffi/procfs.ts";
import { DaemonWatch, type WatchContext } from "./daemon-watch.ts";
import { PidFileWatch } from "./pid-file-watch.ts";
import { listSubjects } from "./subjects.ts";
import { exitEvent, transitionEvent } from "./transitions.ts";

export interface ObserverOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly config: Config;
  readonly publish: (...events: readonly SourceEvent[]) => void;
  readonly record: (event: Omit<NewEvent, "atMs">) => void;
  readonly wantedOf: (id: string) => "up" | "down" | null;
  /** The newest events of a daemon, oldest first. */
  readonly pastOf: (id: string) => readonly MusterEvent[];
  /** True, once, for a process that is our own child. */
  readonly takeChild: (pid: number) => boolean;
  /** How many processes may be held by a pidfd at once. */
  readonly pidfdLimit: number;
}

/** Searching all of /proc for the holder of a lock costs milliseconds: not more than so often for one command. */
const HOLDER_SEARCHES = 4;
const TICK_MS = 1000;
/** How often pid files in directories that cannot be watched are looked at. */
const ROUND_MS = 3000;
/** Looked at in one go before the loop gets its turn, and in one tick of those that cannot wake us. */
const CHUNK = 200;

export class DaemonObserver {
  readonly #options: ObserverOptions;
  readonly #watches = new Map<string, DaemonWatch>();
  /** By pid file, for what inotify says. */
  readonly #byFile = new Map<string, DaemonWatch>();
  /** Those whose process is held by a pidfd. */
  readonly #waiting = new Set<DaemonWatch>();
  /** The living for which no pidfd could be had. */
  readonly #deaf = new Set<DaemonWatch>();
  /** Directories in which nothing wakes us. */
  readonly #unwatched = new Set<string>();
  #cancelRound: (() => void) | null = null;
  #bootMs = 0;
  #files: PidFileWatch | null = null;
  #attended: readonly string[] = [];
  #warnings: readonly Warning[] = [];
  #cancelTick: (() => void) | null = null;
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
    const { clock, record } = this.#options;
    this.#files = new PidFileWatch({
      clock,
      record,
      isKnown: (path) => this.#byFile.has(path),
      onFile: (path) => this.#lookAtFile(path),
      onTree: () => void this.refresh(),
    });
    await this.refresh();
    this.#tick();
  }

  /** Looks for daemons again and at each of them. */
  async refresh(): Promise<void> {
    this.#watchDirectories(this.#takeSubjects());
    await this.#lookAtEach([...this.#watches.values()], false);
    if (this.#isClosed) return;
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
    this.#tick();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTick?.();
    this.#cancelRound?.();
    this.#files?.close();
    for (const watch of this.#watches.values()) watch.close();
  }

  /** Brings the set of watches up to date; the directories that should be watched. */
  #takeSubjects(): readonly string[] {
    const { environment, config } = this.#options;
    this.#bootMs = bootTimeMs(environment.procRoot);
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
    const { environment, clock, wantedOf, pastOf, takeChild } = this.#options;
    const id = makeId(environment.node, "daemon", subject.name);
    if (!this.#watches.has(id)) {
      const context: WatchContext = {
        node: environment.node,
        procRoot: environment.procRoot,
        clock,
        bootMs: () => this.#bootMs,
        wantedOf,
        pastOf,
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
    this.#watches.delete(id);
    if (watch) {
      this.#waiting.delete(watch);
      this.#deaf.delete(watch);
      this.#byFile.delete(watch.subject.pidFile);
    }
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
    if (this.#files) this.#followProcess(watch);
    return after;
  }

  #followProcess(watch: DaemonWatch): void {
    const isPresent = watch.item?.present === true;
    if (isPresent && (watch.isWaiting || this.#waiting.size < this.#options.pidfdLimit)) {
      watch.waitForExit((identity, exit) => {
        if (this.#isClosed) return;
        if (!watch.isWaiting) this.#waiting.delete(watch);
        const item = this.#lookAt(watch, false, true);
        if (exit) this.#options.record(exitEvent(item, identity, exit));
      });
    }
    if (watch.isWaiting) this.#waiting.add(watch);
    if (isPresent && !watch.isWaiting) this.#deaf.add(watch);
    else this.#deaf.delete(watch);
    this.#tick();
  }

  #lookAtFile(path: string): void {
    const isThere = isRegularFile(path);
    if (isThere && !this.#byFile.has(path)) this.#take(foundSubject(path));
    const watch = this.#byFile.get(path);
    if (!watch) return;
    if (isThere || watch.subject.declaration) this.#lookAt(watch, false, true);
    else this.#forget(makeId(this.#options.environment.node, "daemon", watch.subject.name), "pid-file-gone");
  }

  #watchDirectories(directories: readonly string[]): void {
    if (!this.#files) return;
    this.#unwatched.clear();
    for (const directory of directories) if (!this.#files.add(directory)) this.#unwatched.add(directory);
    if (this.#unwatched.size === 0) return;
    this.#cancelRound ??= this.#options.clock.setTimer(ROUND_MS, () => void this.#goRound());
  }

  async #goRound(): Promise<void> {
    this.#cancelRound = null;
    this.#watchDirectories(this.#takeSubjects());
    const isUnwatched = ({ subject }: DaemonWatch) => this.#unwatched.has(dirname(subject.pidFile));
    await this.#lookAtEach([...this.#watches.values()].filter(isUnwatched), true);
  }

  async #lookAtEach(watches: readonly DaemonWatch[], publishes: boolean): Promise<void> {
    for (const [index, watch] of watches.entries()) {
      this.#lookAt(watch, false, publishes);
      if (index % CHUNK === CHUNK - 1) await delay(this.#options.clock, 0);
      if (this.#isClosed) return;
    }
  }

  /** Only while somebody looks, or something is there that cannot wake us. */
  #tick(): void {
    if (this.#cancelTick || this.#isClosed || !this.#files) return;
    if (this.#attended.length === 0 && this.#deaf.size === 0) return;
    this.#cancelTick = this.#options.clock.setTimer(TICK_MS, () => {
      this.#cancelTick = null;
      // The wall clock may have been set.
      this.#bootMs = bootTimeMs(this.#options.environment.procRoot);
      this.#lookAtAll(this.#attended);
      this.#lookAtSome();
      this.#tick();
    });
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

  /** Of the living that cannot wake us, a few each time: each that was looked at goes to the end of the row. */
  #lookAtSome(): void {
    for (const watch of [...this.#deaf].slice(0, CHUNK)) {
      this.#deaf.delete(watch);
      this.#lookAt(watch, false, true);
      if (watch.item?.present && !watch.isWaiting) this.#deaf.add(watch);
    }
  }
}
