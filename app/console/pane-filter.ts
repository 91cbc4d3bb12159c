/** Which items of a pane fit a filter: words are looked for in the pane's own text of an item, fields in the item. */
import type { Pane } from "#app/panes/pane.ts";
import type { MusterError } from "#core/model/error.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { mergedTree } from "#core/output/field-tree.ts";
import { type Filter, parseFilter } from "#core/output/filter.ts";
import { KIND_OUTPUT } from "#core/output/kinds.ts";

type Item = Items[Kind];

export interface PaneFilter {
  /** Why it cannot be used; everything fits then. */
  readonly problem: MusterError | null;
  /** It leaves nothing out. */
  readonly isIdle: boolean;
  fits(kind: Kind, item: Item): boolean;
}

export function paneFilters(pane: Pane): (text: string) => PaneFilter {
  const textOf = searchTexts(pane);
  const fieldsOf = (kind: Kind) => KIND_OUTPUT[kind].fields;
  const all = mergedTree(pane.kinds.map(fieldsOf));
  return (text) => {
    const { problem } = parseFilter(text, all);
    const own = new Map<Kind, Filter>(pane.kinds.map((kind) => [kind, parseFilter(text, fieldsOf(kind))]));
    return {
      problem,
      isIdle: problem !== null || text.trim() === "",
      fits(kind, item) {
        if (problem !== null) return true;
        const filter = own.get(kind);
        // A field that only another kind of the pane has is not one of this item.
        return filter !== undefined && filter.problem === null && filter.test(textOf(item), item);
      },
    };
  };
}

/** Text to search in is built once an item; items are frozen, a changed one is another object. */
function searchTexts(pane: Pane): (item: Item) => string {
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
