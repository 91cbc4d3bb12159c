/** Whether the console is heard rather than seen. */
import type { OptionSpec } from "./specification.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export const SCREEN_READER: OptionSpec = {
  name: "screen-reader",
  type: "flag",
  summary: "lines to be read aloud instead of a screen",
  variable: "INK_SCREEN_READER=true",
};

/** --screen-reader, or the variable that other programs made with Ink follow too. */
export const wantsScreenReader = (option: boolean, variables: Variables): boolean =>
  option || variables.INK_SCREEN_READER === "true";
