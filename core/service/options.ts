/** What a local service is opened with (local.ts). Everything it may touch is in here. */
import type { Clock } from "#core/model/clock.ts";
import type { Config } from "#core/model/declaration.ts";
import type { Environment } from "#core/model/environment.ts";
import type { Kind } from "#core/model/kind-names.ts";
import type { EnginePlaces } from "#core/pmdaroot/engines/places.ts";

export interface LocalServiceOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly config: Config;
  readonly isReadOnly: boolean;
  /** once: sources are read one time, for a command; watch: observers follow every change until close(). */
  readonly mode: "once" | "watch";
  /**
   * With mode watch: this process keeps the process set, jobs and modules, if no other one does. By default it does not, for they must outlive
   * the command or the console that looks at it: `muster serve` keeps it.
   */
  readonly keepsSet?: boolean;
  /** With mode once: what is wanted; all kinds if left out. What is costly and not among them is not read. */
  readonly kinds?: readonly Kind[];
  /** How a module's own process is started: muster again, in the mode for that. Without it no module can be loaded. */
  readonly moduleHost?: readonly string[];
  /** Where engines of containers keep their state; by default where PCP's variables say. */
  readonly enginePlaces?: EnginePlaces;
  /** A line for the service's log. */
  readonly log?: (text: string) => void;
}
