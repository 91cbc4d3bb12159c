/**
 * A process is chosen out of a list: to be registered in a category, to get a job of its own, to join one. No key takes a
 * process out of its old job and back again, so both of the latter are confirmed.
 */
import { ACTIONS, type ActionId } from "#core/act/actions.ts";
import { newJobId } from "#core/act/new-subjects.ts";
import { errorRecord } from "#core/model/error.ts";
import type { ProcessRow } from "#core/service/processes.ts";
import type { Service } from "#core/service/service.ts";
import { attachmentOfProcess } from "#core/store/aggregates.ts";
import { memberOfProcess } from "#core/store/process-set.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { GoOn } from "./asking.ts";
import type { ConsoleStore } from "./console-store.ts";
import { textField } from "./text-field.ts";
import type { Toasts } from "./toasts.ts";
import { type Captured, type Layer, type Purpose, topLayer } from "./ui-state.ts";

type PickLayer = Layer & { readonly type: "pick" };

export interface Picking {
  open(action: ActionId, purpose: Purpose): void;
  picked(layer: PickLayer, process: ProcessRow | undefined): void;
}

interface Needs {
  readonly store: ConsoleStore;
  readonly service: Service;
  readonly toasts: Toasts;
  readonly goOn: GoOn;
}

/** What the same is called on the command line, where pids can be typed. */
const TYPED: Readonly<Record<Purpose["type"], string>> = {
  member: "muster members add CATEGORY PID",
  job: "muster jobs create PID",
  argument: "muster jobs attach JID PID",
};

/** What a process belongs to already, said beside it; null if to nothing that matters here. */
export function holderOf(snapshot: Snapshot, purpose: Purpose, identity: string): string | null {
  if (purpose.type === "member") return memberOfProcess(snapshot, identity)?.category ?? null;
  return attachmentOfProcess(snapshot, identity)?.job ?? null;
}

/** The first process of all: init(1), or what stands for it in a container. */
const INIT_PID = 1;

function consequence({ pid, command }: ProcessRow, oldJob: string | null, job: string | null): string {
  const whose = job === null ? "gets a job of its own" : `joins ${job}`;
  const leaves = oldJob === null ? "" : ` It leaves ${oldJob}.`;
  const all = pid === INIT_PID ? " Everything comes from process 1: whatever is started later may be in that job." : "";
  return `${command} ${whose}; what it forks from then on stays in it.${leaves}${all}`;
}

export function createPicking({ store, service, toasts, goOn }: Needs): Picking {
  const replace = (layer: Layer) => store.dispatch({ type: "replace", layer });

  const readProcesses = async () => {
    const read = await Promise.resolve(service.processes?.({})).then(
      (processes) => ({ processes: processes ?? [], problem: null }),
      (error: unknown) => ({ processes: [], problem: errorRecord(error).message }),
    );
    const layer = topLayer(store.state().ui);
    if (layer?.type === "pick" && layer.processes === null) replace({ ...layer, ...read });
  };

  return {
    open(action, purpose) {
      if (!service.processes) {
        return toasts.say("info", `processes cannot be listed here: use ${TYPED[purpose.type]}`);
      }
      const layer: Layer = {
        type: "pick",
        action,
        purpose,
        field: textField(),
        row: 0,
        processes: null,
        problem: null,
      };
      store.dispatch({ type: "push", layer });
      void readProcesses();
    },
    picked(layer, process) {
      if (!process) return;
      const { action, purpose } = layer;
      const { pid, identity } = process;
      const holder = holderOf(store.state().latest, purpose, identity);
      // A new job takes its process out of the old one.
      if (holder !== null && purpose.type !== "job") {
        return replace({ ...layer, problem: `process ${pid} is in ${holder} already` });
      }
      if (purpose.type === "member") {
        const field = textField(purpose.category);
        return replace({ type: "prompt", action, ask: { type: "category", process }, field, problem: null });
      }
      const isNew = purpose.type === "job";
      // The process that is meant is told by more than its pid.
      const captured: Captured = isNew
        ? { kind: "jobs", label: `process ${pid}`, target: { id: newJobId(service.node, pid), identity } }
        : { ...purpose.captured, target: { ...purpose.captured.target, identity } };
      const text = consequence(process, holder, isNew ? null : captured.label);
      store.dispatch({ type: "pop" });
      goOn(ACTIONS[action], { ...captured, consequence: text }, null, { pid });
    },
  };
}
