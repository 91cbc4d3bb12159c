/** CPU and memory of what is a process, whatever else it is. */
import type { Usage } from "#core/model/daemon.ts";
import { mebibytes } from "./measures.ts";
import { type Column, NONE } from "./pane.ts";

export const USAGE_COLUMNS: readonly Column<{ readonly usage: Usage | null }>[] = [
  {
    id: "cpu",
    title: "CPU %",
    min: 6,
    ideal: 6,
    priority: 3,
    align: "right",
    cut: "never",
    cell: ({ usage }) => {
      const percent = usage?.cpuPercent ?? null;
      return percent === null ? NONE : { text: percent.toFixed(1) };
    },
    sortValue: ({ usage }) => usage?.cpuPercent ?? null,
  },
  {
    id: "memory",
    title: "MEM MiB",
    min: 8,
    ideal: 8,
    priority: 4,
    align: "right",
    cut: "never",
    cell: ({ usage }) => (usage === null ? NONE : { text: mebibytes(usage.memoryBytes) }),
    sortValue: ({ usage }) => usage?.memoryBytes ?? null,
  },
];
