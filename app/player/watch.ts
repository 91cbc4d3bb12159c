/** A fixture played before an operator, in the terminal: the real console on a service that is scripted. */
import { type OpenConsole, runConsole } from "#app/console/run.ts";
import type { ThemeOptions } from "#app/console/skin.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Fixture } from "#core/playback/fixture.ts";
import { createScriptedService } from "#core/playback/scripted-service.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { Show } from "./show.ts";

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
    replay: { press: (key) => show?.press(key) ?? false, paste: (text) => show?.paste(text) ?? false },
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
