/** What a filter looks in. */
import type { Pane } from "#app/panes/pane.ts";
import type { Items, Kind } from "#core/model/kinds.ts";

type Item = Items[Kind];

/** Text to search in is built once an item; items are frozen, a changed one is another object. */
export function searchTexts(pane: Pane): (item: Item) => string {
  const texts = new WeakMap<Item, string>();
  return (item) => {
    let text = texts.get(item);
    if (text === undefined) {
      text = pane.searchText(item).toLowerCase();
      texts.set(item, text);
    }
    return text;
  };
}
