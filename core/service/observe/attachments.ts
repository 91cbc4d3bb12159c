/**
 * The processes attached to modules, as they are shown. Who is attached changes as fast as processes fork: only that a group
 * changed is noted, and a few times a second what it is now is compared with what was told.
 *
 *     touch(group) -> [a lull] -> list(group) -> what is new: /proc is read -> upsert
 *                                              \-> what is gone ------------> remove
 */
import type { Attachment } from "#core/model/attachment.ts";
import type { Clock } from "#core/model/clock.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { type AttachedProcess, attachmentId, attachmentItem } from "#core/pagg/attached.ts";
import { attachmentOfId } from "../pagg-id.ts";
import { ProcessUsage } from "./process-usage.ts";

/** A job or an operator's module. */
export interface Group {
  readonly key: string;
  /** As it is written; null for a module's. */
  readonly jid: string | null;
}

export interface AttachmentsOptions {
  readonly node: string;
  readonly procRoot: string;
  readonly clock: Clock;
  readonly publish: (...events: readonly SourceEvent[]) => void;
  /** Who is in it now; nobody if there is no such group any more. */
  readonly list: (group: Group) => readonly AttachedProcess[];
  /** More are counted in their jobs and modules, and not told one by one. */
  readonly mostShown?: number;
}

interface Shown {
  item: Attachment;
  readonly group: string;
}

/** A process that was just forked is what it was forked from until it executes another program: it is looked at once more. */
const YOUTH_MS = 1000;

/** Of which /proc is read before the loop goes on. */
const CHUNK = 200;
const MOST_SHOWN = 20_000;

export class Attachments {
  readonly #options: AttachmentsOptions;
  readonly #usage: ProcessUsage;
  readonly #touched = new Map<string, Group>();
  /** What was told, by id. */
  readonly #shown = new Map<string, Shown>();
  readonly #groups = new Map<string, Set<string>>();
  /** Groups of which not all is told. */
  readonly #cut = new Set<string>();
  /** When those that are to be looked at once more were told, the oldest first. */
  readonly #young = new Map<string, number>();
  #attended: readonly string[] = [];

  constructor(options: AttachmentsOptions) {
    this.#options = options;
    this.#usage = new ProcessUsage(options.clock, options.procRoot);
  }

  /** Whether there are more than are told. */
  get isCut(): boolean {
    return this.#cut.size > 0;
  }

  touch(group: Group): void {
    this.#touched.set(group.key, group);
  }

  /** Everything that was told, as it is now; for who looks for the first time. */
  items(): Attachment[] {
    return [...this.#shown.values()].map(({ item }) => item);
  }

  attend(ids: readonly string[]): void {
    this.#attended = ids;
    this.#usage.keepOnly(new Set(ids));
    this.sample();
  }

  /** Those on a screen are read again: their state, their use of CPU and memory. */
  sample(): void {
    const { publish } = this.#options;
    for (const id of this.#attended) {
      const shown = this.#shown.get(id);
      const named = attachmentOfId(id);
      if (!shown || !named) continue;
      const before = shown.item;
      const item = this.#read({ ...named, data: before.data }, before.job);
      if (!item) continue;
      publish(...renewed(shown, { ...item, usage: this.#usage.sample(id, named.pid, named.startTicks) }));
    }
  }

  /** Tells what has changed; false if the rest is for the next turn of the loop. */
  look(): boolean {
    const events: SourceEvent[] = [];
    let left = CHUNK;
    for (const group of [...this.#touched.values()]) {
      left -= this.#compare(group, left, events);
      if (left <= 0) break;
      this.#touched.delete(group.key);
    }
    const isGrown = this.#lookAtYoung(left, events);
    this.#options.publish(...events);
    return this.#touched.size === 0 && isGrown;
  }

  /** Milliseconds until there is something to look at once more; null: there is nothing. */
  get restMs(): number | null {
    const [toldMs] = this.#young.values();
    return toldMs === undefined ? null : Math.max(0, toldMs + YOUTH_MS - this.#options.clock.nowMs());
  }

  #lookAtYoung(budget: number, events: SourceEvent[]): boolean {
    const nowMs = this.#options.clock.nowMs();
    let left = budget;
    for (const [id, toldMs] of this.#young) {
      if (toldMs + YOUTH_MS > nowMs) return true;
      if (left-- <= 0) return false;
      this.#young.delete(id);
      const shown = this.#shown.get(id);
      const named = attachmentOfId(id);
      if (!shown || !named) continue;
      const { data, job, usage } = shown.item;
      const item = this.#read({ ...named, data }, job);
      if (item) events.push(...renewed(shown, { ...item, usage }));
    }
    return true;
  }

  #read(process: AttachedProcess, jid: string | null): Attachment | null {
    const { node, procRoot } = this.#options;
    return attachmentItem(node, procRoot, process, jid);
  }

  /** How many were read, at most `budget`. */
  #compare(group: Group, budget: number, events: SourceEvent[]): number {
    const { node, list, mostShown = MOST_SHOWN } = this.#options;
    const ids = this.#groups.get(group.key) ?? new Set<string>();
    const gone = new Set(ids);
    let read = 0;
    this.#cut.delete(group.key);
    for (const process of list(group)) {
      const id = attachmentId(node, process.module, `${process.pid}:${process.startTicks}`);
      gone.delete(id);
      const before = this.#shown.get(id);
      if (before?.group === group.key && before.item.data === process.data) continue;
      if (!before && this.#shown.size >= mostShown) {
        this.#cut.add(group.key);
        continue;
      }
      if (read >= budget) continue;
      read++;
      const item = this.#read(process, group.jid);
      if (!item) continue;
      // It may come straight out of another job: then that one has nothing to take back.
      if (before) this.#groups.get(before.group)?.delete(id);
      this.#shown.set(id, { item, group: group.key });
      ids.add(id);
      this.#young.set(id, this.#options.clock.nowMs());
      events.push({ src: "attachments", op: "upsert", item });
    }
    for (const id of gone) {
      if (this.#shown.get(id)?.group !== group.key) continue;
      ids.delete(id);
      this.#shown.delete(id);
      this.#young.delete(id);
      events.push({ src: "attachments", op: "remove", id, reason: "detached" });
    }
    if (ids.size > 0) this.#groups.set(group.key, ids);
    else this.#groups.delete(group.key);
    return read;
  }
}

/** What is to be told of it, if anything: it is remembered as told. */
function renewed(shown: Shown, item: Attachment): SourceEvent[] {
  if (JSON.stringify(shown.item) === JSON.stringify(item)) return [];
  shown.item = item;
  return [{ src: "attachments", op: "upsert", item }];
}
