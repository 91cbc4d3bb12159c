/** What comes over the socket as source events of this side: other clock, same events. */
import type { ErrorRecord } from "#core/model/error.ts";
import { KIND_NAMES, type Kind } from "#core/model/kind-names.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { Result } from "./protocol.ts";

type WireSnapshot = Result<"snapshot">;

/** Makes every kind of `snapshot` here what it is there. `aheadMs`: our monotonic clock less the service's. */
export function eventsOfSnapshot({ shelves }: WireSnapshot, aheadMs: number): SourceEvent[] {
  return KIND_NAMES.flatMap((kind) => {
    const shelf = shelves[kind];
    if (!shelf || shelf.status === "loading") return [];
    const { items, warnings, error, staleSinceMs } = shelf;
    const events = [{ src: kind, op: "reset", items, warnings } as SourceEvent];
    if (error) events.push({ src: kind, op: "unavailable", error: error as ErrorRecord });
    if (staleSinceMs !== null) events.push({ src: kind, op: "stale", sinceMs: staleSinceMs + aheadMs });
    return events;
  });
}

export function isLoading({ shelves }: WireSnapshot): boolean {
  return Object.values(shelves).some((shelf) => shelf?.status === "loading");
}

export function onOurClock(event: SourceEvent, aheadMs: number): SourceEvent {
  return event.op === "stale" ? { ...event, sinceMs: event.sinceMs + aheadMs } : event;
}

/** The service is gone: what is known of these kinds stays on the screen, with the reason and since when. */
export function eventsOfLoss(kinds: readonly Kind[], error: ErrorRecord, nowMs: number): SourceEvent[] {
  return kinds.flatMap((kind): SourceEvent[] => [
    { src: kind, op: "unavailable", error },
    { src: kind, op: "stale", sinceMs: nowMs },
  ]);
}
