/** A fixture played on a stage of its own, as fast as it goes: for tests, streams and exports. */

import { paste, press } from "#app/console/dispatch.ts";
import { createJournal, type Journal } from "#app/console/journal/journal.ts";
import type { Size } from "#app/console/layout.ts";
import type { ThemeOptions } from "#app/console/skin.ts";
import type { UiState } from "#app/console/ui-state.ts";
import { ACTIONS } from "#core/act/actions.ts";
import type { MusterEvent } from "#core/model/event.ts";
import type { Fixture } from "#core/playback/fixture.ts";
import type { Place } from "#core/playback/read-record.ts";
import type { RecordKind } from "#core/playback/record.ts";
import { createScriptedService, type ScriptedService } from "#core/playback/scripted-service.ts";
import { createVirtualClock, type VirtualClock } from "#core/playback/virtual-clock.ts";
import { begin } from "./begin.ts";
import { type Mismatch, mismatches } from "./check.ts";
import type { Goldens } from "./golden.ts";
import { lookAfter } from "./look.ts";
import { type Hands, Player } from "./player.ts";
import { settleIn } from "./settle-in.ts";
import { openStage, type Stage } from "./stage.ts";

/** Something that was not as expected. */
export interface Failure {
  /** null: about the fixture as a whole. */
  readonly place: Place | null;
  readonly index: number;
  readonly atMs: number;
  readonly mismatches: readonly Mismatch[];
  readonly lines: readonly string[];
}

/** What whoever looks on is told, as it happens. */
export interface Listener {
  mark?(name: string, atMs: number): void;
  resize?(size: Size, atMs: number): void;
  checked?(place: Place | null, atMs: number, found: readonly Mismatch[]): void;
  /** What happened, and what was asked for and came of it. */
  event?(event: MusterEvent, atMs: number): void;
  /** Between two records. */
  flush?(): Promise<void>;
  /** What a screen reader is told, line by line. */
  said?(line: string, atMs: number): void;
  /** Everything that is drawn, with the time of the fixture. */
  written?(text: string, atMs: number): void;
}

export interface RehearsalOptions {
  readonly fixture: Fixture;
  readonly size: Size;
  readonly theme: ThemeOptions;
  readonly hasKeys: boolean;
  /** Records from here to there are played in full; what comes before is folded. */
  readonly from: number;
  readonly to: number;
  readonly goldens: Goldens;
  readonly version: string;
  readonly listener?: Listener;
  /** What each moment shows is drawn before the next, as somebody who looks on would see it. */
  readonly isEachDrawn: boolean;
  /** Ends with the first failure. */
  readonly isStrict: boolean;
  /** What failed is told with the lines of the journal instead of the screen. */
  readonly isHeard?: boolean;
}

export interface Outcome {
  readonly failures: readonly Failure[];
  /** Of the console if it was left, else null. */
  readonly exitCode: number | null;
  readonly checks: number;
  readonly service: ScriptedService;
  readonly clock: VirtualClock;
  /** Where the operator was at the end. */
  readonly ui: UiState;
}

export async function rehearse(options: RehearsalOptions): Promise<Outcome> {
  const giveBack = inOneTimeZone();
  try {
    return await rehearseHere(options);
  } finally {
    giveBack();
  }
}

/** The console tells local time. Here a fixture is drawn the same wherever the machine stands. */
function inOneTimeZone(): () => void {
  const before = process.env.TZ;
  process.env.TZ = "UTC";
  return () => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  };
}

async function rehearseHere(options: RehearsalOptions): Promise<Outcome> {
  const { fixture, size, theme, version, listener } = options;
  const clock = createVirtualClock(fixture.startWallMs);
  const service = createScriptedService(clock, fixture.node);
  let requests = 0;
  /** What gives the terminal back would take the last screen away. */
  let isOver = false;
  const stage = await openStage({
    service,
    clock,
    theme,
    size,
    version,
    newRequestId: () => `request-${fixture.header.seed ?? 0}-${++requests}`,
    replay: { press: () => false, paste: () => false },
    onWrite: (text) => {
      if (!isOver) listener?.written?.(text, clock.nowMs());
    },
  });
  if (listener?.event) {
    service.subscribe(["events"], ({ batch }) => {
      for (const said of batch) {
        if (said.src === "events" && said.op === "upsert") listener.event?.(said.item, clock.nowMs());
      }
    });
  }
  const rehearsal = new Rehearsal(options, stage, service, clock);
  try {
    return await rehearsal.run();
  } finally {
    rehearsal.close();
    isOver = true;
    await stage.close();
  }
}

