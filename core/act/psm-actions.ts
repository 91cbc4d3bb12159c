/** The verbs of the process set: categories and their members, as cfg_psm_catops(3) and cfg_psm_memops(3). */

import type { Category } from "#core/model/category.ts";
import { counted } from "#core/model/counted.ts";
import type { Member } from "#core/model/member.ts";
import { type ActionSpec, SEND_SIGNAL } from "./action-spec.ts";

const whenAlive = (item: Member) => (item.flags.exit ? `process ${item.pid} of ${item.category} has ended` : null);

export const PSM_ACTIONS = {
  "category.add": {
    id: "category.add",
    kind: "categories",
    verb: "add",
    title: "Add category",
    short: "add",
    key: "a",
    subject: "new",
    effect: "change",
    description: "add an empty category to the process set",
    keywords: ["new", "create"],
    arguments: [],
    inverse: "category.remove",
    when: () => null,
  },
  "category.remove": {
    id: "category.remove",
    kind: "categories",
    verb: "remove",
    title: "Remove category",
    short: "remove",
    key: "d",
    subject: "item",
    effect: "destroy",
    description: "take an empty category out of the process set; without --empty refused, as Tru64 does",
    keywords: ["delete"],
    arguments: [
      {
        name: "empty",
        title: "if empty",
        type: "flag",
        isRequired: false,
        description: "remove it if it has no members; the process set of Tru64 has no way to remove one",
      },
    ],
    inverse: "category.add",
    when: (item: Category) =>
      item.members === 0
        ? null
        : `${item.name} has ${counted(item.members, "member")}: remove ${item.members === 1 ? "it" : "them"} first`,
    consequence: (item: Category) => `${item.name} will no longer be a category of the process set.`,
  },
  "member.add": {
    id: "member.add",
    kind: "members",
    verb: "add",
    title: "Add member",
    short: "add",
    key: "a",
    subject: "new",
    effect: "change",
    description: "register a running process in a category; its exit status is kept from then on",
    keywords: ["register", "proxy"],
    arguments: [],
    inverse: "member.remove",
    when: () => null,
  },
  "member.remove": {
    id: "member.remove",
    kind: "members",
    verb: "remove",
    title: "Remove member",
    short: "remove",
    key: "d",
    subject: "item",
    effect: "destroy",
    description: "take a process out of the set; its kept exit status is forgotten, the process itself is left alone",
    keywords: ["unregister", "delete"],
    arguments: [],
    inverse: null,
    when: () => null,
    consequence: (item: Member) =>
      item.flags.exit
        ? `How process ${item.pid} of ${item.category} ended will be forgotten.`
        : `Process ${item.pid} of ${item.category} goes on, but its exit will not be noticed.`,
  },
  "member.state": {
    id: "member.state",
    kind: "members",
    verb: "state",
    title: "Set state",
    short: "state",
    key: "e",
    subject: "item",
    effect: "change",
    description: "set the member's state, a word of at most 31 bytes that its owner chooses",
    keywords: ["edit", "status"],
    arguments: [{ name: "to", title: "state", type: "text", isRequired: true, description: "the new state" }],
    inverse: null,
    when: whenAlive,
  },
  "member.signal": {
    ...SEND_SIGNAL,
    id: "member.signal",
    kind: "members",
    description: "send a signal to the very process that was registered",
    keywords: ["kill", "term", "hup"],
    when: whenAlive,
    consequence: (item: Member) => `Process ${item.pid} of ${item.category} will get the signal.`,
  },
} as const satisfies Record<string, ActionSpec<"categories"> | ActionSpec<"members">>;
