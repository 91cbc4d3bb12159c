/** What a module can be asked through paggctl(3): its requests by name and number, and the service that answers them. */
import { paggError } from "./errors.ts";

/** Data of requests and of processes: opaque to everyone but the module, and of a size that can be sent. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** As the effect class of an action: read changes nothing, change can be undone, destroy is hard to reverse. */
export type RequestEffect = "read" | "change" | "destroy";

/**
 * Who may ask. service: root, or the user the service runs as; resource: root, or CAP_SYS_RESOURCE in the service's user
 * namespace; owner: these, or the owner of what is asked for, which `authorize` of the context decides.
 */
export type RequestNeed = "anyone" | "service" | "resource" | "owner";

/** What is known of a request before it is performed. */
export interface RequestSpec {
  /** As in the headers: `JOB_GETJID`. */
  readonly name: string;
  readonly number: number;
  readonly effect: RequestEffect;
  readonly need: RequestNeed;
}

export interface PaggctlContext {
  /** The process that asks: JOB_CREATE is for it if the data names no other. */
  readonly callerPid?: number | null;
  /** Asked with the owner's uid by requests that need `owner`, before anything is done; throws to refuse. */
  readonly authorize?: (ownerUid: number) => void;
  /** Gives up a request that waits: it fails with ECANCELED. */
  readonly signal?: AbortSignal;
}

/** The service function of a module: do_paggctl. */
export interface PaggctlService {
  /** null for what is none of its requests. */
  find(request: string | number): RequestSpec | null;
  /** The data as it comes back: that of the asker with the results in it. */
  call(spec: RequestSpec, data: Json, context: PaggctlContext): Promise<Json> | Json;
  /** The error for what is none of its requests; EINVAL without. */
  unknown?(request: string | number): Error;
}

/** By name, by number, or by a number that came as text. */
export function findRequest<T extends RequestSpec>(specs: readonly T[], request: string | number): T | null {
  const number = typeof request === "string" && /^[0-9]{1,9}$/.test(request) ? Number(request) : request;
  return specs.find((spec) => spec.number === number || spec.name === number) ?? null;
}

export function unknownRequest(module: string, request: string | number, specs: readonly RequestSpec[]): Error {
  const known = specs.map(({ name, number }) => `${name} (${number})`).join(", ");
  return paggError("EINVAL", `${module} has no request ${JSON.stringify(request)}`, {
    hint: known === "" ? "it has none" : `it has ${known}`,
  });
}
