/** Going elsewhere in a fixture: to the last moment before the place that was kept, then folding what lies between. */
import type { OpenConsole } from "#app/console/run.ts";
import type { Fixture } from "#core/playback/fixture.ts";
import type { ScriptedService } from "#core/playback/scripted-service.ts";
import type { VirtualClock } from "#core/playback/virtual-clock.ts";
import { isStill, Keyframes } from "./keyframes.ts";
import type { Player } from "./player.ts";

export interface SeekerOptions {
  readonly fixture: Fixture;
  readonly open: OpenConsole;
  readonly service: ScriptedService;
  readonly clock: VirtualClock;
  readonly player: Player;
}

export class Seeker {
  readonly #options: SeekerOptions;
  readonly #keyframes = new Keyframes();

  constructor(options: SeekerOptions) {
    this.#options = options;
  }

  /** Where the moment began whose records were played last. */
  momentBefore(): number {
    const { fixture, player } = this.#options;
    let index = Math.max(0, player.index - 1);
    const atMs = fixture.atMs(index);
    const isSame = (at: number) => fixture.kindOf(at) === "src" && fixture.atMs(at) === atMs;
    while (isSame(index) && index > 0 && isSame(index - 1)) index--;
    return index;
  }

  /** From where we are, or from what was kept. */
  async to(index: number): Promise<void> {
    const { open, service, clock, player } = this.#options;
    const frame = this.#keyframes.before(index);
    if (frame && (index < player.index || frame.index > player.index)) {
      clock.moveTo(frame.clockMs);
      service.restore(frame.snapshot, frame.auditRows);
      service.isReadOnly = frame.isReadOnly;
      player.moveTo(frame.index);
      open.reopen(frame.ui).dress(frame.skin);
    }
    await player.foldTo(index, () => this.keep());
    open.desk.intake.now();
  }

  /** Keeps this moment, if one is wanted here and it can be begun again from. */
  keep(): void {
    const { open, service, clock, player } = this.#options;
    const { index } = player;
    const clockMs = clock.nowMs();
    if (!this.#keyframes.isDue(index, clockMs)) return;
    const { skin, store } = open.desk;
    const { ui } = store.state();
    const { script, isReadOnly } = service;
    const isAwaited = script.waiting > 0 || script.unused.length > 0 || player.isWaiting;
    if (index > 0 && (!isStill(ui) || isAwaited)) return;
    const auditRows = script.audit.length;
    this.#keyframes.add({ index, clockMs, snapshot: service.snapshot(), ui, auditRows, isReadOnly, skin });
  }
}
