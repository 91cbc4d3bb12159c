/** Pid, CPU and memory of what is a process, whatever else it is. */
import type { Usage } from "#core/model/daemon.ts";
import { mebibytes } from "./measures.ts";
import { type Column, NONE } from "./pane.ts";

export const pidColumn = <T>(pidOf: (item: T) => number | null): Column<T> => ({
  id: "pid",
  title: "PID",
  min: 7,
  ideal: 7,
  priority: 1,
  align: "right",
  cut: "never",
  cell: (item) => {
    const pid = pidOf(item);
    return pid === null ? NONE : { text: String(pid) };
  },
  sortValue: pidOf,
});

export const usageColumns = <T>(usageOf: (item: T) => Usage | null): readonly Column<T>[] => [
  {
    id: "cpu",
    title: "CPU %",
    min: 6,
    ideal: 6,
    priority: 3,
    align: "right",
    cut: "never",
    cell: (item) => {
      const percent = usageOf(item)?.cpuPercent ?? null;
      return percent === null ? NONE : { text: percent.toFixed(1) };
    },
    sortValue: (item) => usageOf(item)?.cpuPercent ?? null,
  },
  {
    id: "memory",
    title: "MEM MiB",
    min: 8,
    ideal: 8,
    priority: 4,
    align: "right",
    cut: "never",
    cell: (item) => {
      const usage = usageOf(item);
      return usage === null ? NONE : { text: mebibytes(usage.memoryBytes) };
    },
    sortValue: (item) => usageOf(item)?.memoryBytes ?? null,
  },
];
