/**
 * Where everything stands: a pure function of size and of what is open.
 *
 *     header                      80x24: one list, detail instead of it
 *     tabs                        from 100 columns: list | detail
 *     list | detail               from 160x40: events below both
 *     events                      portrait (at most 84 columns, at least 46 rows): list over detail
 *     status                      grows upward over what is above it
 *     transport                   while a fixture is played
 *     footer
 */

export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface FullLayout {
  readonly kind: "full";
  readonly size: Size;
  readonly header: Rect;
  readonly tabs: Rect;
  /** null while the detail stands in its place. */
  readonly list: Rect | null;
  readonly detail: Rect | null;
  /** The line between list and detail. */
  readonly divider: Rect | null;
  readonly events: Rect | null;
  readonly status: Rect;
  /** The line of a playback: below the status, which grows upward, so that nothing ever covers it. */
  readonly transport: Rect | null;
  readonly footer: Rect;
  /** Where dialogs may stand. */
  readonly body: Rect;
}

export type Layout = FullLayout | { readonly kind: "small"; readonly size: Size; readonly sentence: string };

export const SMALLEST: Size = { columns: 40, rows: 12 };
const SIDE_BY_SIDE_COLUMNS = 100;
const STRIP: Size = { columns: 160, rows: 40 };
const PORTRAIT_COLUMNS = 84;
const PORTRAIT_ROWS = 46;
const STRIP_ROWS = 8;
const DETAIL_COLUMNS = 80;
/** Where a line says most of it, as of events and members, its detail gets less. */
const DETAIL_SHARE = { narrow: 0.4, usual: 0.55 } as const;

export interface LayoutState {
  readonly size: Size;
  /** The operator opened the detail: it has the focus. */
  readonly isDetailOpen: boolean;
  /** The strip would say what the list says. */
  readonly isEventsPane: boolean;
  /** Its lines need the room more than its detail does. */
  readonly isListWide: boolean;
  /** A playback is shown. */
  readonly hasTransport?: boolean;
}

export function layout({ size, isDetailOpen, isEventsPane, isListWide, hasTransport = false }: LayoutState): Layout {
  const { columns, rows } = size;
  if (columns < SMALLEST.columns || rows < SMALLEST.rows) {
    const sentence = `muster needs ${SMALLEST.columns}x${SMALLEST.rows}, this is ${columns}x${rows}`;
    return { kind: "small", size, sentence };
  }
  const bar = (top: number): Rect => ({ left: 0, top, columns, rows: 1 });
  const stripRows = columns >= STRIP.columns && rows >= STRIP.rows && !isEventsPane ? STRIP_ROWS : 0;
  const body: Rect = { left: 0, top: 2, columns, rows: rows - 4 - stripRows - (hasTransport ? 1 : 0) };
  const events = stripRows === 0 ? null : { left: 0, top: body.top + body.rows, columns, rows: stripRows };
  return {
    kind: "full",
    size,
    header: bar(0),
    tabs: bar(1),
    ...split(body, size, isDetailOpen, isListWide ? DETAIL_SHARE.narrow : DETAIL_SHARE.usual),
    events,
    status: bar(rows - (hasTransport ? 3 : 2)),
    transport: hasTransport ? bar(rows - 2) : null,
    footer: bar(rows - 1),
    body,
  };
}

function split(
  body: Rect,
  size: Size,
  isDetailOpen: boolean,
  share: number,
): Pick<FullLayout, "list" | "detail" | "divider"> {
  if (size.columns >= SIDE_BY_SIDE_COLUMNS) {
    const detailColumns = Math.min(DETAIL_COLUMNS, Math.round(size.columns * share));
    const listColumns = body.columns - detailColumns - 1;
    return {
      list: { ...body, columns: listColumns - 1 },
      divider: { ...body, left: listColumns, columns: 1 },
      detail: { ...body, left: listColumns + 1, columns: detailColumns },
    };
  }
  if (size.columns <= PORTRAIT_COLUMNS && size.rows >= PORTRAIT_ROWS) {
    const listRows = Math.ceil(body.rows * 0.5);
    return {
      list: { ...body, rows: listRows },
      divider: { ...body, top: body.top + listRows, rows: 1 },
      detail: { ...body, top: body.top + listRows + 1, rows: body.rows - listRows - 1 },
    };
  }
  return isDetailOpen ? { list: null, divider: null, detail: body } : { list: body, divider: null, detail: null };
}

/** Rows of items in a list: one line is the heading. */
export const listHeight = (list: Rect): number => Math.max(1, list.rows - 1);
