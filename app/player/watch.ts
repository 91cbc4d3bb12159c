/**
 * A fixture played before an operator, in the terminal: the virtual clock follows the real one at the speed that was asked
 * for, and stands still when it is told to.
 */
import { paste, press } from "#app/console/dispatch.ts";
import { type OpenConsole, runConsole } from "#app/console/run.ts";
import { createSkin, type ThemeOptions } from "#app/console/skin.ts";
import { ACTIONS } from "#core/act/actions.ts";
import type { Clock } from "#core/model/clock.ts";
import { errorRecord } from "#core/model/error.ts";
import type { Fixture } from "#core/playback/fixture.ts";
import { createScriptedService, type ScriptedService } from "#core/playback/scripted-service.ts";
import { createVirtualClock, type VirtualClock } from "#core/playback/virtual-clock.ts";
import { begin } from "./begin.ts";
import { isStill, Keyframes } from "./keyframes.ts";
import { lookAfter, lookWithin } from "./look.ts";
import { type Hands, Player, turn } from "./player.ts";
import { type Asking, boundedSpeed, NOT_ASKING, type Order, pressed, transportLine } from "./transport.ts";

export interface WatchOptions {
  readonly fixture: Fixture;
  readonly theme: ThemeOptions;
  readonly version: string;
  readonly hasKeys: boolean;
  readonly from: number;
  readonly to: number;
  /** Infinity: as fast as it goes. */
  readonly speed: number;
  readonly isStepping: boolean;
  readonly isLooping: boolean;
  /** No pause between two records is longer. */
  readonly idleLimitMs: number | null;
  /** The number of the record at a place that was typed; throws if there is none. */
  readonly placeOf: (text: string) => number;
  /** Real time. */
  readonly clock: Clock;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Called when the first frame is drawn. */
  readonly onOpen?: (open: OpenConsole) => void;
}

/** The console's exit code. */
export async function watch(options: WatchOptions): Promise<number> {
  const { fixture, theme, version, stdin, stdout, stderr } = options;
  const clock = createVirtualClock(fixture.startWallMs);
  const service = createScriptedService(clock, fixture.node);
  const opened = Promise.withResolvers<OpenConsole>();
  let show: Show | null = null;
  let requests = 0;
  const exit = runConsole({
    service,
    clock,
    theme,
    version,
    stdin,
    stdout,
    stderr,
    newRequestId: () => `request-${fixture.header.seed ?? 0}-${++requests}`,
    replay: { press: (key) => show?.press(key) ?? false },
    onOpen: opened.resolve,
  });
  const open = await Promise.race([opened.promise, exit.then(() => opened.promise)]);
  options.onOpen?.(open);
  show = new Show(options, open, service, clock);
  let failure: unknown = null;
  const played = show.run().catch((thrown: unknown) => {
    failure = thrown;
    // Before anything is said the terminal is given back.
    open.desk.leave(0);
  });
  const code = await exit;
  show.stop();
  await played;
  if (failure !== null) throw failure;
  return code;
}

/** The line of the playback is drawn so often while nothing else happens. */
const TICK_MS = 250;
/** What a key of the operator's sets off while all stands still: the past of what is selected is looked for then. */
const NUDGE_MS = 100;

class Show {
  readonly #options: WatchOptions;
  readonly #open: OpenConsole;
  readonly #service: ScriptedService;
  readonly #clock: VirtualClock;
  readonly #player: Player;
  readonly #keyframes = new Keyframes();
  #orders: Order[] = [];
  #asking: Asking = NOT_ASKING;
  #speed: number;
  #isPaused: boolean;
  #isStopped = false;
  /** The operator pressed a key of the console's. */
  #isNudged = false;
  #problem: string | null = null;
  #lastRecordMs = 0;
  #wake = () => {};

  constructor(options: WatchOptions, open: OpenConsole, service: ScriptedService, clock: VirtualClock) {
    this.#options = options;
    this.#open = open;
    this.#service = service;
    this.#clock = clock;
    this.#speed = options.speed;
    this.#isPaused = options.isStepping;
    const { fixture, hasKeys } = options;
    this.#player = new Player({ fixture, clock, service, hands: this.#hands(), hasKeys });
  }

