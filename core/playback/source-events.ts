/** Source records -> source events: the shorter forms are made whole out of what is known at their moment. */
import * as v from "valibot";
import { type Clock, timestamp } from "#core/model/clock.ts";
import type { ErrorRecord } from "#core/model/error.ts";
import type { MusterEvent, Severity } from "#core/model/event.ts";
import { makeId } from "#core/model/id.ts";
import { type Items, KINDS, type Kind } from "#core/model/kinds.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { fixtureError, type Place } from "./read-record.ts";
import type { ErrorText, SourceRecord } from "./source-records.ts";

export function wholeError(error: ErrorText): ErrorRecord {
  const { code, message, target = null, errno = null, hint = null, retryable = false, causes = [] } = error;
  return { code, message, target, errno, hint, retryable, causes };
}

/** What a source said, where it stands and when it was said. */
export interface SourceAt {
  readonly record: SourceRecord;
  readonly place: Place;
  readonly atMs: number;
}

export interface SourceEvents {
  /** Throws BAD_DATA where a patch is of what is not there, or makes of it what cannot be. */
  of(said: SourceAt, snapshot: Snapshot): SourceEvent;
}

export function createSourceEvents(clock: Clock, node: string): SourceEvents {
  /** Its id is the same whichever way its moment was reached. */
  const event = (
    { place, atMs }: SourceAt,
    severity: Severity,
    fields: Pick<MusterEvent, "code" | "target" | "message" | "variables">,
  ) => {
    const item: MusterEvent = {
      id: makeId(node, "event", `${Math.round(atMs)}-${place.line}`),
      kind: "Event",
      at: timestamp(clock.wallMs() - clock.nowMs() + atMs),
      severity,
      requestId: null,
      action: null,
      outcome: null,
      actor: null,
      ...fields,
    };
    return { src: "events", op: "upsert", item } as const;
  };
  return {
    of(said, snapshot) {
      const { record, place, atMs } = said;
      switch (record.op) {
        case "reset":
        case "upsert":
          return record as SourceEvent;
        case "remove":
        case "sample":
          return record;
        case "patch": {
          const item = snapshot.shelves[record.src].items.get(record.id);
          if (!item) throw fixtureError(place, `there is no '${record.id}' among ${record.src} now`, "id");
          return upsertOf(record.src, { ...item, ...record.set }, place);
        }
        case "log": {
          const { severity, ...fields } = record.event;
          return event(said, severity, fields);
        }
        case "error": {
          const { target = null, message } = record.error;
          return event(said, "error", {
            code: "SOURCE_FAILED",
            target,
            message: `${record.src}: ${message}`,
            variables: null,
          });
        }
        case "unavailable":
          return { src: record.src, op: "unavailable", error: wholeError(record.error) };
        case "stale":
          return { src: record.src, op: "stale", sinceMs: record.sinceMs ?? atMs };
      }
    },
  };
}

function upsertOf(src: Kind, value: object, place: Place): SourceEvent {
  const parsed = v.safeParse(KINDS[src].schema, value, { abortEarly: true });
  if (parsed.success) return { src, op: "upsert", item: parsed.output as Items[Kind] } as SourceEvent;
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue);
  throw fixtureError(place, issue.message, field === null ? "set" : `set.${field}`);
}
