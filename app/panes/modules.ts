/** PAGG modules: what they own, what they can be asked, and why one failed. */
import { counted } from "#core/model/counted.ts";
import type { Module, ModuleState } from "#core/model/module.ts";
import { processesOfModule } from "#core/store/aggregates.ts";
import type { AggregateLook } from "./aggregate-look.ts";
import { processList } from "./attachments.ts";
import { problemLines, stateLine } from "./detail-lines.ts";
import { fullTime } from "./measures.ts";
import type { Cell, DetailLine, DrawContext, Sign, Tone } from "./pane.ts";

const STATES: Readonly<Record<ModuleState, { readonly sign: Sign; readonly tone: Tone; readonly rank: number }>> = {
  failed: { sign: "failed", tone: "error", rank: 0 },
  loading: { sign: "busy", tone: "busy", rank: 1 },
  registered: { sign: "up", tone: "ok", rank: 2 },
};

function stateCell({ state }: Module): Cell {
  const { sign, tone } = STATES[state];
  return { text: state, tone, sign };
}

const countedOrNone = (count: number, one: string, many: string) =>
  count === 0 ? `no ${many}` : counted(count, one, many);

/** `built-in, 2 jobs, 14 processes`; of one that failed why. */
function summary(module: Module): Cell {
  const problem = module.problems[0];
  if (problem) return { text: problem.message, tone: module.state === "failed" ? "error" : "warn" };
  const parts = [
    module.builtin ? "built-in" : (module.path ?? module.description ?? ""),
    module.jobs === null ? "" : countedOrNone(module.jobs, "job", "jobs"),
    countedOrNone(module.attached, "process", "processes"),
  ];
  return { text: parts.filter((part) => part !== "").join(", "), tone: "dim" };
}

function hooksText({ hooks }: Module): string {
  const names = [
    "attach, detach",
    ...(hooks.init ? ["init: it was asked about every process there was"] : []),
    ...(hooks.exec ? ["exec: it is told of every exec of its processes"] : []),
  ];
  return names.join("; ");
}

function detail(module: Module, context: DrawContext): readonly DetailLine[] {
  const lines: DetailLine[] = [stateLine(stateCell(module)), ...problemLines(module.problems)];
  if (module.description) lines.push({ label: "about", text: module.description });
  lines.push({
    label: "from",
    text: module.builtin ? "built-in: it cannot be unloaded" : (module.path ?? "not known"),
  });
  if (module.registeredAt) lines.push({ label: "registered", text: fullTime(Date.parse(module.registeredAt)) });
  if (module.jobs !== null) lines.push({ label: "jobs", text: String(module.jobs) });
  lines.push({ label: "attached", text: countedOrNone(module.attached, "process", "processes") });
  lines.push({ label: "hooks", text: hooksText(module) });
  const answers = module.hooks.paggctl ? "requests by paggctl (C sends one)" : "no requests: they fail with ENXIO";
  lines.push({ label: "answers", text: answers, tone: module.hooks.paggctl ? "text" : "dim" });
  lines.push({ label: "id", text: module.id, tone: "dim" });
  return [...lines, ...processList(processesOfModule(context.snapshot, module.name))];
}

export const MODULE_LOOK: AggregateLook<Module> = {
  name: (module) => ({ text: module.name, tone: module.state === "failed" ? "error" : "strong" }),
  nameKey: (module) => module.name,
  uid: () => null,
  state: stateCell,
  stateRank: (module) => STATES[module.state].rank,
  processes: (module) => module.attached,
  usage: () => null,
  since: (module) => module.registeredAt,
  command: summary,
  label: (module) => module.name,
  alarm: (module) => {
    if (module.state === "failed") return "error";
    return module.problems.length > 0 ? "warn" : null;
  },
  searchText: (module) => `${module.name} ${module.state} ${module.description ?? ""} ${module.path ?? ""}`,
  detail,
  jump: (module) => ({ reason: `module ${module.name} is no process: it leads nowhere` }),
};
