/**
 * The observer of the process set. In a service it keeps the set and tells every change as it happens; elsewhere it shows
 * the set as another process keeps it, or left it.
 *
 *     ProcessSet --onChange--> upserts, removes --> publisher
 *                         \--> sys.unix.psm.* ---> journal
 *     SetView ---when written--> reset -----------> publisher
 */
import type { NewEvent } from "#core/journal/journal.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { errorRecord } from "#core/model/error.ts";
import { makeId } from "#core/model/id.ts";
import type { Member } from "#core/model/member.ts";
import type { PsmSettings } from "#core/model/psm-settings.ts";
import type { SourceEvent, Warning } from "#core/model/source.ts";
import type { SetChange } from "#core/psm/change.ts";
import { type MemberEntry, memberId, memberItem } from "#core/psm/entry.ts";
import { MemberIndex } from "#core/psm/members.ts";
import { SetQuery } from "#core/psm/query.ts";
import type { ProcessSet } from "#core/psm/set.ts";
import { SetView } from "#core/psm/view.ts";
import { memberOfId } from "../psm-id.ts";
import { ProcessUsage } from "./process-usage.ts";
import { eventOfChange, setEvent } from "./psm-events.ts";

export interface PsmObserverOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly settings: PsmSettings;
  /** This process shall keep the set, if no other one does. */
  readonly keeps: boolean;
  readonly publish: (...events: readonly SourceEvent[]) => void;
  readonly record: (events: readonly Omit<NewEvent, "atMs">[]) => void;
  /** How many members may be held by a pidfd at once. */
  readonly pidfdLimit: number;
}

const TICK_MS = 1000;

export class PsmObserver {
  readonly #options: PsmObserverOptions;
  readonly #usage: ProcessUsage;
  #warnings: readonly Warning[] = [];
  readonly #opened = Promise.withResolvers<void>();
  #set: ProcessSet | null = null;
  #view: SetView | null = null;
  #query: SetQuery;
  #attended: readonly string[] = [];
  #cancelTick: (() => void) | null = null;
  #isClosed = false;

  constructor(options: PsmObserverOptions) {
    this.#options = options;
    this.#usage = new ProcessUsage(options.clock, options.environment.procRoot);
    this.#query = new SetQuery(options.environment.node, new MemberIndex());
  }

  /** The set, if this process keeps it. */
  get set(): ProcessSet | null {
    return this.#set;
  }

  /** What is in the set, whoever keeps it. */
  get query(): SetQuery {
    return this.#set ?? this.#query;
  }

