/** Facts and declaration put together as the item that everybody sees. */
import { basename } from "node:path";
import { timestamp } from "#core/model/clock.ts";
import type { Daemon, Exit, Usage } from "#core/model/daemon.ts";
import type { DaemonDeclaration } from "#core/model/declaration.ts";
import { makeId } from "#core/model/id.ts";
import type { DaemonFacts, ProcessFacts } from "./facts.ts";
import { guardFileFor } from "./guard.ts";
import { judgeFacts } from "./state.ts";

/** A daemon to look at: declared by the operator, or a pid file that was found. */
export interface Subject {
  readonly name: string;
  readonly pidFile: string;
  readonly declaration: DaemonDeclaration | null;
}

export interface ItemContext {
  readonly node: string;
  readonly wanted: "up" | "down" | null;
  readonly exit: Exit | null;
  /** Usage as last sampled, to go on from. */
  readonly cpuPercent: number | null;
}

export function declaredSubject(declaration: DaemonDeclaration): Subject {
  return { name: declaration.name, pidFile: declaration.pidFile, declaration };
}

export function foundSubject(pidFile: string): Subject {
  return { name: pidFile, pidFile, declaration: null };
}

export function makeItem(subject: Subject, facts: DaemonFacts, context: ItemContext): Daemon {
  const { declaration, pidFile } = subject;
  const { state, present, ready, problems } = judgeFacts(facts, context.wanted, pidFile);
  // A pid given to another process says nothing about the daemon: its name and usage are not shown as the daemon's.
  const process = present ? facts.process : null;
  return {
    id: makeId(context.node, "daemon", subject.name),
    kind: "Daemon",
    name: subject.name,
    label: declaration?.name ?? basename(pidFile, ".pid"),
    description: declaration?.description ?? null,
    managed: declaration !== null,
    wanted: context.wanted,
    present,
    ready,
    pid: facts.content.phase === "pid" ? facts.content.pid : null,
    identity: process?.identity ?? null,
    comm: process?.comm ?? null,
    startedAt: process ? timestamp(process.startedMs) : null,
    pidFile,
    guardFile: declaration?.guardFile ?? guardFileFor(pidFile),
    lock: { held: facts.isLocked, by: facts.holder },
    state,
    since: sinceOf(state, facts, process),
    exit: context.exit,
    usage: process ? usageOf(process, context.cpuPercent) : null,
    problems: [...problems],
  };
}

export function usageOf({ cpuSeconds, memoryBytes }: ProcessFacts, cpuPercent: number | null): Usage {
  return { cpuPercent, cpuSeconds, memoryBytes };
}

/** Known from the facts alone for what runs and for what emptied its file; else only an observer that saw it can tell. */
function sinceOf(state: Daemon["state"], facts: DaemonFacts, process: ProcessFacts | null): string | null {
  if (state === "up" || state === "unlocked") return process ? timestamp(process.startedMs) : null;
  const isWritten = facts.content.phase === "empty" || facts.content.phase === "starting";
  return isWritten && facts.file ? timestamp(facts.file.modifiedMs) : null;
}
