/** State -> the parts of the screen. Pure: everything it needs comes in as props. */
import { Box } from "ink";
import { clockTime } from "#app/panes/measures.ts";
import { PANE_LIST } from "#app/panes/table.ts";
import { newestEvents } from "#core/store/select.ts";
import { alarmsOf } from "./alarms.ts";
import { wrap } from "./cells.ts";
import type { ConsoleState } from "./console-store.ts";
import type { Desk } from "./desk.ts";
import { detailRoomOf, detailText } from "./detail-view.ts";
import { flagsOf } from "./flags.ts";
import { footerView } from "./footer-view.ts";
import type { FullLayout } from "./layout.ts";
import { listView } from "./list-view.ts";
import { Overlay } from "./overlay.tsx";
import { Detail } from "./parts/detail.tsx";
import { Divider } from "./parts/divider.tsx";
import { EventsStrip } from "./parts/events-strip.tsx";
import { Footer } from "./parts/footer.tsx";
import { Header } from "./parts/header.tsx";
import { List } from "./parts/list.tsx";
import { Region } from "./parts/region.tsx";
import { StatusLine } from "./parts/status-line.tsx";
import { TabLine } from "./parts/tab-line.tsx";
import { TransportLine } from "./parts/transport-line.tsx";
import { cellText } from "./skin.ts";
import { statusView } from "./status-view.ts";
import { itemCount, layoutOf, paneOf, paneStateOf, selectedItem } from "./view.ts";

export interface ScreenProps {
  readonly desk: Desk;
  readonly state: ConsoleState;
  readonly version: string;
}

export function Screen({ desk, state, version }: ScreenProps) {
  const place = layoutOf(state);
  const { columns, rows } = place.size;
  return (
    <Box width={columns} height={rows}>
      {place.kind === "small" ? (
        <Region rect={{ left: 0, top: 0, columns, rows }} lines={wrap(place.sentence, columns)} />
      ) : (
        <Full desk={desk} state={state} version={version} place={place} />
      )}
    </Box>
  );
}

interface FullProps extends ScreenProps {
  readonly place: FullLayout;
}

function Full({ desk, state, version, place }: FullProps) {
  const { skin } = desk;
  const rows = desk.view.rows(state);
  const pane = paneOf(state);
  const paneState = paneStateOf(state);
  const item = selectedItem(state);
  /** Where the list would be: what it leaves out is said in the status line. */
  const list = place.list ?? place.body;
  const view = listView(skin, state, rows, list);
  const remark = item === undefined || place.detail ? "" : view.unsaid(item);
  const status = statusView(skin, state, rows, remark, place.status.columns);
  const footer = footerView(desk, state);
  return (
    <>
      <Header
        skin={skin}
        rect={place.header}
        version={version}
        node={state.shown.node}
        flags={flagsOf(desk, state)}
        asOf={state.shown.atMs === 0 ? null : clockTime(state.shown.atMs)}
      />
      <TabLine
        skin={skin}
        rect={place.tabs}
        tabs={tabsOf(state)}
        scope={paneState.scope?.name ?? ""}
        filter={paneState.filter}
        position={positionOf(state, rows.ids.length)}
      />
      {place.list && (
        <List
          skin={skin}
          rect={place.list}
          headings={view.headings}
          rows={view.rows}
          sentences={view.sentences}
          hasFocus={!paneState.isDetailOpen}
        />
      )}
      {place.divider && <Divider skin={skin} rect={place.divider} />}
      {place.detail && (
        <Detail
          skin={skin}
          rect={place.detail}
          title={item === undefined ? null : cellText(skin, { text: pane.label(item) })}
          text={detailText(skin, state, detailRoomOf(place.detail))}
          offset={paneState.detailOffset}
          hasFocus={paneState.isDetailOpen}
        />
      )}
      {place.events && (
        <EventsStrip
          skin={skin}
          rect={place.events}
          events={newestEvents(state.shown, place.events.rows)}
          snapshot={state.shown}
        />
      )}
      {place.transport && state.transport && (
        <TransportLine skin={skin} rect={place.transport} transport={state.transport} />
      )}
      <StatusLine skin={skin} rect={place.status} lines={status.lines} aside={status.aside} />
      <Footer skin={skin} rect={place.footer} keys={footer.keys} last={footer.last} />
      <Overlay desk={desk} state={state} body={place.body} />
    </>
  );
}

function tabsOf(state: ConsoleState) {
  return PANE_LIST.map((pane) => {
    const shelf = state.shown.shelves[pane.counted];
    const count = shelf.status === "loading" ? "..." : String(shelf.items.size);
    const { title, shortTitle } = pane;
    return { title, shortTitle, count, ...alarmsOf(pane, state.shown), isActive: pane.id === state.ui.pane };
  });
}

/** `7/37 (of 212)`: the cursor's place, the rows, and all items if a filter hides some. */
function positionOf(state: ConsoleState, shown: number): string {
  const { cursor, row, filter, scope } = paneStateOf(state);
  const all = itemCount(state.shown, paneOf(state));
  const at = `${cursor === null ? 0 : row + 1}/${shown}`;
  return filter === "" && scope === null ? at : `${at} (of ${all})`;
}
