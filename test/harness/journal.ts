/** The console for screen readers without a terminal: a desk, its journal, keys by name. Nothing here sleeps. */
import { createDesk, type Desk } from "#app/console/desk.ts";
import { press } from "#app/console/dispatch.ts";
import { createJournal } from "#app/console/journal/journal.ts";
import { createSkin } from "#app/console/skin.ts";
import { createVirtualClock, type VirtualClock } from "#core/playback/virtual-clock.ts";
import { createScriptedService, type ScriptedService } from "./scripted-service.ts";

export interface Heard extends Disposable {
  readonly desk: Desk;
  readonly service: ScriptedService;
  readonly clock: VirtualClock;
  /** Presses the keys one after another; what was said of it. */
  press(...keys: readonly string[]): readonly string[];
  /** The same as one chunk, as fast typing arrives. */
  chunk(keys: readonly string[]): readonly string[];
  /** Lets time go on and everything that waits for its turn; what was said since the last call of any of these. */
  after(ms: number): Promise<readonly string[]>;
}

export function openHeard(
  options: { readonly isAscii?: boolean; readonly prepare?: (service: ScriptedService) => void } = {},
): Heard {
  const clock = createVirtualClock();
  const service = createScriptedService(clock);
  options.prepare?.(service);
  let requests = 0;
  const desk = createDesk({
    service,
    clock,
    skin: createSkin({ colorLevel: 0, isAscii: options.isAscii ?? false, isMotionless: true }),
    size: { columns: 80, rows: 24 },
    newRequestId: () => `request-${++requests}`,
    leave() {},
    suspend() {},
  });
  let said: string[] = [];
  const take = () => {
    const taken = said;
    said = [];
    return taken;
  };
  const journal = createJournal({ desk, version: "0.1.0", say: (line) => said.push(line) });
  const chunk = (keys: readonly string[]) => {
    journal.answer(keys, () => {
      for (const key of keys) press(desk, key);
    });
  };
  return {
    desk,
    service,
    clock,
    press(...keys) {
      for (const key of keys) chunk([key]);
      return take();
    },
    chunk(keys) {
      chunk(keys);
      return take();
    },
    async after(ms) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      clock.advance(ms);
      await new Promise<void>((resolve) => setImmediate(resolve));
      return take();
    },
    [Symbol.dispose]() {
      journal.close();
      desk.close();
    },
  };
}
