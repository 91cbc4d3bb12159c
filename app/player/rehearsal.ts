/** A fixture played on a stage of its own, as fast as it goes: for tests, streams and exports. */

import { paste, press } from "#app/console/dispatch.ts";
import type { Size } from "#app/console/layout.ts";
import type { ThemeOptions } from "#app/console/skin.ts";
import type { UiState } from "#app/console/ui-state.ts";
import { ACTIONS } from "#core/act/actions.ts";
import type { Fixture } from "#core/playback/fixture.ts";
import type { RecordKind } from "#core/playback/record.ts";
import { createScriptedService, type ScriptedService } from "#core/playback/scripted-service.ts";
import { createVirtualClock, type VirtualClock } from "#core/playback/virtual-clock.ts";
import { begin } from "./begin.ts";
import { mismatches } from "./check.ts";
import { type Failure, Findings } from "./findings.ts";
import type { Goldens } from "./golden.ts";
import { Hearing } from "./hearing.ts";
import type { Listener } from "./listener.ts";
import { lookAfter } from "./look.ts";
import { type Hands, Player } from "./player.ts";
import { settleIn } from "./settle-in.ts";
import { openStage, type Stage } from "./stage.ts";

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
  readonly #findings: Findings;
  readonly #hearing: Hearing;
  #size: Size;
  #bytesBefore = 0;
  /** Audit rows that were told. */
  #told = 0;
  #exitCode: number | null = null;
  /** What failed is told with what was said. */
  #isHeard: boolean;

  constructor(options: RehearsalOptions, stage: Stage, service: ScriptedService, clock: VirtualClock) {
    this.#options = options;
    this.#stage = stage;
    this.#service = service;
    this.#clock = clock;
    this.#size = options.size;
    const { fixture, hasKeys, version, listener } = options;
    this.#isHeard = options.isHeard === true;
    this.#hearing = new Hearing({ stage, version, onLine: (line) => listener?.said?.(line, clock.nowMs()) });
    if (this.#isHeard || listener?.said !== undefined || expectsReader(fixture)) this.#hearing.open();
    this.#findings = new Findings({
      fixture,
      script: service.script,
      listener,
      lines: () => (this.#isHeard ? this.#hearing.lines : stage.on.lines()),
    });
    this.#player = new Player({ fixture, clock, service, hands: this.#hands(), hasKeys });
  }

  close(): void {
    this.#hearing.close();
  }

  async run(): Promise<Outcome> {
    const { fixture, from, to, isEachDrawn, isStrict } = this.#options;
    const player = this.#player;
    const findings = this.#findings;
    if (from > 0) await player.foldTo(from);
    while (player.index < Math.min(to, fixture.length) && !this.#stage.isLeft) {
      const { index } = player;
      await player.step();
      await player.waitOut();
      if (isEachDrawn && player.nextMs !== this.#clock.nowMs()) await this.#stage.settle();
      findings.takeScriptFailures(index);
      await this.#tell();
      if (isStrict && findings.failures.length > 0) break;
    }
    while (this.#stage.isLeft && AFTERWARDS.includes(fixture.kindOf(player.index)) && player.index < to)
      await player.step();
    await this.#finish();
    return {
      failures: findings.failures,
      exitCode: this.#exitCode,
      checks: findings.checks,
      service: this.#service,
      clock: this.#clock,
      ui: this.#stage.open.desk.store.state().ui,
    };
  }

  async #finish(): Promise<void> {
    const { fixture, hasKeys, to } = this.#options;
    const findings = this.#findings;
    const { script } = this.#service;
    const last = fixture.length - 1;
    script.moveOn();
    await this.#settle();
    findings.takeScriptFailures(last);
    if (this.#stage.isLeft) this.#exitCode = await this.#stage.exit;
    await this.#tell();
    const { index } = this.#player;
    if (this.#stage.isLeft && index < to) {
      const got = `exit code ${this.#exitCode}, with records to come`;
      findings.fail(fixture.placeOf(index), index, [{ what: "end", wanted: "the console", got }]);
    }
    const isWhole = to >= fixture.length && findings.failures.length === 0;
    if (!hasKeys || !isWhole) return;
    const wanted = this.#player.end?.exitCode ?? null;
    const exitCode = this.#exitCode ?? 0;
    if (wanted !== null && wanted !== exitCode) {
      findings.fail(null, last, [{ what: "end", wanted: `exit code ${wanted}`, got: `${exitCode}` }]);
    }
    for (const place of hasInput(fixture) ? script.unused : []) {
      findings.fail(place, last, [{ what: "effect", wanted: "somebody who asks for it", got: "nobody did" }]);
    }
  }

  async #tell(): Promise<void> {
    const { listener } = this.#options;
    const { audit } = this.#service.script;
    for (const event of audit.slice(this.#told)) listener?.event?.(event, this.#clock.nowMs());
    this.#told = audit.length;
    await listener?.flush?.();
  }

  #hands(): Hands {
    const { listener, goldens } = this.#options;
    const desk = () => this.#stage.open.desk;
    return {
      press: (key) => this.#hearing.answer(key, () => press(desk(), key)),
      paste: (text) => this.#hearing.answer(null, () => paste(desk(), text)),
      act: (action, id) => this.#hearing.answer(null, () => begin(desk(), ACTIONS[action], id, this.#service.node)),
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
          said: this.#hearing.said,
          bytes: this.#stage.on.written - this.#bytesBefore,
          golden: (name, text) => goldens.compare(name, text, this.#size, desk().skin.isAscii),
        });
        if (found.length > 0 && !isLast) return false;
        this.#hearing.forget();
        this.#bytesBefore = this.#stage.on.written;
        this.#findings.checked(place, index, found);
        return found.length === 0;
      },
    };
  }

  /** What is known is shown now: data do not wait for their frame where somebody looks. */
  async #settle(): Promise<void> {
    if (!this.#stage.isLeft) {
      this.#stage.open.desk.intake.now();
      this.#hearing.now();
    }
    await this.#stage.settle();
  }

  #hear(isHeard: boolean): void {
    this.#isHeard = isHeard;
    if (isHeard) this.#hearing.open();
    else this.#hearing.close();
  }
}

const INPUTS: readonly RecordKind[] = ["key", "keys", "text", "action"];

/** Whether anything in it asks for an effect. */
function hasInput(fixture: Fixture): boolean {
  return Array.from({ length: fixture.length }).some((_, index) => INPUTS.includes(fixture.kindOf(index)));
}

/** Whether anything in it looks at what a screen reader is told. */
function expectsReader(fixture: Fixture): boolean {
  for (let index = 0; index < fixture.length; index++) {
    const kind = fixture.kindOf(index);
    if ((kind === "expect" || kind === "wait") && fixture.text(index).includes('"reader"')) return true;
  }
  return false;
}
