/**
 * Plays the records of a fixture in their order, on its clock: timers that are due come before a record of the same moment.
 * What a record does to the screen is up to its hands, so that a test and an operator see the same.
 */
import type { ActionId } from "#core/act/actions.ts";
import type { Expectation } from "#core/playback/expectation.ts";
import type { Fixture, TimedFixtureRecord } from "#core/playback/fixture.ts";
import { type FixtureRecord, type Setting, switchesOf } from "#core/playback/record.ts";
import type { ScriptedService } from "#core/playback/scripted-service.ts";
import type { SourceAt } from "#core/playback/source-events.ts";
import { standing } from "#core/playback/superseded.ts";
import type { VirtualClock } from "#core/playback/virtual-clock.ts";

export interface Hands {
  press(key: string): void;
  paste(text: string): void;
  act(action: ActionId, id: string | null): void;
  resize(columns: number, rows: number): void;
  /** What is known is on the screen when this resolves. */
  settle(): Promise<void>;
  /** A moment is over: what it drew can be seen. */
  momentOver?(): Promise<void>;
  /** Whether it is so now; `isLast` if it will not be asked again. */
  check(expectation: Expectation, at: TimedFixtureRecord, isLast: boolean): Promise<boolean>;
  mark(name: string): void;
  set(setting: Setting, at: TimedFixtureRecord): void;
}

export interface PlayerOptions {
  readonly fixture: Fixture;
  readonly clock: VirtualClock;
  readonly service: ScriptedService;
  readonly hands: Hands;
  /** False: what the sources said alone; what was pressed and expected is left out. */
  readonly hasKeys: boolean;
}

