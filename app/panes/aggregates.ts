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
import type { AggregateLook } from "./aggregate-look.ts";
import { ATTACHMENT_LOOK } from "./attachments.ts";
import { JOB_LOOK } from "./jobs.ts";
import { leftToLooks, nameColumn, stateColumn } from "./look.ts";
import { MODULE_LOOK } from "./modules.ts";
import type { Column, Pane } from "./pane.ts";
import { usageColumns } from "./process-columns.ts";
import { ageColumn } from "./time-columns.ts";

type Aggregate = Module | Job | Attachment;

const LOOKS = { Module: MODULE_LOOK, Job: JOB_LOOK, Attachment: ATTACHMENT_LOOK };

const lookOf = (item: Aggregate): AggregateLook<Aggregate> => LOOKS[item.kind];

const COLUMNS: readonly Column<Aggregate>[] = [
  // A jid in the second level of the tree.
  nameColumn(lookOf, { min: 22, ideal: 30 }),
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
  stateColumn(lookOf, { min: 12, ideal: 12, cut: "never" }),
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
  ...usageColumns<Aggregate>((item) => lookOf(item).usage(item)).map(
    (column): Column<Aggregate> => ({
      ...column,
      cell: (item, context) => (item.kind === "Module" ? { text: "" } : column.cell(item, context)),
    }),
  ),
  ageColumn(
    { id: "age", title: "AGE", priority: 3 },
    (item) => lookOf(item).since(item),
    () => null,
  ),
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
  ...leftToLooks(lookOf),
  tree: {
    forest: aggregatesOf,
    size: sizeOf,
  },
};
