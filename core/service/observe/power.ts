/**
 * The observer of endpoints: what lies in shared memory, and who is at it.
 *
 *     directories, regions --inotify--> [lull] --> look --> upserts, removes --> publisher
 *                                   \--> soon after: has anybody attached? --> look
 *                                                      \--> ENDPOINT_* --------> journal (of the service only)
 *     attended endpoints   --each second--> values and ages ------------------> publisher
 *
 * It looks without taking locks: a dead holder, or a region that is damaged, is an item with a problem. A controller opens a
 * region, which is an event, and then writes its name, which is none. While nothing happens and nobody attends, there is no
 * timer.
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { EndpointChanges } from "#core/geopm/changes.ts";
import { readHostlist } from "#core/geopm/hostlist.ts";
import {
  endpointDirectories,
  inspectEndpoint,
  type ListedEndpoint,
  type ListingHost,
  listEndpoints,
  reread,
} from "#core/geopm/listing.ts";
import { RegionFiles } from "#core/geopm/region-files.ts";
import { type Clock, timestamp } from "#core/model/clock.ts";
import type { Endpoint } from "#core/model/endpoint.ts";
import type { Environment } from "#core/model/environment.ts";
import { errorRecord, toMusterError } from "#core/model/error.ts";
import type { GeopmSettings } from "#core/model/geopm-settings.ts";
import type { SourceEvent, Warning } from "#core/model/source.ts";
import { DirectoryWatch, INOTIFY } from "#ffi/inotify.ts";
import { SysError } from "#ffi/sys-error.ts";
import { powerHost } from "../power-host.ts";
import { endpointId, endpointOfId } from "../power-id.ts";
import { Lull } from "./lull.ts";
import { endpointChanged, type PowerEvent } from "./power-events.ts";
import { endpointItem } from "./power-items.ts";

export interface PowerObserverOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly settings: GeopmSettings;
  /** What this process owns itself. */
  readonly keptNames: () => readonly string[];
  readonly storeOf: (name: string) => string | null;
  readonly publish: (...events: readonly SourceEvent[]) => void;
  /** null: another process writes the journal. */
  readonly record: ((events: readonly PowerEvent[]) => void) | null;
}

/** A look asks every process for its mappings. */
const LULL_MS = 100;
const TICK_MS = 1000;
/** From an event on: a controller writes its name within milliseconds, unless it is stopped. */
const SETTLING_MS = [5, 15, 50, 200, 1000, 5000] as const;

interface Seen {
  readonly listed: ListedEndpoint;
  readonly item: Endpoint;
}

interface Attachment {
  readonly key: string;
  readonly since: string;
  readonly nodes: readonly string[] | null;
}

export class PowerObserver {
  readonly #options: PowerObserverOptions;
  readonly #lull: Lull;
  readonly #files = new RegionFiles();
  readonly #seen = new Map<string, Seen>();
  readonly #attachments = new Map<string, Attachment>();
  #settings: GeopmSettings;
  #changes: EndpointChanges | null = null;
  #users: DirectoryWatch | null = null;
  #watched = "";
  #attended: ReadonlySet<string> = new Set();
  #cancelTick: (() => void) | null = null;
  #cancelSettling: (() => void) | null = null;
  #isFollowing = false;
  #isClosed = false;
  #isFirst = true;