  /** Done when the set is open, or it is known that it cannot be. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Never throws: a set that cannot be had is told on its shelves. */
  async open(follows: boolean): Promise<void> {
    const { environment, keeps } = this.#options;
    try {
      // Another tree has processes of its own, and no set.
      if (environment.root !== "") this.#publishAll();
      else if (!(keeps && (await this.#keep()))) await this.#look(follows);
    } catch (thrown) {
      this.#unavailable(thrown);
    } finally {
      this.#opened.resolve();
    }
  }

  applySettings(settings: PsmSettings): void {
    this.#set?.setSettings(settings);
  }

  async refresh(): Promise<void> {
    if (this.#set) this.#publishAll();
    else if (this.#view) await this.#readView();
  }

  /** These are on a screen: they are sampled each second. */
  attend(ids: readonly string[]): void {
    this.#attended = ids.filter((id) => memberOfId(id) !== null);
    this.#usage.keepOnly(new Set(this.#attended));
    this.#sample();
    if (this.#set) this.#tick();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTick?.();
    if (this.#set) this.#record([setEvent("removed", this.#options.environment.node, this.#set.settings.noevm)]);
    this.#set?.close();
    this.#view?.close();
    this.#opened.resolve();
  }

  async #keep(): Promise<boolean> {
    const { environment, clock, settings, pidfdLimit } = this.#options;
    const [{ ProcessSet }, { hostExitSources }] = await Promise.all([
      import("#core/psm/set.ts"),
      import("#core/psm/exit-sources.ts"),
    ]);
    if (this.#isClosed) return true;
    const { node, stateDirectory, procRoot } = environment;
    const set = ProcessSet.open({
      node,
      stateDirectory,
      procRoot,
      clock,
      settings,
      exits: hostExitSources(procRoot, pidfdLimit),
      onChange: (changes) => this.#changed(changes),
      onProblem: (message) => this.#problem(message),
      onRepaired: (message) => this.#repaired(message),
    });
    if (!set) return false;
    this.#set = set;
    if (set.movedAside !== null) {
      this.#problem(`the process set was damaged; it is kept as ${set.movedAside} and a new one was begun`);
    }
    this.#publishAll();
    this.#record([
      setEvent("added", node, settings.noevm),
      ...set.goneMeanwhile.map((entry) => eventOfChange({ type: "memberExited", entry }, node, settings.noevm)),
    ]);
    return true;
  }

  async #look(follows: boolean): Promise<void> {
    if (this.#isClosed) return;
    const { environment, clock } = this.#options;
    this.#view = new SetView({ ...environment, nowMs: () => clock.wallMs() });
    await this.#readView();
    if (follows) this.#tick();
    else this.#view.close();
  }

  async #readView(): Promise<void> {
    const query = await this.#view?.readNew();
    if (!query || this.#isClosed) return;
    this.#query = query;
    this.#publishAll();
  }

  #publishAll(): void {
    const { query } = this;
    const items = query.memberItems().map((item) => this.#used(item));
    const warnings = this.#warnings;
    this.#options.publish(
      { src: "categories", op: "reset", items: query.categoryItems(), warnings },
      { src: "members", op: "reset", items, warnings },
    );
  }

  #changed(changes: readonly SetChange[]): void {
    const { node } = this.#options.environment;
    const { query } = this;
    const members: SourceEvent[] = [];
    const categories = new Set<string>();
    for (const change of changes) {
      if ("category" in change) categories.add(change.category);
      else {
        categories.add(change.entry.category);
        members.push(this.#memberEvent(change.entry, change.type === "memberRemoved" ? change.reason : null));
      }
    }
    this.#options.publish(...[...categories].map((name) => categoryEvent(query, node, name)), ...members);
    const noevm = this.#set?.settings.noevm ?? 0;
    this.#record(changes.map((change) => eventOfChange(change, node, noevm)));
  }

  #memberEvent(entry: MemberEntry, reason: string | null): SourceEvent {
    const { node } = this.#options.environment;
    if (reason !== null) return { src: "members", op: "remove", id: memberId(node, entry), reason };
    return { src: "members", op: "upsert", item: this.#used(memberItem(node, entry)) };
  }

  #used(item: Member): Member {
    const usage = item.flags.exit ? null : this.#usage.of(item.id);
    return usage === null ? item : { ...item, usage };
  }

  #record(events: readonly (Omit<NewEvent, "atMs"> | null)[]): void {
    const wanted = events.filter((event) => event !== null);
    if (wanted.length > 0) this.#options.record(wanted);
  }

  #problem(message: string): void {
    const { stateDirectory } = this.#options.environment;
    this.#warnings = [...this.#warnings, { code: "SOURCE_FAILED", target: stateDirectory, message }];
    this.#record([{ severity: "warn", code: "SOURCE_FAILED", target: null, message: `process set: ${message}` }]);
    if (this.#set) this.#publishAll();
  }

  #repaired(message: string): void {
    this.#warnings = this.#warnings.filter((warning) => warning.message !== message);
    this.#record([
      { severity: "info", code: "SOURCE_REPAIRED", target: null, message: "process set: exits are stored" },
    ]);
    this.#publishAll();
  }

  #unavailable(thrown: unknown): void {
    const error = errorRecord(thrown, this.#options.environment.stateDirectory);
    this.#options.publish(
      { src: "categories", op: "unavailable", error },
      { src: "members", op: "unavailable", error },
    );
  }

  /** Only while somebody looks, or another process may have written. */
  #tick(): void {
    if (this.#cancelTick || this.#isClosed) return;
    if (this.#attended.length === 0 && !this.#view) return;
    this.#cancelTick = this.#options.clock.setTimer(TICK_MS, () => {
      this.#cancelTick = null;
      this.#sample();
      this.#readView().then(
        () => this.#tick(),
        (thrown) => {
          this.#unavailable(thrown);
          this.#tick();
        },
      );
    });
  }

  #sample(): void {
    for (const id of this.#attended) {
      const named = memberOfId(id);
      const entry = named?.startTicks
        ? this.query.memberWithIdentity(named.category, named.pid, named.startTicks)
        : null;
      if (!entry || entry.exit) continue;
      const before = this.#usage.of(id);
      const usage = this.#usage.sample(id, entry.pid, entry.startTicks);
      if (JSON.stringify(usage) !== JSON.stringify(before)) {
        this.#options.publish({ src: "members", op: "sample", id, usage });
      }
    }
  }
}

function categoryEvent(query: SetQuery, node: string, name: string): SourceEvent {
  const item = query.categoryItem(name);
  if (item) return { src: "categories", op: "upsert", item };
  return { src: "categories", op: "remove", id: makeId(node, "category", name), reason: "removed" };
}
