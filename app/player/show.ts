/** A fixture before an operator: what he orders is done between two moments of it, and the line tells where it is. */
import { paste, press } from "#app/console/dispatch.ts";
import { frameLines } from "#app/console/frame-lines.ts";
import type { OpenConsole } from "#app/console/run.ts";
import { ACTIONS } from "#core/act/actions.ts";
import { errorRecord } from "#core/model/error.ts";
import type { Expectation } from "#core/playback/expectation.ts";
import type { Mark } from "#core/playback/fixture.ts";
import type { ScriptedService } from "#core/playback/scripted-service.ts";
import type { VirtualClock } from "#core/playback/virtual-clock.ts";
import { begin } from "./begin.ts";
import { mismatches } from "./check.ts";
import { lookAfter, lookWithin } from "./look.ts";
import { Pace } from "./pace.ts";
import { type Hands, Player } from "./player.ts";
import { Seeker } from "./seeker.ts";
import { settleIn } from "./settle-in.ts";
import { type Asking, boundedSpeed, NOT_ASKING, type Order, pressed, transportLine } from "./transport.ts";
import type { WatchOptions } from "./watch.ts";

export class Show {
  readonly #options: WatchOptions;
  readonly #open: OpenConsole;
  readonly #service: ScriptedService;
  readonly #clock: VirtualClock;
  readonly #player: Player;
  readonly #seeker: Seeker;
  readonly #pace: Pace;
  #orders: Order[] = [];
  #asking: Asking = NOT_ASKING;
  #isStopped = false;
  #problem: string | null = null;
  /** What cannot be shown here; it stands until something else is done. */
  #remark: string | null = null;
  /** With the last key; null: something else was done with it. */
  #markGoneTo: Mark | null = null;

