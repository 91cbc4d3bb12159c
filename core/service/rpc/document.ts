/** The protocol as one schema, for `muster schema rpc`: the envelope, and for each method its params and its result. */
import * as v from "valibot";
import { ErrorRecordSchema } from "#core/output/parts.ts";
import { METHODS, NOTIFICATIONS } from "./protocol.ts";

const note = v.description;
const jsonrpc = v.literal("2.0");
const id = v.pipe(v.union([v.string(), v.number(), v.null()]), note("chosen by the client"));

const envelope = {
  request: v.pipe(
    v.object({
      jsonrpc,
      id: v.optional(id),
      method: v.picklist(Object.keys(METHODS) as [string, ...string[]]),
      params: v.optional(v.record(v.string(), v.unknown())),
    }),
    note("client to service, at most 1 MiB and 64 levels deep; without `id` there is no answer"),
  ),
  result: v.pipe(v.object({ jsonrpc, id, result: v.unknown() }), note("the answer")),
  error: v.pipe(
    v.object({
      jsonrpc,
      id,
      error: v.object({
        code: v.pipe(v.number(), note("-32700 to -32600 as in JSON-RPC 2.0; below -32000 one for each code of `data`")),
        message: v.string(),
        data: ErrorRecordSchema,
      }),
    }),
    note("the answer when it failed; with `id` null when the request could not be read"),
  ),
  notification: v.pipe(
    v.object({
      jsonrpc,
      method: v.picklist(Object.keys(NOTIFICATIONS) as [string, ...string[]]),
      params: v.record(v.string(), v.unknown()),
    }),
    note("service to client, unasked"),
  ),
};

const methods = Object.entries(METHODS).map(
  ([name, { summary, params, result }]) => [name, v.pipe(v.object({ params, result }), note(summary))] as const,
);
const notifications = Object.entries(NOTIFICATIONS).map(
  ([name, { summary, params }]) => [name, v.pipe(v.object({ params }), note(summary))] as const,
);

export const RpcSchema = v.object({
  messages: v.pipe(v.object(envelope), note("each is one line")),
  methods: v.object(Object.fromEntries(methods)),
  notifications: v.object(Object.fromEntries(notifications)),
});
