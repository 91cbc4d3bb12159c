/** Themes as fixtures name them, and as the console is drawn with. */
import type { ThemeOptions } from "#app/console/skin.ts";
import type { ColorLevel } from "#app/console/theme.ts";
import { COLORS, type Color } from "#core/playback/header.ts";
import type { Setting } from "#core/playback/record.ts";

export const colorLevelOf = (color: Color): ColorLevel => COLORS.indexOf(color) as ColorLevel;

/** How it looks once a fixture has said so. */
export function lookAfter(look: ThemeOptions, { theme, ascii }: Setting): ThemeOptions {
  return {
    ...look,
    colorLevel: theme === undefined ? look.colorLevel : colorLevelOf(theme),
    isAscii: ascii ?? look.isAscii,
  };
}

/** No more than a terminal can show. */
export const lookWithin = (look: ThemeOptions, terminal: ThemeOptions): ThemeOptions => ({
  ...look,
  colorLevel: Math.min(look.colorLevel, terminal.colorLevel) as ColorLevel,
  isAscii: look.isAscii || terminal.isAscii,
});
