/** The verbs of privileged processes: pmdaRootProcessStart, -Wait and -Terminate, with the safety that those do not have. */
import type { Process } from "#core/model/process.ts";
import { type ActionSpec, SEND_SIGNAL } from "./action-spec.ts";

const whenRunning = (item: Process) =>
  item.state === "running"
    ? null
    : `process ${item.pid} (${item.label}) has ended: ${item.exit?.text ?? "nobody saw how"}`;

const called = ({ pid, label }: Process) => `Process ${pid} (${label})`;

export const PMDAROOT_ACTIONS = {
  "process.start": {
    id: "process.start",
    kind: "processes",
    verb: "start",
    title: "Start process",
    short: "start",
    key: "a",
    subject: "new",
    effect: "change",
    description: "start a process with the rights of the service; it outlives whoever asked, and how it ends is kept",
    keywords: ["new", "run", "pmdaRootProcessStart"],
    arguments: [
      {
        name: "command",
        title: "command line",
        type: "text",
        isRequired: true,
        description: "program and its arguments, split at blanks; there are no quotes",
      },
    ],
    inverse: null,
    when: () => null,
  },
  "process.wait": {
    id: "process.wait",
    kind: "processes",
    verb: "wait",
    title: "Wait for the end",
    short: "wait",
    key: "w",
    subject: "item",
    effect: "read",
    description: "wait until a process has ended and tell how; its starter is told all the same",
    keywords: ["pmdaRootProcessWait", "status"],
    arguments: [],
    inverse: null,
    when: () => null,
  },
  "process.terminate": {
    id: "process.terminate",
    kind: "processes",
    verb: "terminate",
    title: "Terminate process",
    short: "terminate",
    key: "x",
    subject: "item",
    effect: "destroy",
    description: "send SIGKILL to the very process that was started",
    keywords: ["kill", "pmdaRootProcessTerminate"],
    arguments: [],
    inverse: null,
    when: whenRunning,
    consequence: (item: Process) => `${called(item)} ends at once, without a chance to tidy up.`,
  },
  "process.signal": {
    ...SEND_SIGNAL,
    id: "process.signal",
    kind: "processes",
    description: "send a signal to the very process that was started",
    keywords: ["kill", "term", "hup"],
    when: whenRunning,
    consequence: (item: Process) => `${called(item)} will get the signal.`,
  },
} as const satisfies Record<string, ActionSpec<"processes">>;