  /** True: the key was the playback's. */
  press(key: string): boolean {
    const { asking, order, isTaken } = pressed(this.#asking, key);
    this.#asking = asking;
    if (isTaken) this.#problem = null;
    else this.#isNudged = true;
    if (order) this.#orders.push(order);
    this.#draw();
    this.#wake();
    return isTaken;
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  async run(): Promise<void> {
    const { from } = this.#options;
    this.#keep();
    await this.#seek(from);
    this.#draw();
    while (!this.#isStopped) {
      const order = this.#orders.shift();
      if (order) await this.#obey(order);
      else if (this.#speed === Number.POSITIVE_INFINITY && !this.#isPaused) await this.#rush();
      else await this.#go();
      this.#draw();
    }
  }

  get #last(): number {
    return Math.min(this.#options.to, this.#options.fixture.length);
  }

  get #isAtEnd(): boolean {
    return this.#player.index >= this.#last;
  }

  /** As fast as it goes; then at its usual pace, for whoever takes over. */
  async #rush(): Promise<void> {
    await this.#player.foldTo(this.#last, () => this.#keep());
    this.#open.desk.intake.now();
    this.#speed = 1;
  }

  /** Until the next thing that is due, or for a tick of the line. */
  async #go(): Promise<void> {
    const player = this.#player;
    if (this.#isAtEnd && this.#options.isLooping && !this.#isPaused) {
      // Long enough to be seen.
      await this.#rest(TICK_MS * 4);
      if (!this.#isStopped && this.#orders.length === 0) await this.#seek(this.#options.from);
      return;
    }
    if (this.#isPaused) {
      await this.#rest(null);
      if (this.#isNudged) await this.#passTo(this.#clock.nowMs() + NUDGE_MS);
      return;
    }
    const nextMs = this.#isAtEnd ? null : player.nextMs;
    const now = this.#clock.nowMs();
    const isIdle = nextMs !== null && this.#isTooLong(nextMs - this.#lastRecordMs, now - this.#lastRecordMs);
    const dueMs = nextMs === null ? this.#clock.nextDueMs() : isIdle ? now : nextMs;
    if (dueMs !== null && dueMs <= now && nextMs !== null) return this.#step();
    const restMs = dueMs === null ? null : Math.max(0, dueMs - now) / this.#speed;
    const slept = await this.#rest(restMs === null ? null : Math.min(TICK_MS, restMs));
    const reachedMs = now + slept * this.#speed;
    if (nextMs !== null && reachedMs >= nextMs) await this.#step();
    else await this.#passTo(reachedMs);
  }

  #isTooLong(gapMs: number, passedMs: number): boolean {
    const { idleLimitMs } = this.#options;
    return idleLimitMs !== null && gapMs > idleLimitMs && passedMs >= idleLimitMs;
  }

  /** Time alone goes on, not beyond the next record. */
  async #passTo(ms: number): Promise<void> {
    this.#isNudged = false;
    await this.#player.passTo(this.#isAtEnd ? ms : Math.min(ms, this.#player.nextMs ?? ms));
  }

