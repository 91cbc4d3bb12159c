/** `events`: from the journal, and with --follow what happens from now on. */
import type { MusterEvent } from "#core/model/event.ts";
import { KIND_OUTPUT } from "#core/output/kinds.ts";
import type { EventQuery, Service } from "#core/service/service.ts";
import type { Call } from "../context.ts";
import { type Follower, follow } from "../follow.ts";
import { writeListing } from "../listing.ts";
import { sinceOf } from "../moment.ts";
import { usage } from "../option-values.ts";
import { makeSelection, type Selection } from "../selection.ts";
import {
  configWarnings,
  joinWarnings,
  openSoundSession,
  type Session,
  shelfWarnings,
  withService,
} from "../session.ts";

import { completeness } from "./list.ts";

const EVENTS = { kinds: ["events"] } as const;
const DEFAULT_LIMIT = 1000;
/** How far back a filter looks. */
const FILTERED_WINDOW = 100_000;

interface Wish {
  /** The newest so many of those that fit. */
  readonly limit: number;
  readonly sinceMs: number | null;
  readonly selection: Selection<"events">;
}

export async function listEvents(call: Call): Promise<number> {
  const { options } = call.invocation;
  const selection = makeSelection("events", options);
  const sinceMs = sinceOf(options.text("since"), call.clock.wallMs());
  const wish: Wish = { limit: options.number("limit") ?? DEFAULT_LIMIT, sinceMs, selection };
  const session = await openSoundSession(call);
  if (!options.has("follow")) {
    return withService(session, "once", (service) => writeEvents(session, service, wish), EVENTS);
  }
  if (options.has("sort")) throw usage("--sort does not go with --follow: events come as they happen", "--sort");
  return withService(
    session,
    "watch",
    (service) =>
      follow(session, { kinds: ["events"], intervalMs: null }, (follower) => followEvents(service, follower, wish)),
    EVENTS,
  );
}

async function history(service: Service, { limit, sinceMs, selection }: Wish): Promise<readonly MusterEvent[]> {
  const { filter } = selection.query;
  const window = filter ? FILTERED_WINDOW : limit;
  const query: EventQuery = { limit: window, ...(sinceMs === null ? {} : { sinceMs }) };
  const events = limit === 0 ? [] : await service.events(query);
  return (filter ? events.filter((event) => filter(event)) : events).slice(-limit);
}

async function writeEvents(session: Session, service: Service, wish: Wish): Promise<number> {
  const { selection } = wish;
  const events = selection.select(await history(service, wish));
  const { events: shelf } = service.snapshot().shelves;
  const warnings = joinWarnings(configWarnings(session.config), shelfWarnings("events", shelf));
  const { document, columns } = KIND_OUTPUT.events;
  await writeListing(session, {
    document,
    items: events,
    shape: selection.shape,
    columns,
    warnings,
    empty: "no events",
  });
  return completeness(session, warnings);
}

function followEvents(service: Service, follower: Follower, wish: Wish): () => void {
  const { selection } = wish;
  /** Of the history: another process's events of the last moment may come a second time, as news. */
  const seen = new Set<string>();
  const show = (event: MusterEvent) => {
    if (seen.has(event.id)) return;
    if (!isReady) seen.add(event.id);
    if (!(selection.query.filter?.(event) ?? true)) return;
    follower.stream?.event(selection.shape(event));
    follower.print(KIND_OUTPUT.events.columns.map((column) => column.text(event)));
  };
  // Subscribed first, so that nothing falls between the history and what comes.
  const early: MusterEvent[] = [];
  let isReady = false;
  const unsubscribe = service.subscribe(["events"], ({ batch }) => {
    for (const event of batch) {
      if (event.src !== "events") continue;
      if (event.op === "unavailable") follower.report(event.error);
      if (event.op !== "upsert") continue;
      if (isReady) show(event.item);
      else early.push(event.item);
    }
  });
  const begin = async () => {
    for (const event of await history(service, wish)) show(event);
    follower.stream?.sync();
    for (const event of early) show(event);
    isReady = true;
  };
  begin().catch(follower.giveUp);
  return unsubscribe;
}
