/** What an operator declares: the daemons of muster.toml and daemons.d, after validation. */
import type { GeopmSettings } from "./geopm-settings.ts";
import type { JobSettings, PaggSettings } from "./pagg-settings.ts";
import type { PmdaRootSettings } from "./pmdaroot-settings.ts";
import type { PsmSettings } from "./psm-settings.ts";

export interface DaemonDeclaration {
  readonly name: string;
  readonly description: string | null;
  /** Absolute. */
  readonly pidFile: string;
  /** Absolute; by default the pid file's name with `.lock` for `.pid`. */
  readonly guardFile: string;
  /** argv; null if muster may control but not start it. */
  readonly command: readonly string[] | null;
  /** True: the command follows the control protocol itself, as LibUCW's daemons do. False: muster daemonizes it. */
  readonly daemonizes: boolean;
  /** Name or `#id`; null: as muster itself. */
  readonly user: string | null;
  readonly group: string | null;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Signal number. */
  readonly stopSignal: number;
  readonly stopDeadlineSeconds: number;
  /** Signal numbers sent one after another, each a deadline after the one before. */
  readonly escalation: readonly number[];
  readonly reloadSignal: number;
  readonly startDeadlineSeconds: number;
}

export interface ConfigProblem {
  readonly file: string;
  /** From 1; null if the file as a whole is meant. */
  readonly line: number | null;
  readonly reason: string;
}

export interface Config {
  readonly readOnly: boolean;
  /** Directories searched for pid files. */
  readonly discover: readonly string[];
  readonly daemons: readonly DaemonDeclaration[];
  /** Of the process set: table [psm]. */
  readonly psm: PsmSettings;
  /** Of process aggregates: tables [pagg] and [jobs]. */
  readonly pagg: PaggSettings;
  readonly jobs: JobSettings;
  /** Of power: table [geopm]. */
  readonly geopm: GeopmSettings;
  /** Of containers and privileged processes: table [pmdaroot]. */
  readonly pmdaroot: PmdaRootSettings;
  /** Mistakes; what they are about is left out, the rest is loaded. */
  readonly problems: readonly ConfigProblem[];
}
