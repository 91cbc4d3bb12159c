/** The shapes of the one table of commands (commands.ts). Parsing, help, completions, man page and documents read it. */
import type { ActionId } from "#core/act/actions.ts";
import type { ExitCode } from "#core/model/error.ts";
import type { NamedKind } from "./kind-words.ts";

/**
 * flag: no value. optional: value only with `=`. duration: `30`, `500ms`, `10m`, in seconds. Other types check what is
 * said of them by their names.
 */
export type OptionType = "flag" | "optional" | "text" | "path" | "duration" | "count" | "signal" | "choice" | "moment";

export interface OptionSpec {
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  readonly type: OptionType;
  /** What the value is called in help; needed unless a flag. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly isRequired?: boolean;
  readonly summary: string;
  /** The environment variable that says the same. */
  readonly variable?: string;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly summary: string;
  readonly isRequired: boolean;
  readonly isRepeatable: boolean;
  /** words: a command behind `--`. files: a name of a file. free: cannot be completed. The others can be completed and checked. */
  readonly of: NamedKind | "commands" | "schemas" | "shells" | "words" | "files" | "free";
}

export interface Example {
  readonly line: string;
  readonly tells: string;
}

export interface CommandSpec {
  /** Words on the command line, such as `daemons list`; empty for muster itself. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly arguments: readonly ArgumentSpec[];
  /** Its own options beside the global ones. */
  readonly options: readonly OptionSpec[];
  readonly examples: readonly Example[];
  /** The kind of item it is about: list, get and watch. */
  readonly kind?: NamedKind;
  /** `--json=FIELDS` is taken. */
  readonly takesFields?: boolean;
  readonly exits: readonly ExitCode[];
  /** Exit codes with a meaning of their own here. */
  readonly ownExits?: Readonly<Record<number, string>>;
  /** Set for verbs out of the action table. */
  readonly action?: ActionId;
  /** Everything behind the name goes to the command as it is. */
  readonly isRaw?: boolean;
}
