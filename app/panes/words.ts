/** What items of each kind are called in the sentences of the console. */
import type { Kind } from "#core/model/kinds.ts";

export const WORDS: Readonly<Record<Kind, { readonly one: string; readonly many: string }>> = {
  daemons: { one: "daemon", many: "daemons" },
  categories: { one: "category", many: "categories" },
  members: { one: "member", many: "members" },
  modules: { one: "module", many: "modules" },
  jobs: { one: "job", many: "jobs" },
  attachments: { one: "process", many: "attached processes" },
  endpoints: { one: "endpoint", many: "endpoints" },
  policies: { one: "policy", many: "policies" },
  containers: { one: "container", many: "containers" },
  processes: { one: "process", many: "privileged processes" },
  events: { one: "event", many: "events" },
};
