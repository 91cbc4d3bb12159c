/** How many colours: resolved once, before anything that has an opinion of its own (chalk) is loaded. */

import { isDumb } from "./screen-terminal.ts";

/** None, the 16 of the terminal's palette, 256, true colour. */
export type ColorLevel = 0 | 1 | 2 | 3;

type Variables = Readonly<Record<string, string | undefined>>;

/** --color > MUSTER_COLOR > NO_COLOR (not empty) > FORCE_COLOR > TERM=dumb or no terminal > what the terminal can. */
export function colorLevel(option: string | null, variables: Variables, isTerminal: boolean): ColorLevel {
  const detected = detect(variables);
  const asked = named(option, detected) ?? named(variables.MUSTER_COLOR ?? null, detected);
  if (asked !== null) return asked;
  if (variables.NO_COLOR) return 0;
  const forced = forcedLevel(variables.FORCE_COLOR, detected);
  if (forced !== null) return forced;
  return isTerminal ? detected : 0;
}

/** null: not said, or `auto`. */
function named(word: string | null, detected: ColorLevel): ColorLevel | null {
  switch (word) {
    case "never":
      return 0;
    case "always":
      return atLeastOne(detected);
    case "16":
      return 1;
    case "256":
      return 2;
    case "truecolor":
      return 3;
    default:
      return null;
  }
}

function forcedLevel(value: string | undefined, detected: ColorLevel): ColorLevel | null {
  if (value === undefined) return null;
  if (value === "0" || value === "false") return 0;
  if (value === "2") return 2;
  if (value === "3") return 3;
  return atLeastOne(detected);
}

function atLeastOne(level: ColorLevel): ColorLevel {
  return level === 0 ? 1 : level;
}

function detect(variables: Variables): ColorLevel {
  const term = variables.TERM ?? "";
  if (term === "" || isDumb(variables)) return 0;
  if (/^(truecolor|24bit)$/i.test(variables.COLORTERM ?? "") || /-direct$/.test(term)) return 3;
  return /-256(color)?$/.test(term) ? 2 : 1;
}

/** --ascii, a locale that is not UTF-8, or the kernel's own console, whose font has no such glyphs. */
export function isAsciiOnly(option: boolean, variables: Variables): boolean {
  if (option || variables.TERM === "linux") return true;
  const locale = variables.LC_ALL || variables.LC_CTYPE || variables.LANG || "";
  return !/utf-?8/i.test(locale);
}
