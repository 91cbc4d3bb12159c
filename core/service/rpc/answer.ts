/** One request -> the JSON of its result, now or later. */
import * as v from "valibot";
import type { ActionRequest } from "#core/act/request.ts";
import { type Caller, isOwn } from "../caller.ts";
import type { EventQuery, ReportQuery, Service } from "../service.ts";
import { PROTOCOL_VERSION, RPC_CODES } from "./codes.ts";
import type { Host } from "./host.ts";
import type { Invocations } from "./invocations.ts";
import { STRANGERS_HISTORY } from "./limits.ts";
import { type Message, ProtocolError } from "./message.ts";
import { METHODS, type Method, type Params } from "./protocol.ts";
import { notification, type Subscriptions } from "./subscriptions.ts";
import { snapshotText } from "./wire-text.ts";

/** What a request is answered from. */
export interface Asked {
  readonly host: Host;
  readonly service: Service;
  readonly caller: Caller;
  readonly client: object;
  readonly subscriptions: Subscriptions;
  readonly invocations: Invocations;
  /** Of the request, in bytes. */
  readonly length: number;
  /** For what may be left out. */
  readonly tell: (line: string) => void;
}

/** now: there it is; later: requests behind it wait; beside: they do not. */
export type Answer =
  | { readonly when: "now"; readonly text: string }
  | { readonly when: "later" | "beside"; readonly text: Promise<string> };

type Answers = { readonly [M in Method]: (asked: Asked, params: Params<M>) => Answer };

const now = (text: string): Answer => ({ when: "now", text });
const json = (promise: Promise<unknown>) => promise.then((value) => JSON.stringify(value));

const ANSWERS: Answers = {
  hello: ({ host: { facts }, service, caller }) => {
    const { configuration, ...rest } = facts;
    const { node, isReadOnly } = service;
    const hello = { protocol: PROTOCOL_VERSION, ...rest, node, isReadOnly, configuration: configuration() };
    return now(JSON.stringify({ ...hello, you: caller.uid }));
  },
  ping: () => now("null"),
  snapshot: ({ host, service }, { kinds }) => now(snapshotText(service.snapshot(), kinds, host.clock.nowMs())),
  subscribe: ({ host, service, subscriptions }, { kinds }) => {
    const snapshot = service.snapshot();
    const number = subscriptions.add(kinds);
    return now(`{"subscription":${number},"snapshot":${snapshotText(snapshot, kinds, host.clock.nowMs())}}`);
  },
  unsubscribe: ({ subscriptions }, { subscription }) => {
    subscriptions.remove(subscription);
    return now("null");
  },
  invoke: ({ invocations, length, tell, service }, { request }) => {
    const { requestId } = request;
    const report = invocations.run(request as ActionRequest, length, (progress) =>
      tell(notification("progress", JSON.stringify({ requestId, progress }))),
    );
    // What the action changed is told before its report.
    return { when: "beside", text: json(report.finally(() => service.snapshot())) };
  },
  cancel: ({ invocations }, { requestId }) => {
    invocations.cancel(requestId);
    return now("null");
  },
  events: ({ service, caller }, { query }) => {
    const limit = isOwn(caller) ? query.limit : Math.min(query.limit, STRANGERS_HISTORY);
    return { when: "later", text: json(service.events({ ...query, limit } as EventQuery)) };
  },
  processes: ({ host, caller }, { query }) => {
    const { kernel = false } = query;
    const mine = host
      .processes({ kernel })
      .then((rows) => (isOwn(caller) ? rows : rows.filter((row) => row.uid === caller.uid)));
    return { when: "later", text: json(mine) };
  },
  reports: ({ service, caller }, { query }) => {
    const limit = isOwn(caller) ? query.limit : Math.min(query.limit, STRANGERS_HISTORY);
    return { when: "later", text: json(service.reports?.({ ...query, limit } as ReportQuery) ?? Promise.resolve([])) };
  },
  attend: ({ host, client, caller }, { ids }) => {
    host.attention.set(client, ids, isOwn(caller));
    return now("null");
  },
  refresh: ({ host, caller, service }) => {
    const done = host.refresh(isOwn(caller)).then(() => {
      // What was found is told before the answer.
      service.snapshot();
      return "null";
    });
    return { when: "later", text: done };
  },
};

/** Throws ProtocolError for what is no request of ours, and MusterError. */
export function answer(asked: Asked, message: Message): Answer {
  const { method, id = null } = message;
  if (!Object.hasOwn(METHODS, method)) {
    throw new ProtocolError(RPC_CODES.methodNotFound, `there is no method ${JSON.stringify(method.slice(0, 100))}`, id);
  }
  return answerAs(asked, method as Method, message);
}

function answerAs<M extends Method>(asked: Asked, method: M, { params, id = null }: Message): Answer {
  const parsed = v.safeParse(METHODS[method].params, params, { abortEarly: true });
  if (parsed.success) return ANSWERS[method](asked, parsed.output as Params<M>);
  const [issue] = parsed.issues;
  const place = v.getDotPath(issue);
  const reason = `${method}: params${place === null ? "" : `.${place}`}: ${issue.message.slice(0, 300)}`;
  throw new ProtocolError(RPC_CODES.invalidParams, reason, id);
}
