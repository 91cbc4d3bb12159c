/**
 * The observer of containers: the engines' own state, followed by notification (core/pmdaroot), as items.
 *
 *     index --onChange--> [lull] --> what several engines tell of one container, joined --> upserts, removes --> publisher
 *                                                                                      \--> CONTAINER_* ----> journal
 *     attended containers --each second--> who is inside, CPU, memory ----------------------------> publisher
 *
 * While nothing happens and nobody attends, there is no timer. LXC tells nothing of a start: its tool is asked for those on
 * a screen, and for all at a refresh.
 */
import type { NewEvent } from "#core/journal/journal.ts";
import type { Clock } from "#core/model/clock.ts";
import { CONTAINER_ENGINES, type Container } from "#core/model/container.ts";
import type { Environment } from "#core/model/environment.ts";
import type { SourceEvent, Warning } from "#core/model/source.ts";
import { type ContainerRecord, containerKey, isHexId } from "#core/pmdaroot/container.ts";
import type { ContainerIndex, Listed } from "#core/pmdaroot/container-index.ts";
import { Insides } from "#core/pmdaroot/inside.ts";
import { UserNames } from "#ffi/accounts.ts";
import { containerId, isContainerId } from "../pmdaroot-id.ts";
import { type ContainerContext, containerItem } from "./container-items.ts";
import { JobUsage } from "./job-usage.ts";
import { Lull } from "./lull.ts";

export interface ContainerObserverOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly publish: (...events: readonly SourceEvent[]) => void;
  /** null: another process writes the journal. */
  readonly record: ((events: readonly Omit<NewEvent, "atMs">[]) => void) | null;
}

/** What of a container's files is written within this is told at once. */
const LULL_MS = 50;
const TICK_MS = 1000;
/** A tool is run for each that does not run. */
const ASK_EVERY_TICKS = 5;
/** Of which /proc is read before the loop goes on. */
const CHUNK = 200;
/** Of what went wrong, the latest. */
const MOST_WARNINGS = 16;

export class ContainerObserver {
  readonly #options: ContainerObserverOptions;
  readonly #context: ContainerContext;
  readonly #usage: JobUsage;
  readonly #lull: Lull;
  /** Set before anything is asked of it. */
  #index: ContainerIndex | null = null;
  readonly #touched = new Set<string>();
  /** One container -> keys of all records that tell of it; and back. */
  readonly #groups = new Map<string, Set<string>>();
  readonly #groupOf = new Map<string, string>();
  readonly #told = new Map<string, Container>();
  readonly #users = new UserNames();
  readonly #warnings: Warning[] = [];
  #attended: ReadonlySet<string> = new Set();
  #isFollowing = false;
  #isReady = false;
  #isClosed = false;
  #ticks = 0;
  #cancelTick: (() => void) | null = null;

  constructor(options: ContainerObserverOptions) {
    const { environment, clock } = options;
    const { node, procRoot } = environment;
    this.#options = options;
    this.#usage = new JobUsage(clock);
    this.#lull = new Lull(clock, LULL_MS, () => this.#look());
    this.#context = { node, procRoot, insides: new Insides(procRoot), userName: (uid) => this.#users.of(uid) };
  }

