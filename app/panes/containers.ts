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
import { shortDuration } from "./measures.ts";
import { type Cell, type Column, NONE, type Pane } from "./pane.ts";
import { PROCESS_LOOK } from "./privileged-processes.ts";
import { USAGE_COLUMNS } from "./usage-columns.ts";

type Line = Container | Process;

const LOOKS = { Container: CONTAINER_LOOK, Process: PROCESS_LOOK };

const lookOf = (item: Line): ContainerLook<Line> => LOOKS[item.kind];

/** What does not apply to a process. */
const EMPTY: Cell = { text: "" };

const USAGE_PRIORITY = 5;

const COLUMNS: readonly Column<Line>[] = [
  {
    id: "name",
    title: "NAME",
    min: 16,
    ideal: 30,
    priority: 0,
    align: "left",
    cut: "middle",
    cell: (item) => lookOf(item).name(item),
    sortValue: (item) => lookOf(item).nameKey(item),
  },
  {
    id: "state",
    title: "STATE",
    // `SIGSEGV, core` with its sign.
    min: 15,
    ideal: 15,
    priority: 0,
    align: "left",
    cut: "end",
    cell: (item) => lookOf(item).state(item),
    sortValue: (item) => lookOf(item).stateRank(item),
  },
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
  {
    id: "pid",
    title: "PID",
    min: 7,
    ideal: 7,
    priority: 1,
    align: "right",
    cut: "never",
    cell: (item) => {
      const pid = lookOf(item).pid(item);
      return pid === null ? NONE : { text: String(pid) };
    },
    sortValue: (item) => lookOf(item).pid(item),
  },
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
  ...USAGE_COLUMNS.map(
    (column): Column<Line> => ({
      ...column,
      priority: USAGE_PRIORITY,
      cell: (item, context) => column.cell({ usage: lookOf(item).usage(item) }, context),
      sortValue: (item) => column.sortValue({ usage: lookOf(item).usage(item) }),
    }),
  ),
  {
    id: "uptime",
    title: "UPTIME",
    min: 7,
    ideal: 7,
    priority: 7,
    align: "right",
    cut: "never",
    cell: (item, { atMs }) => {
      const { startedAt, endedAt } = lookOf(item);
      const start = startedAt(item);
      const end = endedAt(item);
      if (start === null) return NONE;
      const text = shortDuration((end === null ? atMs : Date.parse(end)) - Date.parse(start));
      return end === null ? { text } : { text, tone: "dim" };
    },
    // By its start: the order of what runs does not change from one moment to the next.
    sortValue: (item) => {
      const start = lookOf(item).startedAt(item);
      return start === null ? null : -Date.parse(start);
    },
  },
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
  label: (item) => lookOf(item).label(item),
  alarm: (item) => lookOf(item).alarm(item),
  searchText: (item) => lookOf(item).searchText(item),
  detail: (item, context) => lookOf(item).detail(item, context),
  tree: {
    forest: containersOf,
    size: () => 0,
  },
  jump: (item, snapshot) => lookOf(item).jump(item, snapshot),
};
