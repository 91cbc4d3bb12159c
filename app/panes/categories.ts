/** Categories: the names under which vital processes are registered, and how their members fare. */
import type { Category } from "#core/model/category.ts";
import type { Cell, Column, DetailLine, Pane } from "./pane.ts";

function count(id: string, title: string, value: (category: Category) => number, tone: Cell["tone"]): Column<Category> {
  return {
    id,
    title,
    min: 7,
    ideal: 8,
    priority: 1,
    align: "right",
    cut: "never",
    cell: (category) => ({ text: String(value(category)), ...(value(category) > 0 && tone ? { tone } : {}) }),
    sortValue: value,
  };
}

const COLUMNS: readonly Column<Category>[] = [
  {
    id: "name",
    title: "CATEGORY",
    min: 12,
    ideal: 31,
    priority: 0,
    align: "left",
    cut: "middle",
    isFilling: true,
    cell: (category) => ({ text: category.name }),
    sortValue: (category) => category.name,
  },
  count("running", "RUNNING", (category) => category.running, "ok"),
  count("exited", "EXITED", (category) => category.exited, "dim"),
  count("failed", "FAILED", (category) => category.failed, "error"),
];

function detail(category: Category): readonly DetailLine[] {
  return [
    { label: "members", text: String(category.members) },
    { label: "running", text: String(category.running) },
    { label: "exited", text: String(category.exited) },
    { label: "failed", text: String(category.failed), ...(category.failed > 0 ? ({ tone: "error" } as const) : {}) },
    { label: "known", text: category.wellKnown ? "one of the well-known categories" : "added by an operator" },
    { label: "id", text: category.id, tone: "dim" },
  ];
}

export const CATEGORIES_PANE: Pane<"categories"> = {
  kind: "categories",
  title: "Categories",
  one: "category",
  many: "categories",
  columns: COLUMNS,
  sort: { column: "name", isReverse: false },
  progressColumn: null,
  isChronicle: false,
  hasHistory: true,
  loading: "Reading the process set...",
  empty: "No categories. Press a to add one.",
  label: (category) => category.name,
  alarm: (category) => (category.failed > 0 ? "error" : null),
  searchText: (category) => category.name,
  detail,
};
