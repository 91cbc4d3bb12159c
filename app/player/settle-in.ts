/** What a `set` record does to a console, wherever it is shown. */
import type { Desk } from "#app/console/desk.ts";
import { returnTo } from "#app/console/going.ts";
import { createSkin, type ThemeOptions } from "#app/console/skin.ts";
import { PANE_IDS } from "#app/panes/pane.ts";
import { fixtureError, type Place } from "#core/playback/read-record.ts";
import type { Setting } from "#core/playback/record.ts";
import { wholeId } from "./whole-id.ts";

/** `look`: what it is drawn with from here on. Throws BAD_DATA. */
export function settleIn(desk: Desk, setting: Setting, look: ThemeOptions, place: Place): void {
  desk.dress(createSkin(look));
  const { filter, cursor, detail } = setting;
  if ([setting.pane, filter, cursor, detail].every((each) => each === undefined)) return;
  const pane = PANE_IDS.find((id) => id === setting.pane);
  if (pane !== setting.pane) throw fixtureError(place, `one of ${PANE_IDS.join(", ")}`, "set.pane");
  returnTo(desk, {
    ...(pane === undefined ? {} : { pane }),
    ...(filter === undefined ? {} : { filter }),
    ...(cursor === undefined ? {} : { cursor: wholeId(cursor, desk.service.node) }),
    ...(detail === undefined ? {} : { isDetailOpen: detail }),
  });
}
