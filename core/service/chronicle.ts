/**
 * The service's hand on the journal: opened when first needed, followed for what other muster processes write, and
 * never in the way: if it cannot be written, muster goes on and says so, for a full disk must not keep an operator from
 * stopping a daemon.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { OUTCOME_SEVERITY } from "#core/act/request.ts";
import type { Journal, NewEvent } from "#core/journal/journal.ts";
import { type Clock, timestamp } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { errorRecord, type MusterError, toMusterError } from "#core/model/error.ts";
import type { MusterEvent } from "#core/model/event.ts";
import { makeId, makeIdentity, nameOf } from "#core/model/id.ts";
import type { SourceEvent, Warning } from "#core/model/source.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import type { EventQuery } from "./service.ts";

/** How many old events the Events pane begins with. */
const BACKLOG = 500;
/** Events kept until a full disk has room again; of more than that the oldest are only shown. */
const MOST_WAITING = 1000;

export interface ChronicleOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  /** Nothing is written then: events are shown and forgotten. */
  readonly isReadOnly: boolean;
  readonly publish: (event: SourceEvent) => void;
}

export class Chronicle {
  readonly #options: ChronicleOptions;
  readonly #path: string;
  #journal: Journal | null = null;
  #failure: MusterError | null = null;
  #lastNumber = 0;
  #dataVersion = -1;
  #unsaved = 0;
  /** The last write failed, or the last read. */
  #isFailing = false;
  /** What could not be written to the journal that is open. */
  #waiting: readonly NewEvent[] = [];

  constructor(options: ChronicleOptions) {
    this.#options = options;
    this.#path = join(options.environment.stateDirectory, "journal.db");
  }

  /** The file that is followed; null as long as there is none open. */
  get path(): string | null {
    return this.#journal ? this.#path : null;
  }

