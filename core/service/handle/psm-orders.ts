/** An action on the process set turned into what will be done: read and judged first, so that it can be told before. */

import { PSM_ACTIONS } from "#core/act/psm-actions.ts";
import type { ActionRequest, ActionTarget } from "#core/act/request.ts";
import type { Category } from "#core/model/category.ts";
import { MusterError } from "#core/model/error.ts";
import type { Member } from "#core/model/member.ts";
import type { Step } from "#core/model/step.ts";
import { identityOf, type MemberEntry, memberId, memberItem } from "#core/psm/entry.ts";
import { noCategory, type SetQuery } from "#core/psm/query.ts";
import type { ProcessSet } from "#core/psm/set.ts";
import { psmError } from "#core/psm/status.ts";
import { signalName, signalNumber } from "#ffi/signals.ts";
import { categoryOfId, memberOfId, type NamedMember } from "../psm-id.ts";
import { signalProcess } from "./signal-process.ts";

export type PsmRequest = ActionRequest & { readonly action: keyof typeof PSM_ACTIONS };

export function isPsmRequest(request: ActionRequest): request is PsmRequest {
  return Object.hasOwn(PSM_ACTIONS, request.action);
}

export interface PsmOrder {
  /** The item it is about; null for one that is to be made. */
  readonly item: Category | Member | null;
  /** Whose entry it is; null if nobody's. Of a process that is to be added it is known only when it is held. */
  readonly ownerUid: number | null;
  readonly plan: readonly Step[];
  /** Does it, and says so in a sentence. `authorize` throws for whom the process does not belong to. */
  readonly run: (set: ProcessSet, authorize: (uid: number) => void) => string;
}

export interface OrderContext {
  readonly query: SetQuery;
  readonly procRoot: string;
  /** pid of who asks; null if it is not known. */
  readonly callerPid: number | null;
}

/** Throws what keeps it from being asked for at all: USAGE, NOT_FOUND, IDENTITY_CHANGED. */
export function orderFor(request: PsmRequest, target: ActionTarget, context: OrderContext): PsmOrder {
  switch (request.action) {
    case "category.add":
      return addCategory(categoryIn(target));
    case "category.remove":
      return removeCategory(categoryIn(target), request, context.query);
    case "member.add":
      return addMember(memberIn(target), request, target, context);
    case "member.remove":
      return removeMember(entryOf(target, context.query), context.query);
    case "member.state":
      return setState(entryOf(target, context.query), String(request.arguments.to ?? ""), context.query);
    case "member.signal":
      return sendSignal(entryOf(target, context.query), signalIn(request), context);
  }
}

function addCategory(name: string): PsmOrder {
  return {
    item: null,
    ownerUid: null,
    plan: [step(`add category ${name}`)],
    run: (set) => {
      set.catadd(name);
      return `category ${name} was added`;
    },
  };
}

function removeCategory(name: string, request: PsmRequest, query: SetQuery): PsmOrder {
  const item = query.categoryItem(name);
  if (!item) throw noCategory(name);
  const ifEmpty = request.arguments.empty === true;
  return {
    // Without the option it is never done, whatever is in it: the set itself says so, with its own status.
    item: ifEmpty && !item.wellKnown ? item : null,
    ownerUid: null,
    plan: [step(`remove category ${name}`)],
    run: (set) => {
      set.catrem(name, { ifEmpty });
      return `category ${name} was removed`;
    },
  };
}

function addMember(
  { category, pid, startTicks }: NamedMember,
  request: PsmRequest,
  target: ActionTarget,
  context: OrderContext,
): PsmOrder {
  const { argv } = request.arguments;
  const seen = startTicks ?? target.identity?.split(":")[1] ?? null;
  return {
    item: null,
    ownerUid: null,
    plan: [{ ...step(`register process ${pid} in ${category}`), pid }],
    run: (set, authorize) => {
      const entry = set.memadd(category, pid, {
        callerPid: context.callerPid,
        argv: typeof argv === "string" ? argv : null,
        startTicks: seen,
        authorize,
      });
      return `process ${entry.pid} was registered in ${category}`;
    },
  };
}

function removeMember(entry: MemberEntry, { node }: SetQuery): PsmOrder {
  return {
    item: memberItem(node, entry),
    ownerUid: entry.uid,
    plan: [{ ...step(`remove process ${entry.pid} from ${entry.category}`), ...processOf(entry) }],
    run: (set) => {
      set.remove(entry);
      return `process ${entry.pid} was removed from ${entry.category}`;
    },
  };
}

function setState(entry: MemberEntry, state: string, { node }: SetQuery): PsmOrder {
  return {
    item: memberItem(node, entry),
    ownerUid: entry.uid,
    plan: [{ ...step(`set the state of process ${entry.pid} to ${state}`), ...processOf(entry) }],
    run: (set) => {
      set.setState(entry, state);
      return `process ${entry.pid} of ${entry.category} is ${state}`;
    },
  };
}

function sendSignal(entry: MemberEntry, signal: number, { query, procRoot }: OrderContext): PsmOrder {
  const name = signalName(signal);
  return {
    item: memberItem(query.node, entry),
    // Asked again when the process is held: it may have changed its user since it was registered.
    ownerUid: entry.uid,
    plan: [{ op: "signal", text: `send ${name} to process ${entry.pid}`, signal: name, ...processOf(entry) }],
    run: (_set, authorize) => {
      signalProcess(entry, signal, { procRoot, authorize, gone: (message) => psmError("ESRCH", message) });
      return `${name} was sent to process ${entry.pid} of ${entry.category}`;
    },
  };
}

function entryOf(target: ActionTarget, query: SetQuery): MemberEntry {
  const { category, pid, startTicks } = memberIn(target);
  const entry = startTicks === null ? query.member(category, pid) : query.memberWithIdentity(category, pid, startTicks);
  if (!entry) throw psmError("ENOENT", `there is no member ${target.id}`);
  const expected = target.identity ?? null;
  if (expected === null || expected === identityOf(entry)) return entry;
  throw new MusterError("IDENTITY_CHANGED", `${memberId(query.node, entry)} is not process ${expected}`, {
    hint: "look again, then repeat the action",
  });
}

function memberIn({ id }: ActionTarget): NamedMember {
  const named = memberOfId(id);
  if (named) return named;
  throw psmError("EINVAL", `not the id of a member: ${id}`, { hint: "it is node/member/CATEGORY/PID" });
}

function categoryIn({ id }: ActionTarget): string {
  const name = categoryOfId(id);
  if (name !== null) return name;
  throw psmError("EINVAL", `not the id of a category: ${id}`, { hint: "it is node/category/NAME" });
}

function signalIn({ arguments: { signal } }: ActionRequest): number {
  const number = signal === undefined ? null : signalNumber(String(signal));
  if (number !== null) return number;
  throw new MusterError("USAGE", signal === undefined ? "no signal was given" : `unknown signal: ${signal}`, {
    hint: "give a name such as HUP, or a number from 1 to 64",
  });
}

const step = (text: string): Step => ({ op: "set", text });

const processOf = (entry: MemberEntry) => ({ pid: entry.pid, identity: identityOf(entry) });