/** What may still be played where the console was left. */
const AFTERWARDS: readonly RecordKind[] = ["end", "mark", "note"];

class Rehearsal {
  readonly #options: RehearsalOptions;
  readonly #stage: Stage;
  readonly #service: ScriptedService;
  readonly #clock: VirtualClock;
  readonly #player: Player;
  readonly #failures: Failure[] = [];
  #checks = 0;
  #size: Size;
  #bytesBefore = 0;
  /** Failures of the script that were taken over. */
  #known = 0;
  /** Audit rows that were told. */
  #told = 0;
  #exitCode: number | null = null;
  /** null: nobody listens. */
  #journal: Journal | null;
  /** What failed is told with what was said. */
  #isHeard: boolean;
  /** The last lines of the journal, and those of them since the last key or expectation. */
  #heard: string[] = [];
  #said: string[] = [];

  constructor(options: RehearsalOptions, stage: Stage, service: ScriptedService, clock: VirtualClock) {
    this.#options = options;
    this.#stage = stage;
    this.#service = service;
    this.#clock = clock;
    this.#size = options.size;
    const { fixture, hasKeys } = options;
    this.#isHeard = options.isHeard === true;
    const isHeard = this.#isHeard || options.listener?.said !== undefined || expectsReader(fixture);
    this.#journal = isHeard ? this.#openJournal() : null;
    this.#player = new Player({ fixture, clock, service, hands: this.#hands(), hasKeys });
  }

  close(): void {
    this.#journal?.close();
  }

  /** It listens to the same desk as the screen. */
  #openJournal(): Journal {
    const { version, listener } = this.#options;
    return createJournal({
      desk: this.#stage.open.desk,
      version,
      say: (line) => {
        this.#said.push(line);
        this.#heard = [...this.#heard, line].slice(-LAST_LINES);
        listener?.said?.(line, this.#clock.nowMs());
      },
    });
  }