/** Lets everything go on that waits for nothing but its turn. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const INPUTS = new Set(["key", "keys", "text", "paste", "mouse", "action"]);

export class Player {
  readonly #options: PlayerOptions;
  /** What was pressed is pressed again; false once the operator has taken over. */
  isKeyed: boolean;
  #index = 0;
  #waiting: Waiting | null = null;
  #end: { readonly exitCode: number | null } | null = null;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.isKeyed = options.hasKeys;
  }

  /** Number of the record that comes next. */
  get index(): number {
    return this.#index;
  }

  get isAtEnd(): boolean {
    return this.#index >= this.#options.fixture.length;
  }

  /** What the end record says; null before it, and if there is none. */
  get end() {
    return this.#end;
  }

  /** When the next record is due; null at the end. */
  get nextMs(): number | null {
    return this.isAtEnd ? null : this.#options.fixture.atMs(this.#index);
  }

  /** To another place, without playing what lies between. */
  moveTo(index: number): void {
    this.#index = index;
    this.#waiting = null;
    this.#end = null;
  }

  /** Lets time go on to `ms`, timer by timer: what one of them sets off may set another. */
  async passTo(ms: number): Promise<void> {
    const { clock, service, hands } = this.#options;
    const isLater = ms > clock.nowMs();
    if (isLater && (this.isAtEnd || this.#options.fixture.kindOf(this.#index) !== "effect")) {
      service.script.moveOn();
      await turn();
    }
    for (let due = clock.nextDueMs(); due !== null && due <= ms; due = clock.nextDueMs()) {
      clock.advanceTo(due);
      await turn();
      await hands.momentOver?.();
    }
    clock.advanceTo(ms);
  }

  /** The next record, or all that the sources said at one moment; what is waited for before it is waited out. */
  async step(): Promise<void> {
    const { fixture, service } = this.#options;
    await this.waitOut();
    if (this.isAtEnd) return;
    await this.passTo(fixture.atMs(this.#index));
    if (fixture.kindOf(this.#index) === "src") return service.play(this.#said(fixture.atMs(this.#index)));
    const at = fixture.record(this.#index++);
    await this.#perform(at);
  }

  /** Up to a record, as fast as it goes: what was pressed is pressed, but nobody looks. */
  async foldTo(index: number, onPart?: () => void): Promise<void> {
    const { fixture, service, clock } = this.#options;
    const last = Math.min(index, fixture.length);
    await this.waitOut();
    while (this.#index < last) {
      if (fixture.kindOf(this.#index) !== "src") {
        await this.passTo(fixture.atMs(this.#index));
        const at = fixture.record(this.#index++);
        if (!("expect" in at.record)) await this.#perform(at);
        await this.waitOut();
        continue;
      }
      const end = this.#endOfRun(last);
      // What is told again later in a long run is not read at all.
      const indices = end - this.#index > PART ? standing(fixture, this.#index, end) : this.#all(end);
      for (let part = 0; part < indices.length; part += PART) {
        const said = indices.slice(part, part + PART).flatMap((each) => sourceAt(fixture.record(each)));
        await this.passTo(Math.max(clock.nowMs(), said.at(-1)?.atMs ?? 0));
        service.play(said);
      }
      this.#index = end;
      await this.passTo(fixture.atMs(end - 1));
      onPart?.();
    }
  }

  /** All of one moment. */
  #said(atMs: number): SourceAt[] {
    const { fixture } = this.#options;
    const said: SourceAt[] = [];
    while (!this.isAtEnd && said.length < PART) {
      if (fixture.kindOf(this.#index) !== "src" || fixture.atMs(this.#index) !== atMs) break;
      said.push(...sourceAt(fixture.record(this.#index++)));
    }
    return said;
  }

  /** Where something else comes than what sources said. */
  #endOfRun(last: number): number {
    const { fixture } = this.#options;
    let end = this.#index;
    while (end < last && fixture.kindOf(end) === "src") end++;
    return end;
  }

  #all(end: number): readonly number[] {
    return Array.from({ length: end - this.#index }, (_, step) => this.#index + step);
  }

  async #perform(at: TimedFixtureRecord): Promise<void> {
    const { hands, service, fixture } = this.#options;
    const { record } = at;
    if (!this.isKeyed && isInput(record)) return;
    if ("src" in record) return service.play(sourceAt(at));
    if ("effect" in record) service.effect(record.effect, at.place);
    else if ("key" in record) hands.press(record.key);
    else if ("keys" in record) for (const key of record.keys) hands.press(key);
    else if ("text" in record) for (const key of record.text) hands.press(key === " " ? "space" : key);
    else if ("paste" in record) hands.paste(record.paste);
    else if ("resize" in record) hands.resize(record.resize.cols, record.resize.rows);
    else if ("action" in record) hands.act(record.action, record.id);
    else if ("mark" in record) hands.mark(record.mark);
    else if ("expect" in record) {
      await turn();
      await hands.settle();
      if (this.isKeyed) await hands.check(record.expect, at, true);
    } else if ("wait" in record) {
      const { for: condition, withinMs } = record.wait;
      if (this.isKeyed) this.#waiting = { condition, limitMs: this.#options.clock.nowMs() + withinMs, at };
    } else if ("set" in record) {
      if (record.set.readOnly !== undefined) service.isReadOnly = record.set.readOnly;
      // Where the operator was is not where whoever took over is.
      hands.set(this.isKeyed ? record.set : switchesOf(record.set), at);
    } else if ("end" in record) {
      this.#end = { exitCode: record.end.exitCode ?? null };
      this.#index = fixture.length;
    }
    if (isInput(record)) await turn();
  }

  /** Whether a wait record holds up those behind it. */
  get isWaiting(): boolean {
    return this.#waiting !== null;
  }

  /** Looks whether what is waited for is so: when to look again, null if nothing is waited for any more. */
  async lookAgainMs(): Promise<number | null> {
    if (this.#waiting === null) return null;
    const { clock, hands } = this.#options;
    const { condition, limitMs, at } = this.#waiting;
    await turn();
    await hands.settle();
    const dueMs = clock.nextDueMs();
    // What nothing is under way to change stays as it is.
    const isLast = dueMs === null || dueMs > limitMs;
    const isOver = !this.isKeyed || (await hands.check(condition, at, isLast)) || isLast;
    if (isOver) this.#waiting = null;
    return isOver ? null : dueMs;
  }

  /** Lets time go on until nothing is waited for. */
  async waitOut(): Promise<void> {
    for (let due = await this.lookAgainMs(); due !== null; due = await this.lookAgainMs()) await this.passTo(due);
  }
}

interface Waiting {
  readonly condition: Expectation;
  /** Of the virtual clock. */
  readonly limitMs: number;
  readonly at: TimedFixtureRecord;
}

/** What is read at one go. */
const PART = 2000;

export const isInput = (record: FixtureRecord): boolean =>
  Object.keys(record).some((key) => INPUTS.has(key)) && !("src" in record);

function sourceAt({ record, place, atMs }: TimedFixtureRecord): SourceAt[] {
  return "src" in record ? [{ record, place, atMs }] : [];
}