  async #step(): Promise<void> {
    if (this.#isAtEnd) return;
    const player = this.#player;
    await player.step();
    this.#lastRecordMs = this.#clock.nowMs();
    this.#keep();
    if (this.#options.isStepping) this.#isPaused = true;
    // What comes at the same moment is drawn with it.
    if (player.nextMs !== this.#lastRecordMs) await turn();
  }

  /** Real milliseconds that went by; a key ends it. null: until a key is pressed. */
  async #rest(ms: number | null): Promise<number> {
    if (this.#orders.length > 0 || this.#isStopped || this.#isNudged) {
      await turn();
      return 0;
    }
    const { clock } = this.#options;
    const before = clock.nowMs();
    await new Promise<void>((resolve) => {
      const cancel = ms === null ? () => {} : clock.setTimer(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = () => {};
    return clock.nowMs() - before;
  }

  async #obey(order: Order): Promise<void> {
    const { fixture, from } = this.#options;
    switch (order.type) {
      case "pause":
        if (this.#isPaused && this.#isAtEnd) await this.#seek(from);
        this.#isPaused = this.#isAtEnd ? false : !this.#isPaused;
        return;
      case "next":
        this.#isPaused = true;
        await this.#step();
        this.#open.desk.intake.now();
        return;
      case "previous":
        this.#isPaused = true;
        return this.#seek(this.#momentBefore());
      case "next-mark":
      case "previous-mark": {
        const { marks } = fixture;
        const at = this.#player.index;
        const mark =
          order.type === "next-mark"
            ? marks.find(({ index }) => index >= at)
            : marks.findLast(({ atMs }) => atMs < this.#clock.nowMs());
        if (mark) return this.#seek(mark.index + 1);
        this.#problem = order.type === "next-mark" ? "there is no mark behind this place" : "there is no mark before";
        return;
      }
      case "faster":
      case "slower":
        this.#speed = boundedSpeed(this.#speed * (order.type === "faster" ? 2 : 0.5));
        return;
      case "first":
        return this.#seek(from);
      case "last":
        return this.#seek(this.#last);
      case "take-over":
        this.#player.isKeyed = !this.#player.isKeyed;
        return;
      case "leave":
        this.#open.desk.leave(0);
        return;
      case "go":
        return this.#goTo(order.place.trim());
    }
  }

  async #goTo(place: string): Promise<void> {
    if (place === "") return;
    try {
      const { fixture, placeOf } = this.#options;
      const index = placeOf(place);
      const isMark = index < fixture.length && fixture.kindOf(index) === "mark";
      await this.#seek(isMark ? index + 1 : index);
    } catch (thrown) {
      this.#problem = errorRecord(thrown).message;
    }
  }

  /** Where the moment began whose records were played last. */
  #momentBefore(): number {
    const { fixture } = this.#options;
    let index = Math.max(0, this.#player.index - 1);
    const atMs = fixture.atMs(index);
    const isSame = (at: number) => fixture.kindOf(at) === "src" && fixture.atMs(at) === atMs;
    while (isSame(index) && index > 0 && isSame(index - 1)) index--;
    return index;
  }

  /** Folding from where we are, or from the last moment before it that was kept. */
  async #seek(index: number): Promise<void> {
    const target = Math.max(0, Math.min(index, this.#last));
    const frame = this.#keyframes.before(target);
    if (frame && (target < this.#player.index || frame.index > this.#player.index)) {
      this.#clock.moveTo(frame.clockMs);
      this.#service.restore(frame.snapshot, frame.auditRows);
      this.#service.isReadOnly = frame.isReadOnly;
      this.#player.moveTo(frame.index);
      this.#open.reopen(frame.ui).dress(frame.skin);
    }
    await this.#player.foldTo(target, () => this.#keep());
    this.#open.desk.intake.now();
    this.#lastRecordMs = this.#clock.nowMs();
  }

  #keep(): void {
    const { index } = this.#player;
    const clockMs = this.#clock.nowMs();
    const { skin, store } = this.#open.desk;
    const { ui } = store.state();
    const { script } = this.#service;
    if (!this.#keyframes.isDue(index, clockMs)) return;
    if (index > 0 && (!isStill(ui) || script.waiting > 0 || script.unused.length > 0)) return;
    const { isReadOnly } = this.#service;
    this.#keyframes.add({
      index,
      clockMs,
      snapshot: this.#service.snapshot(),
      ui,
      auditRows: script.audit.length,
      isReadOnly,
      skin,
    });
  }

  #hands(): Hands {
    const desk = () => this.#open.desk;
    return {
      press: (key) => press(desk(), key),
      paste: (text) => paste(desk(), text),
      act: (action, id) => begin(desk(), ACTIONS[action], id, this.#service.node),
      // The terminal is the operator's: it has the size it has.
      resize() {},
      settle: async () => {},
      // Nobody rebuilds the screen here: what is expected is looked at by --assert.
      check: async () => true,
      mark() {},
      set: (setting) => {
        const { skin } = desk();
        desk().dress(createSkin(lookWithin(lookAfter(skin, setting), this.#options.theme)));
        if (setting.speed !== undefined) this.#speed = boundedSpeed(setting.speed);
      },
    };
  }

  #draw(): void {
    const { fixture } = this.#options;
    const { index } = this.#player;
    const mark = fixture.marks.findLast((each) => each.index < index)?.name ?? null;
    const position = {
      atMs: this.#clock.nowMs(),
      durationMs: fixture.durationMs,
      speed: this.#speed,
      isPaused: this.#isPaused,
      isAtEnd: this.#isAtEnd,
      isTakenOver: !this.#player.isKeyed && this.#options.hasKeys,
      mark,
      problem: this.#problem,
    };
    const { store } = this.#open.desk;
    const { size, transport: before } = store.state();
    const transport = transportLine(position, this.#asking, size.columns);
    if (before?.text === transport.text && before.tone === transport.tone) return;
    store.update({ transport });
    if (before === null) this.#open.desk.intake.settle();
  }
}