  constructor(options: WatchOptions, open: OpenConsole, service: ScriptedService, clock: VirtualClock) {
    this.#options = options;
    this.#open = open;
    this.#service = service;
    this.#clock = clock;
    const { fixture, hasKeys } = options;
    this.#player = new Player({ fixture, clock, service, hands: this.#hands(), hasKeys });
    this.#seeker = new Seeker({ fixture, open, service, clock, player: this.#player });
    this.#pace = new Pace({
      ...options,
      player: this.#player,
      virtualClock: clock,
      to: this.#last,
      onStep: () => this.#seeker.keep(),
      isCalled: () => this.#isCalled,
    });
  }

  /** True: the key was the playback's. */
  press(key: string): boolean {
    const { asking, order, problem, isTaken } = pressed(this.#asking, key);
    this.#asking = asking;
    this.#problem = problem;
    this.#remark = null;
    if (!asking.isRepeating) this.#markGoneTo = null;
    if (order) this.#orders.push(order);
    this.#draw();
    if (isTaken) this.#pace.wake();
    else this.#pace.nudge();
    return isTaken;
  }

  /** The name of a mark may be pasted. */
  paste(text: string): boolean {
    const { place } = this.#asking;
    if (place === null) return false;
    const [line = ""] = text.split(/[\r\n]/);
    this.#asking = { ...this.#asking, place: place + line };
    this.#draw();
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    this.#pace.wake();
  }

  async run(): Promise<void> {
    const { from } = this.#options;
    this.#seeker.keep();
    await this.#seek(from);
    this.#draw();
    const pace = this.#pace;
    while (!this.#isStopped) {
      const order = this.#orders.shift();
      if (order) await this.#obey(order);
      else if (pace.speed === Number.POSITIVE_INFINITY && !pace.isPaused) await this.#rush();
      else if (pace.isOver && this.#options.isLooping) await this.#repeat();
      else await pace.go();
      this.#draw();
    }
  }

  get #last(): number {
    return Math.min(this.#options.to, this.#options.fixture.length);
  }

  /** As fast as it goes; then at its usual pace, for whoever takes over. */
  async #rush(): Promise<void> {
    await this.#player.foldTo(this.#last, () => this.#seeker.keep());
    this.#open.desk.intake.now();
    this.#pace.speed = 1;
  }

  async #repeat(): Promise<void> {
    await this.#pace.restAtEnd();
    if (!this.#isCalled) await this.#seek(this.#options.from);
  }

  /** Something else is to be done than to go on. */
  get #isCalled(): boolean {
    return this.#orders.length > 0 || this.#isStopped;
  }

  async #obey(order: Order): Promise<void> {
    const { fixture, from } = this.#options;
    if (!order.type.endsWith("-mark")) this.#markGoneTo = null;
    switch (order.type) {
      case "pause":
        if (!this.#pace.isAtEnd || this.#player.isWaiting) this.#pace.isPaused = !this.#pace.isPaused;
        else {
          this.#pace.isPaused = false;
          await this.#seek(from);
        }
        return;
      case "next":
        this.#pace.isPaused = true;
        await this.#pace.step();
        this.#open.desk.intake.now();
        return;
      case "previous":
        this.#pace.isPaused = true;
        return this.#seek(this.#seeker.momentBefore());
      case "next-mark":
      case "previous-mark": {
        const { marks } = fixture;
        const at = this.#player.index;
        const mark =
          order.type === "next-mark"
            ? marks.find(({ index }) => index >= at)
            : marks.findLast((each) => this.#isBefore(each));
        if (mark) {
          this.#markGoneTo = mark;
          return this.#seek(mark.index + 1);
        }
        this.#problem = order.type === "next-mark" ? "there is no mark behind this place" : "there is no mark before";
        return;
      }
      case "faster":
      case "slower":
        this.#pace.speed = boundedSpeed(this.#pace.speed * (order.type === "faster" ? 2 : 0.5));
        return;
      case "first":
        return this.#seek(from);
      case "last":
        return this.#seek(this.#last);
      case "take-over":
        if (this.#options.hasKeys) this.#player.isKeyed = !this.#player.isKeyed;
        else this.#problem = "nothing is pressed here that could be taken over";
        return;
      case "leave":
        this.#open.desk.leave(0);
        return;
      case "go":
        return this.#goTo(order.place.trim());
    }
  }

  /** Time has gone on since a mark was gone to: pressed once more it is the one before that. */
  #isBefore({ index, atMs }: Mark): boolean {
    return this.#markGoneTo === null ? atMs < this.#clock.nowMs() : index < this.#markGoneTo.index;
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

  async #seek(index: number): Promise<void> {
    this.#remark = null;
    await this.#seeker.to(Math.max(0, Math.min(index, this.#last)));
    this.#pace.startHere();
  }

  #hands(): Hands {
    const desk = () => this.#open.desk;
    return {
      press: (key) => press(desk(), key),
      paste: (text) => paste(desk(), text),
      act: (action, id) => begin(desk(), ACTIONS[action], id, this.#service.node),
      // The terminal is the operator's: it has the size it has, and the line tells which one it was.
      resize() {},
      settle: async () => {},
      // What is expected is looked at by --assert. What is waited for is waited for here too.
      check: async (condition, { record }, isLast) => {
        const isSo = "expect" in record || this.#isSo(condition);
        if (!isSo && isLast) this.#remark = "what was waited for did not come";
        return isSo;
      },
      mark: () => {
        this.#remark = null;
      },
      set: (setting, { place }) => {
        const look = lookWithin(lookAfter(desk().skin, setting), this.#options.theme);
        settleIn(desk(), setting, look, place);
        if (setting.screenReader === true) this.#remark = "for a screen reader from here on";
        if (setting.speed !== undefined) this.#pace.speed = boundedSpeed(setting.speed);
      },
    };
  }

  /** Nobody listens here: what a screen reader would be told is taken for told. */
  #isSo({ reader: _reader, ...condition }: Expectation): boolean {
    const { desk } = this.#open;
    const lines = frameLines(desk, this.#options.version);
    const scene = { desk, service: this.#service, lines, said: [], bytes: 0, golden: () => null };
    return mismatches(condition, scene).length === 0;
  }

  /** The size of the terminal as it was recorded, if it was changed and is not the operator's. */
  #recordedSize(): string | null {
    const { columns, rows } = this.#open.desk.store.state().size;
    const last = this.#options.fixture.resizes.findLast(({ index }) => index < this.#player.index);
    return last === undefined || (last.cols === columns && last.rows === rows) ? null : `${last.cols}x${last.rows}`;
  }

  #draw(): void {
    const { fixture } = this.#options;
    const { index } = this.#player;
    const mark = fixture.marks.findLast((each) => each.index < index)?.name ?? null;
    const position = {
      atMs: this.#clock.nowMs(),
      durationMs: fixture.durationMs,
      speed: this.#pace.speed,
      isPaused: this.#pace.isPaused,
      isWaiting: this.#player.isWaiting,
      isAtEnd: this.#pace.isAtEnd,
      isTakenOver: !this.#player.isKeyed && this.#options.hasKeys,
      mark,
      recordedSize: this.#recordedSize(),
      remark: this.#remark,
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
