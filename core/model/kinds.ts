/** The kinds of item, by the word used on the command line: the one list that panes, commands, streams and schemas share. */
import { type Daemon, DaemonSchema } from "./daemon.ts";
import { EventSchema, type MusterEvent } from "./event.ts";

export interface Items {
  daemons: Daemon;
  events: MusterEvent;
}

export type Kind = keyof Items;

export const KINDS = {
  daemons: { item: "Daemon", list: "DaemonList", schema: DaemonSchema, title: "Daemons" },
  events: { item: "Event", list: "EventList", schema: EventSchema, title: "Events" },
} as const satisfies Record<Kind, { item: string; list: string; schema: unknown; title: string }>;

export const KIND_NAMES = Object.keys(KINDS) as readonly Kind[];
