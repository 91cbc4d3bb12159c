/** What an action on process aggregates is turned into before anything is done, and what orders are made with. */
import type { EffectClass } from "#core/act/actions.ts";
import { PAGG_ACTIONS } from "#core/act/pagg-actions.ts";
import type { ActionRequest } from "#core/act/request.ts";
import type { Attachment } from "#core/model/attachment.ts";
import { MusterError } from "#core/model/error.ts";
import type { Job, JobReport } from "#core/model/job.ts";
import type { Module } from "#core/model/module.ts";
import type { Step } from "#core/model/step.ts";
import type { Jid, JobRequests } from "#core/pagg/job/requests.ts";
import type { Modules } from "#core/pagg/modules.ts";
import { signalNumber } from "#ffi/signals.ts";
import type { NamedAttachment } from "../pagg-id.ts";
import type { PrivilegedAction } from "../privilege.ts";
import type { Done } from "./ending.ts";

export type PaggRequest = ActionRequest & { readonly action: keyof typeof PAGG_ACTIONS };

export function isPaggRequest(request: ActionRequest): request is PaggRequest {
  return Object.hasOwn(PAGG_ACTIONS, request.action);
}

/** What actions act on, in a service that keeps it. */
export interface Kept {
  readonly jobs: JobRequests;
  readonly modules: Modules;
  job(jid: Jid): Job | null;
  /** Of the last job with this id that has ended. */
  report(jid: Jid): JobReport | null;
  attachment(named: NamedAttachment): Attachment | null;
}

export interface OrderContext {
  readonly node: string;
  readonly procRoot: string;
  /** pid of who asks; null if it is not known. */
  readonly callerPid: number | null;
}

/** What an order may use while it is carried out. */
export interface Carrying {
  /** Throws for whom something of this user's is not. */
  readonly authorize: (ownerUid: number | null) => void;
  readonly signal: AbortSignal | undefined;
}

export interface PaggOrder {
  /** The item it is about; null for one that is to be made, or that an ended job's report stands for. */
  readonly item: Module | Job | Attachment | null;
  /** The row of the privilege table that holds; the action's own, but for a request to a module. */
  readonly privilege: PrivilegedAction;
  readonly effect: EffectClass;
  /** Whose it is; null if nobody's, or if that is known only when it is done. */
  readonly ownerUid: number | null;
  /** The owner is asked for when it is done. */
  readonly asksOwner: boolean;
  readonly plan: readonly Step[];
  readonly run: (carrying: Carrying) => Done | Promise<Done>;
}

type Parts = Pick<PaggOrder, "plan" | "run"> & Partial<PaggOrder>;

export function order(request: PaggRequest, item: PaggOrder["item"], parts: Parts): PaggOrder {
  const { effect } = PAGG_ACTIONS[request.action];
  return { item, privilege: request.action, effect, ownerUid: null, asksOwner: false, ...parts };
}

export function signalIn({ arguments: { signal } }: PaggRequest, otherwise: number | null): number {
  if (signal === undefined && otherwise !== null) return otherwise;
  if (String(signal) === "0") return 0;
  const number = signal === undefined ? null : signalNumber(String(signal));
  if (number !== null) return number;
  throw usage(
    signal === undefined ? "no signal was given" : `unknown signal: ${signal}`,
    "give a name such as HUP, or a number from 1 to 64",
  );
}

export const usage = (message: string, hint: string) => new MusterError("USAGE", message, { errno: "EINVAL", hint });

export const step = (text: string): Step => ({ op: "set", text });