  constructor(options: PowerObserverOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#lull = new Lull(options.clock, LULL_MS, () => {
      this.#look("changes");
      return true;
    });
  }

  /** Never throws: what cannot be had is told on its shelf. */
  open(follows: boolean): void {
    this.#isFollowing = follows;
    if (follows) this.#watchUsers();
    this.#look("all");
  }

  applySettings(settings: GeopmSettings): void {
    this.#settings = settings;
    this.lookNow();
  }

  /** After an action: what it did shall show when it says that it is done. */
  lookNow(): void {
    if (!this.#isClosed) this.#look("all");
  }

  /** Soon: events of one moment are one look. */
  lookSoon(): void {
    if (!this.#isClosed) this.#lull.ask();
  }

  /** Whether it is where endpoints are looked for. */
  isInListed(name: string): boolean {
    return endpointDirectories(this.#listingHost()).includes(dirname(name));
  }

  /** One, wherever it is, as it is now; null when neither of its files is there. */
  read(name: string): Endpoint | null {
    const listed = inspectEndpoint(name, this.#listingHost());
    return listed && this.#itemOf(listed);
  }

  attend(ids: readonly string[]): void {
    this.#attended = new Set(ids.filter((id) => endpointOfId(id) !== null));
    this.#sample();
    this.#tick();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTick?.();
    this.#cancelSettling?.();
    this.#lull.close();
    this.#changes?.[Symbol.dispose]();
    this.#users?.close();
    this.#files[Symbol.dispose]();
  }

  /** changes: an item in which only time has passed is not told again. */
  #look(what: "all" | "changes"): void {
    const { publish, record } = this.#options;
    try {
      const host = this.#listingHost();
      if (this.#isFollowing) this.#watch(host);
      const found = listEndpoints(host, this.#files);
      this.#changes?.follow(found.map(({ name }) => name));
      const before = new Map(this.#seen);
      this.#seen.clear();
      const events: PowerEvent[] = [];
      for (const listed of found) {
        const item = this.#itemOf(listed);
        this.#seen.set(item.id, { listed, item });
        if (!this.#isFirst) events.push(...this.#eventsOf(before.get(item.id)?.item ?? null, item));
      }
      for (const id of this.#attachments.keys()) if (!this.#seen.has(id)) this.#attachments.delete(id);
      if (this.#isFirst) {
        const items = [...this.#seen.values()].map(({ item }) => item);
        publish({ src: "endpoints", op: "reset", items, warnings: this.#warnings() });
      } else publish(...this.#differences(before, what));
      this.#isFirst = false;
      if (events.length > 0) record?.(events);
    } catch (thrown) {
      publish({ src: "endpoints", op: "unavailable", error: errorRecord(thrown) });
    }
  }

  #differences(before: ReadonlyMap<string, Seen>, what: "all" | "changes"): SourceEvent[] {
    const gone = [...before.keys()].filter((id) => !this.#seen.has(id));
    const isNews = ({ item }: Seen) => {
      const known = before.get(item.id);
      return what === "all" || known === undefined || ageless(known.item) !== ageless(item);
    };
    return [
      ...gone.map((id): SourceEvent => ({ src: "endpoints", op: "remove", id, reason: "unlinked" })),
      ...[...this.#seen.values()]
        .filter(isNews)
        .map(({ item }): SourceEvent => ({ src: "endpoints", op: "upsert", item })),
    ];
  }

  /** Whoever serves an endpoint in muster tells himself what happens there; what this process gave up is no news. */
  #eventsOf(before: Endpoint | null, now: Endpoint): PowerEvent[] {
    const { store, ownerPid } = now;
    if (store !== null || (ownerPid !== null && ownerPid !== process.pid)) return [];
    const isGivenUp = before?.ownerPid === process.pid && now.state === "orphaned";
    return isGivenUp ? [] : endpointChanged(before, now);
  }

  /** The values that stand in attended regions now. */
  #sample(): void {
    const events: SourceEvent[] = [];
    for (const id of this.#attended) {
      const seen = this.#seen.get(id);
      if (!seen) continue;
      const listed = reread(seen.listed, this.#files);
      // Somebody else by now, or nobody: then it is looked at as a whole.
      if (hasMoved(seen.listed, listed)) this.lookSoon();
      const item = this.#itemOf(listed);
      this.#seen.set(id, { listed, item });
      events.push({ src: "endpoints", op: "upsert", item });
      const told = item.state === seen.item.state ? [] : this.#eventsOf(seen.item, item);
      if (told.length > 0) this.#options.record?.(told);
    }
    if (events.length > 0) this.#options.publish(...events);
  }

  #onEvent(): void {
    this.lookSoon();
    this.#settle(0);
  }

  #settle(step: number): void {
    this.#cancelSettling?.();
    this.#cancelSettling = null;
    const delayMs = SETTLING_MS[step];
    if (delayMs === undefined || this.#isClosed) return;
    this.#cancelSettling = this.#options.clock.setTimer(delayMs, () => {
      const isOther = [...this.#seen.values()].some(({ listed }) => hasMoved(listed, reread(listed, this.#files)));
      if (isOther) this.lookSoon();
      this.#settle(step + 1);
    });
  }

  #tick(): void {
    if (this.#attended.size === 0 || !this.#isFollowing || this.#isClosed) {
      this.#cancelTick?.();
      this.#cancelTick = null;
      return;
    }
    this.#cancelTick ??= this.#options.clock.setTimer(TICK_MS, () => {
      this.#cancelTick = null;
      this.#sample();
      this.#tick();
    });
  }

  #itemOf(listed: ListedEndpoint): Endpoint {
    const { environment, storeOf } = this.#options;
    const attachment = this.#attachmentOf(listed);
    return endpointItem(listed, {
      node: environment.node,
      staleSeconds: this.#settings.staleSeconds,
      attachedSince: attachment?.since ?? null,
      nodes: attachment?.nodes ?? null,
      store: storeOf(listed.name),
    });
  }

  /** The host list is read once for each controller. */
  #attachmentOf({ name, sample }: ListedEndpoint): Attachment | null {
    const id = endpointId(this.#options.environment.node, name);
    if (sample === null || sample.agent === "") {
      this.#attachments.delete(id);
      return null;
    }
    const key = JSON.stringify([sample.agent, sample.profile, sample.hostlistPath]);
    const known = this.#attachments.get(id);
    if (known?.key === key) return known;
    const since = timestamp(this.#options.clock.wallMs());
    const made = { key, since, nodes: hostsOf(sample.hostlistPath) };
    this.#attachments.set(id, made);
    return made;
  }

  #listingHost(): ListingHost {
    const { environment, keptNames } = this.#options;
    const { procRoot, shmRoot, runtimeRoot } = powerHost(environment);
    const directories = [...this.#settings.endpoints, ...keptNames().map((name) => dirname(name))];
    return { procRoot, shmRoot, runtimeRoot, directories };
  }

  #warnings(): Warning[] {
    return this.#settings.endpoints
      .filter((directory) => !existsSync(directory))
      .map((directory) => ({ code: "SOURCE_FAILED", target: directory, message: `${directory} is not there` }));
  }

  #watch(host: ListingHost): void {
    const directories = endpointDirectories(host);
    const wanted = directories.join("\n");
    if (this.#changes !== null && wanted === this.#watched) return;
    this.#changes?.[Symbol.dispose]();
    this.#changes = null;
    try {
      this.#changes = new EndpointChanges(directories, () => this.#onEvent());
      this.#watched = wanted;
    } catch (thrown) {
      this.#tellBlind(thrown);
    }
  }

  /** A user's directory comes and goes with his sessions. */
  #watchUsers(): void {
    const { runtimeRoot } = powerHost(this.#options.environment);
    if (!existsSync(runtimeRoot)) return;
    try {
      const look = () => this.lookSoon();
      this.#users = new DirectoryWatch(look, look);
      this.#users.add(runtimeRoot, INOTIFY.CREATE | INOTIFY.DELETE | INOTIFY.MOVED_TO | INOTIFY.MOVED_FROM);
    } catch (thrown) {
      this.#tellBlind(thrown);
    }
  }

  #tellBlind(thrown: unknown): void {
    if (!(thrown instanceof SysError)) throw thrown;
    const message = `endpoints that come and go are not seen: ${toMusterError(thrown).message}`;
    this.#options.record?.([{ severity: "warn", code: "SOURCE_FAILED", target: null, message }]);
  }
}

const hasMoved = (before: ListedEndpoint, now: ListedEndpoint): boolean =>
  before.sample?.agent !== now.sample?.agent ||
  before.sample?.profile !== now.sample?.profile ||
  before.problem !== now.problem ||
  before.heldLock?.owner !== now.heldLock?.owner;

const ageless = (item: Endpoint): string => JSON.stringify({ ...item, policyAgeSeconds: 0, sampleAgeSeconds: 0 });

/** null: the file is its user's alone, or none. */
function hostsOf(path: string): readonly string[] | null {
  if (path === "") return null;
  try {
    return readHostlist(path);
  } catch {
    return null;
  }
}