  #hear(isHeard: boolean): void {
    this.#isHeard = isHeard;
    if (isHeard) this.#journal ??= this.#openJournal();
    else {
      this.#journal?.close();
      this.#journal = null;
    }
  }

  #answer(key: string | null, act: () => void): void {
    this.#said = [];
    if (this.#journal) this.#journal.answer(key === null ? [] : [key], act);
    else act();
  }

  async run(): Promise<Outcome> {
    const { fixture, from, to, isEachDrawn, isStrict } = this.#options;
    const player = this.#player;
    if (from > 0) await player.foldTo(from);
    while (player.index < Math.min(to, fixture.length) && !this.#stage.isLeft) {
      const { index } = player;
      await player.step();
      await player.waitOut();
      if (isEachDrawn && player.nextMs !== this.#clock.nowMs()) await this.#stage.settle();
      this.#takeScriptFailures(index);
      await this.#tell();
      if (isStrict && this.#failures.length > 0) break;
    }
    while (this.#stage.isLeft && AFTERWARDS.includes(fixture.kindOf(player.index)) && player.index < to)
      await player.step();
    await this.#finish();
    return {
      failures: this.#failures,
      exitCode: this.#exitCode,
      checks: this.#checks,
      service: this.#service,
      clock: this.#clock,
      ui: this.#stage.open.desk.store.state().ui,
    };
  }

  async #finish(): Promise<void> {
    const { fixture, hasKeys, to } = this.#options;
    this.#service.script.moveOn();
    await this.#settle();
    this.#takeScriptFailures(fixture.length - 1);
    if (this.#stage.isLeft) this.#exitCode = await this.#stage.exit;
    await this.#tell();
    if (this.#stage.isLeft && this.#player.index < to) {
      const got = `exit code ${this.#exitCode}, with records to come`;
      this.#fail(fixture.placeOf(this.#player.index), this.#player.index, [
        { what: "end", wanted: "the console", got },
      ]);
    }
    const isWhole = to >= fixture.length && this.#failures.length === 0;
    if (!hasKeys || !isWhole) return;
    const wanted = this.#player.end?.exitCode ?? null;
    if (wanted !== null && wanted !== (this.#exitCode ?? 0)) {
      this.#fail(null, fixture.length - 1, [
        { what: "end", wanted: `exit code ${wanted}`, got: `${this.#exitCode ?? 0}` },
      ]);
    }
    for (const place of this.#hasInput() ? this.#service.script.unused : []) {
      this.#fail(place, fixture.length - 1, [
        { what: "effect", wanted: "somebody who asks for it", got: "nobody did" },
      ]);
    }
  }

  async #tell(): Promise<void> {
    const { listener } = this.#options;
    const { audit } = this.#service.script;
    for (const event of audit.slice(this.#told)) listener?.event?.(event, this.#clock.nowMs());
    this.#told = audit.length;
    await listener?.flush?.();
  }

  #hasInput(): boolean {
    const { fixture } = this.#options;
    const kinds = ["key", "keys", "text", "action"];
    return Array.from({ length: fixture.length }).some((_, index) => kinds.includes(fixture.kindOf(index)));
  }

  #hands(): Hands {
    const { fixture, listener, goldens } = this.#options;
    const desk = () => this.#stage.open.desk;
    return {
      press: (key) => this.#answer(key, () => press(desk(), key)),
      paste: (text) => this.#answer(null, () => paste(desk(), text)),
      act: (action, id) => this.#answer(null, () => begin(desk(), ACTIONS[action], id, this.#service.node)),
      resize: (columns, rows) => {
        this.#size = { columns, rows };
        listener?.resize?.(this.#size, this.#clock.nowMs());
        this.#stage.on.resize(this.#size);
      },
      settle: () => this.#settle(),
      momentOver: async () => {
        if (this.#options.isEachDrawn) await this.#stage.settle();
      },
      // As fast as it goes, whatever it was.
      set: (setting, { place }) => {
        settleIn(desk(), setting, lookAfter(desk().skin, setting), place);
        if (setting.screenReader !== undefined) this.#hear(setting.screenReader);
      },
      mark: (name) => listener?.mark?.(name, this.#clock.nowMs()),
      check: async (expectation, { place, index }, isLast) => {
        const found = mismatches(expectation, {
          desk: desk(),
          service: this.#service,
          lines: this.#stage.on.lines(),
          said: this.#said,
          bytes: this.#stage.on.written - this.#bytesBefore,
          golden: (name, text) => goldens.compare(name, text, this.#size, desk().skin.isAscii),
        });
        if (found.length > 0 && !isLast) return false;
        this.#checks++;
        this.#said = [];
        this.#bytesBefore = this.#stage.on.written;
        if (found.length === 0) listener?.checked?.(place, fixture.atMs(index), found);
        else this.#fail(place, index, found);
        return found.length === 0;
      },
    };
  }

  /** What is known is shown now: data do not wait for their frame where somebody looks. */
  async #settle(): Promise<void> {
    if (!this.#stage.isLeft) {
      this.#stage.open.desk.intake.now();
      this.#journal?.now();
    }
    await this.#stage.settle();
  }

  #takeScriptFailures(index: number): void {
    const { failures } = this.#service.script;
    for (const { place, message } of failures.slice(this.#known)) {
      const wanted = "an effect record that fits, at this moment";
      this.#fail(place ?? this.#options.fixture.placeOf(index), index, [{ what: "effect", wanted, got: message }]);
    }
    this.#known = failures.length;
  }

  #fail(place: Place | null, index: number, found: readonly Mismatch[]): void {
    const { fixture } = this.#options;
    const lines = this.#isHeard ? this.#heard : this.#stage.on.lines();
    this.#options.listener?.checked?.(place, fixture.atMs(index), found);
    this.#failures.push({ place, index, atMs: fixture.atMs(index), mismatches: found, lines });
  }
}

/** Of the journal, with what failed. */
const LAST_LINES = 24;

/** Whether anything in it looks at what a screen reader is told. */
function expectsReader(fixture: Fixture): boolean {
  for (let index = 0; index < fixture.length; index++) {
    const kind = fixture.kindOf(index);
    if ((kind === "expect" || kind === "wait") && fixture.text(index).includes('"reader"')) return true;
  }
  return false;
}