  /** Why what happens now is not kept; null if it is. */
  get failure(): Warning | null {
    if (!this.#failure) return null;
    return { code: "NOT_RECORDED", target: this.#path, message: `not recorded: ${this.#failure.message}` };
  }

  /** Opens the journal if there is one already; a command that only looks makes none. SQLite is loaded only then. */
  async openIfThere(): Promise<void> {
    if (existsSync(this.#path)) await this.open();
  }

  /** Opens or makes it, and closes the book on actions whose muster died in the middle. */
  async open(): Promise<void> {
    if (this.#journal || this.#failure) return;
    const { environment, clock, isReadOnly } = this.#options;
    try {
      const { Journal } = await import("#core/journal/journal.ts");
      const journal = Journal.open(this.#path, environment.node, clock.wallMs());
      this.#journal = journal;
      if (journal.movedAside !== null) {
        const message = `the journal was damaged; it is kept as ${journal.movedAside} and a new one was begun`;
        this.record({ severity: "error", code: "SOURCE_FAILED", target: null, message });
      }
      if (!isReadOnly) this.#closeUnfinished(journal);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Publishes the newest events and from then on every new one. */
  begin(): void {
    const items = this.read({ limit: BACKLOG });
    this.#lastNumber = numberOf(items.at(-1)) ?? this.#lastNumber;
    if (this.#failure)
      this.#options.publish({ src: "events", op: "unavailable", error: errorRecord(this.#failure, this.#path) });
    else this.#options.publish({ src: "events", op: "reset", items });
  }

  /** Takes up what other processes have written since; false, and one cheap question, if they have not. */
  follow(): boolean {
    const journal = this.#journal;
    if (!journal) return false;
    try {
      const version = journal.dataVersion();
      if (version === this.#dataVersion) return false;
      this.#dataVersion = version;
      this.#publishNew(journal);
    } catch (thrown) {
      this.#fail(thrown);
    }
    return true;
  }

  /** Writes one event; false if it could not be written. It is shown in any case, and written when that can be again. */
  record(event: Omit<NewEvent, "atMs">): boolean {
    return this.recordAll([event]);
  }

  /** Writes what happened at one moment, a few transactions for thousands; false if it could not be written. */
  recordAll(events: readonly Omit<NewEvent, "atMs">[]): boolean {
    const atMs = this.#options.clock.wallMs();
    let isKept = true;
    // Parts, because what is new is read back no more than BACKLOG at a time.
    for (let from = 0; from < events.length; from += BACKLOG / 2) {
      const part = events.slice(from, from + BACKLOG / 2).map((event) => ({ ...event, atMs }));
      if (!this.#recordPart(part)) isKept = false;
    }
    return isKept;
  }

  #recordPart(part: readonly NewEvent[]): boolean {
    const journal = this.#options.isReadOnly ? null : this.#journal;
    let isKept = false;
    try {
      if (journal && this.#isFailing) this.#recover(journal);
      journal?.appendAll(part);
      isKept = journal !== null;
      if (journal) this.#publishNew(journal);
    } catch (thrown) {
      this.#fail(thrown);
    }
    if (isKept) return true;
    for (const event of part) this.#publishUnsaved(event);
    if (journal) this.#waiting = [...this.#waiting, ...part].slice(-MOST_WAITING);
    return false;
  }

  /** It can be written again: what could not be before comes first. Throws what keeps it from being so. */
  #recover(journal: Journal): void {
    this.#publishNew(journal);
    journal.appendAll(this.#waiting);
    this.#waiting = [];
    this.#failure = null;
    this.#isFailing = false;
    // In the place of what was shown without a number.
    this.begin();
  }

  read(query: EventQuery): readonly MusterEvent[] {
    try {
      return this.#journal?.read(query) ?? [];
    } catch (thrown) {
      this.#fail(thrown);
      return [];
    }
  }

  wanted(): ReadonlyMap<string, "up" | "down"> {
    try {
      return this.#journal?.wanted() ?? new Map();
    } catch (thrown) {
      this.#fail(thrown);
      return new Map();
    }
  }

  setWanted(target: string, wanted: "up" | "down"): void {
    try {
      this.#journal?.setWanted(target, wanted, this.#options.clock.wallMs());
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** `pid:starttime` of this very process, as first audit rows name it. */
  get processIdentity(): string {
    const ticks = processIdentityTicks("/proc", process.pid);
    return ticks === null ? String(process.pid) : makeIdentity(process.pid, ticks);
  }

  close(): void {
    this.#journal?.close();
    this.#journal = null;
  }

  #publishNew(journal: Journal): void {
    const events = journal.read({ afterNumber: this.#lastNumber, limit: BACKLOG });
    for (const item of events) this.#options.publish({ src: "events", op: "upsert", item });
    this.#lastNumber = numberOf(events.at(-1)) ?? this.#lastNumber;
  }

  #publishUnsaved(event: NewEvent): void {
    // Between the numbers of the journal, where it happened.
    const number = (this.#lastNumber + ++this.#unsaved / 1e6).toFixed(6);
    const id = makeId(this.#options.environment.node, "event", number);
    const { requestId = null, action = null, outcome = null, actor = null, variables = null } = event;
    const { severity, code, target, message } = event;
    const at = timestamp(event.atMs);
    const item = {
      id,
      kind: "Event",
      at,
      severity,
      code,
      target,
      message,
      requestId,
      action,
      outcome,
      variables,
      actor,
    } as const;
    this.#options.publish({ src: "events", op: "upsert", item });
  }

  #closeUnfinished(journal: Journal): void {
    for (const open of journal.openActions()) {
      if (open.process !== null && isAlive(open.process)) continue;
      this.record({
        severity: OUTCOME_SEVERITY.unknown,
        code: "ACTION_UNFINISHED",
        target: open.target,
        message: `${open.action}: muster ended in the middle; whether it took effect is not known`,
        requestId: open.requestId,
        action: open.action,
        outcome: "unknown",
        once: `unfinished ${open.requestId} ${open.target}`,
      });
    }
  }

  #fail(thrown: unknown): void {
    const failure = toMusterError(thrown, this.#path);
    this.#isFailing = true;
    // A journal that is only locked by another for long may be free the next time.
    if (failure.code !== "BUSY") this.#failure = failure;
    this.#options.publish({ src: "events", op: "unavailable", error: errorRecord(failure, this.#path) });
  }
}

function isAlive(identity: string): boolean {
  const [pid = "", ticks = ""] = identity.split(":");
  return processIdentityTicks("/proc", Number(pid)) === ticks;
}

function numberOf(event: MusterEvent | undefined): number | null {
  if (!event) return null;
  return Number(nameOf(event.id));
}
