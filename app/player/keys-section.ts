/** The keys of a playback, for keys.md. */

import { keyWord } from "#app/console/keymap.ts";
import { keysSection } from "#app/console/keys-document.ts";
import { LEADER, ORDER_KEYS } from "./transport.ts";

export const playbackKeys = (): string =>
  keysSection(
    `While a fixture is played (\`muster play\`), behind ${keyWord(LEADER)}`,
    ORDER_KEYS.map(({ key, title, isRepeated }) => ({
      keys: keyWord(key),
      title: isRepeated ? `${title}; the next of these needs no ${keyWord(LEADER)}` : title,
    })),
  );
