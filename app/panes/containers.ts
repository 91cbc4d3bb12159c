/**
 * Containers of all engines, and the privileged processes that were started through the service or its root server.
 *
 *     web            running   docker        4242  web-1      registry/web:7
 *     build          stopped   podman alice     -  -          fedora:44
 *     pmdabind       exit 3    process          -             pmdabind -d 42
 */
import type { Container } from "#core/model/container.ts";
import type { Process } from "#core/model/process.ts";
import { containersOf } from "#core/store/containers.ts";
import type { ContainerLook } from "./container-look.ts";
import { CONTAINER_LOOK } from "./engine-containers.ts";
import { leftToLooks, nameColumn, stateColumn } from "./look.ts";
import type { Cell, Column, Pane } from "./pane.ts";
import { PROCESS_LOOK } from "./privileged-processes.ts";
import { pidColumn, usageColumns } from "./process-columns.ts";
import { ageColumn } from "./time-columns.ts";

type Line = Container | Process;

const LOOKS = { Container: CONTAINER_LOOK, Process: PROCESS_LOOK };

const lookOf = (item: Line): ContainerLook<Line> => LOOKS[item.kind];

/** What does not apply to a process. */
const EMPTY: Cell = { text: "" };

const USAGE_PRIORITY = 5;

const COLUMNS: readonly Column<Line>[] = [
  nameColumn(lookOf, { min: 16, ideal: 30 }),
  // `SIGSEGV, core` with its sign.
  stateColumn(lookOf, { min: 15, ideal: 15, cut: "end" }),
  {
    id: "engine",
    title: "ENGINE",
    min: 7,
    ideal: 14,
    priority: 2,
    align: "left",
    cut: "end",
    cell: (item) => lookOf(item).engine(item),
    sortValue: (item) => lookOf(item).engine(item).text,
  },
  pidColumn((item) => lookOf(item).pid(item)),
  {
    id: "host",
    title: "HOST NAME",
    min: 10,
    ideal: 16,
    priority: 4,
    align: "left",
    cut: "middle",
    cell: (item) => lookOf(item).host(item) ?? EMPTY,
    sortValue: (item) => lookOf(item).host(item)?.text ?? null,
  },
  {
    id: "processes",
    title: "PROCS",
    min: 5,
    ideal: 6,
    priority: 6,
    align: "right",
    cut: "never",
    cell: (item) => lookOf(item).processes(item) ?? EMPTY,
    sortValue: (item) => lookOf(item).processCount(item),
  },
  ...usageColumns<Line>((item) => lookOf(item).usage(item)).map((column) => ({ ...column, priority: USAGE_PRIORITY })),
  ageColumn(
    { id: "uptime", title: "UPTIME", priority: 7 },
    (item) => lookOf(item).startedAt(item),
    (item) => lookOf(item).endedAt(item),
  ),
  {
    id: "content",
    title: "IMAGE OR CMD",
    min: 15,
    ideal: 40,
    priority: 3,
    align: "left",
    cut: "middle",
    isFilling: true,
    cell: (item) => lookOf(item).content(item),
    sortValue: (item) => lookOf(item).content(item).text,
  },
  {
    id: "cgroup",
    title: "CGROUP",
    min: 24,
    ideal: 40,
    priority: 8,
    align: "left",
    cut: "middle",
    cell: (item) => {
      const cgroup = lookOf(item).cgroup(item);
      return cgroup === null ? EMPTY : { text: cgroup, tone: "dim" };
    },
    sortValue: (item) => lookOf(item).cgroup(item),
  },
];

export const CONTAINERS_PANE: Pane<"containers" | "processes"> = {
  id: "containers",
  kinds: ["containers", "processes"],
  counted: "containers",
  title: "Containers",
  shortTitle: "Cont",
  columns: COLUMNS,
  sort: { column: "name", isReverse: false },
  progressColumn: "state",
  isChronicle: false,
  isListWide: true,
  hasHistory: true,
  sampled: ["containers", "processes"],
  loading: "Reading containers and privileged processes...",
  empty:
    "No containers: looked for those of docker, podman, LXC, systemd-nspawn, CRI, crun and runc ('muster doctor' tells " +
    "where). No privileged processes: press a to start one; it runs with the rights of the service.",
  ...leftToLooks(lookOf),
  tree: {
    forest: containersOf,
    size: () => 0,
  },
};