  /** Something of this record has changed. */
  touch(key: string): void {
    this.#touched.add(key);
    if (this.#isReady && this.#isFollowing && !this.#isClosed) this.#lull.ask();
  }

  problem(message: string): void {
    this.#warnings.push({ code: "SOURCE_FAILED", target: null, message });
    this.#warnings.splice(0, this.#warnings.length - MOST_WARNINGS);
    this.#options.record?.([{ severity: "warn", code: "SOURCE_FAILED", target: null, message }]);
    if (this.#isReady) this.#publishAll();
  }

  /** Everything that is there; with `follows` every change from then on, else what is inside as well. */
  async open(index: ContainerIndex, follows: boolean): Promise<void> {
    this.#index = index;
    this.#isFollowing = follows;
    await this.#readAll();
  }

  async refresh(): Promise<void> {
    if (this.#index !== null) await this.#readAll();
  }

  attend(ids: readonly string[]): void {
    this.#attended = new Set(ids.filter(isContainerId));
    this.#usage.keepOnly(this.#attended);
    if (!this.#isReady) return;
    this.#sample();
    this.#tick();
  }

  close(): void {
    this.#isClosed = true;
    this.#lull.close();
    this.#cancelTick?.();
  }

  async #readAll(): Promise<void> {
    const index = this.#index;
    if (index === null) return;
    const all = await index.list();
    if (this.#isClosed) return;
    this.#groups.clear();
    this.#groupOf.clear();
    this.#touched.clear();
    for (const { record } of all) this.#join(record);
    const before = new Map(this.#told);
    this.#told.clear();
    this.#context.insides.forgetScan();
    for (const group of this.#groups.values()) {
      const item = this.#itemOf(group);
      if (item) this.#told.set(item.id, item);
    }
    if (this.#isReady) this.#recordChanges(before, [...before.keys(), ...this.#told.keys()]);
    this.#isReady = true;
    this.#publishAll();
    this.#tick();
  }

  #publishAll(): void {
    this.#options.publish({
      src: "containers",
      op: "reset",
      items: [...this.#told.values()],
      // What matters most stands first: where there is little room the rest is left out.
      warnings: [...this.#blindness(), ...this.#warnings],
    });
  }

  /** What a user is not shown must be said. */
  #blindness(): Warning[] {
    if (this.#options.environment.uid === 0) return [];
    const message =
      "only containers of one's own engines are seen: those of the system are root's; the service of root shows them to all";
    return [{ code: "PERMISSION_DENIED", target: null, message }];
  }

  /** True if all is told; false if the rest is for the next turn of the loop. */
  #look(): boolean {
    const index = this.#index;
    if (index === null || this.#isClosed) return true;
    const groups = new Set<string>();
    let left = CHUNK;
    for (const key of this.#touched) {
      if (left-- === 0) break;
      this.#touched.delete(key);
      const listed = index.at(key);
      const group = listed ? this.#join(listed.record) : this.#leave(key);
      if (group !== null) groups.add(group);
    }
    this.#tell(groups);
    return this.#touched.size === 0;
  }

  #tell(groups: ReadonlySet<string>): void {
    const before = new Map<string, Container>();
    const events: SourceEvent[] = [];
    for (const name of groups) {
      const group = this.#groups.get(name);
      const item = group ? this.#itemOf(group) : null;
      // Another engine may have come to tell of it, by another id.
      for (const id of this.#idsOf(name)) {
        const told = this.#told.get(id);
        if (told) before.set(id, told);
        if (!told || id === item?.id) continue;
        this.#told.delete(id);
        events.push({ src: "containers", op: "remove", id, reason: "removed" });
      }
      if (!item || Bun.deepEquals(this.#told.get(item.id), item)) continue;
      this.#told.set(item.id, item);
      events.push({ src: "containers", op: "upsert", item });
    }
    this.#options.publish(...events);
    this.#recordChanges(before, [...before.keys(), ...[...groups].flatMap((name) => this.#idsOf(name))]);
  }

  /** Ids under which a container may have been told. */
  #idsOf(group: string): readonly string[] {
    const [owner = "", engine, ...rest] = group.split(" ");
    const { node } = this.#context;
    const of = { owner: owner === "" ? null : Number(owner), id: rest.join(" ") };
    return engine === ""
      ? CONTAINER_ENGINES.map((each) => containerId(node, { ...of, engine: each }))
      : [containerId(node, { ...of, engine: engine as ContainerRecord["engine"] })];
  }

  #join(record: ContainerRecord): string {
    const key = containerKey(record);
    const name = groupName(record);
    this.#groupOf.set(key, name);
    const group = this.#groups.get(name);
    if (group) group.add(key);
    else this.#groups.set(name, new Set([key]));
    return name;
  }

  #leave(key: string): string | null {
    const name = this.#groupOf.get(key);
    if (name === undefined) return null;
    this.#groupOf.delete(key);
    const group = this.#groups.get(name);
    group?.delete(key);
    if (group?.size === 0) this.#groups.delete(name);
    return name;
  }

  /** Told by the engine that people use, with the process of whichever knows it. */
  #itemOf(group: ReadonlySet<string>): Container | null {
    const listed = [...group].flatMap((key) => this.#index?.at(key) ?? []).sort((a, b) => rankOf(a) - rankOf(b));
    const [best] = listed;
    if (!best) return null;
    const process = best.process ?? listed.find((each) => each.process !== null)?.process ?? null;
    const { record } = best;
    const id = containerId(this.#context.node, record);
    const isLooked = process !== null && (this.#attended.has(id) || !this.#isFollowing);
    if (!isLooked) return containerItem({ record, process }, this.#context, null);
    const inside = this.#context.insides.of(record, process);
    const usage = inside.use && this.#usage.sample(id, inside.use);
    return containerItem({ record, process }, this.#context, { inside, usage });
  }

  #sample(): void {
    this.#context.insides.forgetScan();
    this.#tell(this.#attendedGroups());
  }

  #attendedGroups(): Set<string> {
    const groups = new Set<string>();
    for (const id of this.#attended) {
      const told = this.#told.get(id);
      if (told) groups.add(groupName({ engine: told.engine, owner: told.uid, id: told.containerId }));
    }
    return groups;
  }

  /** Only while somebody looks. */
  #tick(): void {
    if (this.#cancelTick || this.#isClosed || !this.#isFollowing || this.#attended.size === 0) return;
    this.#cancelTick = this.#options.clock.setTimer(TICK_MS, () => {
      this.#cancelTick = null;
      this.#sample();
      if (this.#ticks++ % ASK_EVERY_TICKS === 0) this.#askEngines();
      this.#tick();
    });
  }

  /** For those on a screen that are not known to run. Whatever comes of it comes as a change. */
  #askEngines(): void {
    for (const name of this.#attendedGroups()) {
      for (const key of this.#groups.get(name) ?? []) {
        const listed = this.#index?.at(key);
        if (!listed || listed.process !== null) continue;
        const found = this.#index?.processOf(listed.record);
        if (found instanceof Promise) found.then(() => this.touch(key)).catch((thrown) => this.problem(String(thrown)));
      }
    }
  }

  #recordChanges(before: ReadonlyMap<string, Container>, ids: readonly string[]): void {
    const { record } = this.#options;
    if (!record) return;
    const events = [...new Set(ids)].flatMap((id) => eventOf(before.get(id), this.#told.get(id)) ?? []);
    if (events.length > 0) record(events);
  }
}

const rankOf = ({ record }: Listed) => CONTAINER_ENGINES.indexOf(record.engine);

/** The same for all that tell of one container: a long id means one, whoever tells. */
function groupName({ engine, owner, id }: Pick<ContainerRecord, "engine" | "owner" | "id">): string {
  return `${owner ?? ""} ${isHexId(id) ? "" : engine} ${id}`;
}

function eventOf(before: Container | undefined, now: Container | undefined): Omit<NewEvent, "atMs"> | null {
  const item = now ?? before;
  if (!item || (before?.identity ?? null) === (now?.identity ?? null)) {
    if (!before || now) return null;
    return { ...partsOf(before), code: "CONTAINER_REMOVED", message: `${titleOf(before)} was removed` };
  }
  if (now && now.identity !== null) {
    const message = `${titleOf(now)} runs as process ${now.pid}`;
    return { ...partsOf(now), code: "CONTAINER_UP", message, once: `${now.id} CONTAINER_UP ${now.identity}` };
  }
  const message = now ? `${titleOf(item)} does not run any more` : `${titleOf(item)} is gone`;
  const once = `${item.id} CONTAINER_DOWN ${before?.identity}`;
  return { ...partsOf(item), code: "CONTAINER_DOWN", message, once };
}

const partsOf = ({ id }: Container) => ({ severity: "info", target: id }) as const;

const titleOf = ({ engine, name, user }: Container) =>
  `${user === null ? "" : `${user}'s `}${engine} container ${name}`;
