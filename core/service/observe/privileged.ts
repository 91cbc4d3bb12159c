/**
 * Privileged processes as items: those of the service that keeps them, or the list that another one keeps, looked at once a
 * second while somebody follows. Those on a screen are sampled each second.
 */
import { type Clock, timestamp } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import type { Process } from "#core/model/process.ts";
import type { SourceEvent, Warning } from "#core/model/source.ts";
import { UserNames } from "#ffi/accounts.ts";
import { describeWaitStatus } from "#ffi/signals.ts";
import { type KeptProcess, viewProcesses } from "../kept-process-list.ts";
import { processId, processOfId } from "../pmdaroot-id.ts";
import { ProcessUsage } from "./process-usage.ts";

export interface PrivilegedObserverOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly publish: (...events: readonly SourceEvent[]) => void;
}

const TICK_MS = 1000;
const NEVER_TOLD = "status unknown";

export const endText = (status: number | null): string => (status === null ? NEVER_TOLD : describeWaitStatus(status));

export class PrivilegedObserver {
  readonly #options: PrivilegedObserverOptions;
  readonly #usage: ProcessUsage;
  readonly #users = new UserNames();
  readonly #warnings: Warning[] = [];
  #list: (() => readonly KeptProcess[]) | null = null;
  #viewed = "";
  #isViewing = false;
  #attended: readonly string[] = [];
  #cancelTick: (() => void) | null = null;
  #isClosed = false;

  constructor(options: PrivilegedObserverOptions) {
    this.#options = options;
    this.#usage = new ProcessUsage(options.clock, options.environment.procRoot);
  }

  /** `list`: of the service that keeps them; null where only the list of another one can be read. */
  open(list: (() => readonly KeptProcess[]) | null, follows: boolean): void {
    this.#list = list;
    this.#isViewing = list === null && follows;
    this.refresh();
    this.#tick();
  }

  refresh(): void {
    const items = (this.#list?.() ?? this.#view()).map((kept) => this.#itemOf(kept));
    const viewed = this.#list === null ? JSON.stringify(items) : "";
    if (viewed !== "" && viewed === this.#viewed) return;
    this.#viewed = viewed;
    this.#options.publish({ src: "processes", op: "reset", items, warnings: [...this.#warnings] });
  }

  changed(kept: KeptProcess): void {
    this.#options.publish({ src: "processes", op: "upsert", item: this.#itemOf(kept) });
  }

  forgotten(identity: string): void {
    const id = processId(this.#options.environment.node, identity);
    this.#options.publish({ src: "processes", op: "remove", id, reason: "told" });
  }

  problem(message: string): void {
    this.#warnings[0] = { code: "SOURCE_FAILED", target: this.#options.environment.stateDirectory, message };
  }

  attend(ids: readonly string[]): void {
    this.#attended = ids.filter((id) => processOfId(id) !== null);
    this.#usage.keepOnly(new Set(this.#attended));
    this.#sample();
    this.#tick();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTick?.();
  }

  #view(): readonly KeptProcess[] {
    const { environment, clock } = this.#options;
    this.#warnings.length = 0;
    return viewProcesses({ ...environment, onProblem: (message) => this.problem(message) }, clock.wallMs());
  }

  #sample(): void {
    for (const id of this.#attended) {
      const [pid, startTicks] = (processOfId(id) ?? "").split(":");
      const before = this.#usage.of(id);
      const usage = this.#usage.sample(id, Number(pid), startTicks ?? "");
      if (JSON.stringify(usage) !== JSON.stringify(before)) {
        this.#options.publish({ src: "processes", op: "sample", id, usage });
      }
    }
  }

  /** Only while somebody looks, or another process may have written. */
  #tick(): void {
    if (this.#cancelTick || this.#isClosed || !(this.#isViewing || this.#attended.length > 0)) return;
    this.#cancelTick = this.#options.clock.setTimer(TICK_MS, () => {
      this.#cancelTick = null;
      if (this.#isViewing) this.refresh();
      this.#sample();
      this.#tick();
    });
  }

  #itemOf({ identity, row, via, isAdopted }: KeptProcess): Process {
    const { pid, label, commandLine, starter, startedAtMs, endedAtMs, status, isTold } = row;
    const id = processId(this.#options.environment.node, identity);
    return {
      id,
      kind: "Process",
      node: this.#options.environment.node,
      label,
      pid,
      identity,
      program: commandLine.trim().split(" ", 1)[0] ?? "",
      commandLine,
      via,
      starterUid: starter.uid,
      starterUser: this.#users.of(starter.uid),
      starterPid: starter.pid,
      state: endedAtMs === null ? "running" : "exited",
      exitCode: status,
      exit: endedAtMs === null ? null : { at: timestamp(endedAtMs), status, text: endText(status) },
      waited: isTold,
      adopted: isAdopted,
      startedAt: timestamp(startedAtMs),
      usage: endedAtMs === null ? this.#usage.of(id) : null,
    };
  }
}
