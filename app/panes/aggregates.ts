/**
 * Process aggregates: modules, their jobs, the processes in them as they were forked.
 *
 *     job                         built-in, 2 jobs, 14 processes
 *       0x0000000000000001        alice  running  ...  sh -c ...
 *         812 sh
 *           813 sleep
 *     sessions                    /etc/muster/modules/sessions.ts, 31 processes
 */
import type { Attachment } from "#core/model/attachment.ts";
import type { Job } from "#core/model/job.ts";
import type { Module } from "#core/model/module.ts";
import { aggregatesOf, userName } from "#core/store/aggregates.ts";
import type { Look } from "./aggregate-look.ts";
import { ATTACHMENT_LOOK } from "./attachments.ts";
import { JOB_LOOK } from "./jobs.ts";
import { shortDuration } from "./measures.ts";
import { MODULE_LOOK } from "./modules.ts";
import { type Column, NONE, type Pane } from "./pane.ts";
import { USAGE_COLUMNS } from "./usage-columns.ts";

type Aggregate = Module | Job | Attachment;

const LOOKS = { Module: MODULE_LOOK, Job: JOB_LOOK, Attachment: ATTACHMENT_LOOK };

const lookOf = (item: Aggregate): Look<Aggregate> => LOOKS[item.kind];

const usageOf = (item: Aggregate) => ({ usage: lookOf(item).usage(item) });

const COLUMNS: readonly Column<Aggregate>[] = [
  {
    id: "name",
    title: "NAME",
    // A jid in the second level of the tree.
    min: 22,
    ideal: 30,
    priority: 0,
    align: "left",
    cut: "middle",
    cell: (item) => lookOf(item).name(item),
    sortValue: (item) => lookOf(item).nameKey(item),
  },
  {
    id: "owner",
    title: "OWNER",
    min: 6,
    ideal: 10,
    priority: 2,
    align: "left",
    cut: "end",
    cell: (item, { snapshot }) => {
      const uid = lookOf(item).uid(item);
      return uid === null ? { text: "" } : { text: userName(snapshot, uid) };
    },
    sortValue: (item) => lookOf(item).uid(item),
  },
  {
    id: "state",
    title: "STATE",
    min: 12,
    ideal: 12,
    priority: 0,
    align: "left",
    cut: "never",
    cell: (item) => lookOf(item).state(item),
    sortValue: (item) => lookOf(item).stateRank(item),
  },
  {
    id: "processes",
    title: "PROCS",
    min: 5,
    ideal: 6,
    priority: 1,
    align: "right",
    cut: "never",
    cell: (item) => {
      const count = lookOf(item).processes(item);
      return { text: count === null ? "" : String(count) };
    },
    sortValue: (item) => lookOf(item).processes(item),
  },
  ...USAGE_COLUMNS.map(
    (column): Column<Aggregate> => ({
      ...column,
      cell: (item, context) => (item.kind === "Module" ? { text: "" } : column.cell(usageOf(item), context)),
      sortValue: (item) => column.sortValue(usageOf(item)),
    }),
  ),
  {
    id: "age",
    title: "AGE",
    min: 7,
    ideal: 7,
    priority: 3,
    align: "right",
    cut: "never",
    cell: (item, { atMs }) => {
      const since = lookOf(item).since(item);
      return since === null ? NONE : { text: shortDuration(atMs - Date.parse(since)) };
    },
    // By when it came to be: the order does not change from one moment to the next.
    sortValue: (item) => {
      const since = lookOf(item).since(item);
      return since === null ? null : -Date.parse(since);
    },
  },
  {
    id: "command",
    title: "COMMAND",
    min: 12,
    ideal: 40,
    priority: 5,
    align: "left",
    cut: "end",
    isFilling: true,
    cell: (item) => lookOf(item).command(item),
    sortValue: (item) => lookOf(item).command(item).text || null,
  },
];

/** Jobs are always told, whatever their number; more processes than a screen holds are not. */
function sizeOf(item: Aggregate): number {
  if (item.kind === "Job") return item.processes;
  return item.kind === "Module" && item.jobs === null ? item.attached : 0;
}

export const AGGREGATES_PANE: Pane<"modules" | "jobs" | "attachments"> = {
  id: "aggregates",
  kinds: ["modules", "jobs", "attachments"],
  counted: "jobs",
  title: "Aggregates",
  shortTitle: "Aggr",
  columns: COLUMNS,
  sort: { column: "name", isReverse: false },
  progressColumn: "state",
  isChronicle: false,
  isListWide: true,
  hasHistory: true,
  sampled: ["jobs", "attachments"],
  loading: "Reading modules and jobs...",
  empty: "No service keeps modules and jobs here. Start one with: muster serve",
  label: (item) => lookOf(item).label(item),
  alarm: (item) => lookOf(item).alarm(item),
  searchText: (item) => lookOf(item).searchText(item),
  detail: (item, context) => lookOf(item).detail(item, context),
  tree: {
    forest: aggregatesOf,
    size: sizeOf,
  },
  jump: (item, snapshot) => lookOf(item).jump(item, snapshot),
};
