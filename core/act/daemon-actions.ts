/** The verbs of daemons, by LibUCW's control protocol. */
import type { Daemon } from "#core/model/daemon.ts";
import { type ActionSpec, type ArgumentSpec, SEND_SIGNAL } from "./action-spec.ts";

const whenManaged = (item: Daemon) =>
  item.managed ? null : `${item.label} is only found, not declared: add it to daemons.d to manage it`;

/** LibUCW's protocol: only a process that holds the lock of its pid file is known to be the daemon. */
const whenLocked = (item: Daemon) => {
  if (item.lock.held === null) return `it cannot be told whether ${item.pidFile} is locked: run as its owner or root`;
  if (!item.lock.held) return `${item.label} does not hold the lock of ${item.pidFile}: it is ${item.state}`;
  return null;
};

/** A daemon that failed can be stopped as well: then it is no longer wanted up. */
const whenStoppable = (item: Daemon) => (isWish(item) ? null : whenLocked(item));

const isWish = (item: Daemon) => item.wanted === "up" && item.present === false;

const ofProcess = (item: Daemon) =>
  item.present && item.pid !== null ? `${item.label} (pid ${item.pid})` : item.label;

const endOf = (item: Daemon, words: string) =>
  isWish(item) ? `${item.label} does not run; it will no longer be wanted up.` : `${ofProcess(item)} ${words}`;

const deadline: ArgumentSpec = {
  name: "timeout",
  title: "deadline",
  type: "seconds",
  isRequired: false,
  description: "seconds to wait; the default is the daemon's own stop deadline",
};

const force: ArgumentSpec = {
  name: "force",
  title: "escalate",
  type: "flag",
  isRequired: false,
  description: "send SIGKILL when the deadline passes, even if the daemon's own settings do not escalate",
};

export const DAEMON_ACTIONS = {
  "daemon.start": {
    id: "daemon.start",
    kind: "daemons",
    verb: "start",
    title: "Start",
    short: "start",
    key: "t",
    subject: "item",
    effect: "change",
    description: "run the daemon's command under the guard lock; done when it holds its lock and has written its pid",
    keywords: ["up", "run"],
    arguments: [],
    inverse: "daemon.stop",
    when: (item) => whenManaged(item) ?? (item.lock.held === true ? `${item.label} runs already` : null),
  },
  "daemon.stop": {
    id: "daemon.stop",
    kind: "daemons",
    verb: "stop",
    title: "Stop",
    short: "stop",
    key: "x",
    subject: "item",
    effect: "destroy",
    description: "send the stop signal and wait until the lock of the pid file is free",
    keywords: ["down", "end", "term"],
    arguments: [deadline, force],
    inverse: "daemon.start",
    when: whenStoppable,
    consequence: (item: Daemon) => endOf(item, "will be told to end."),
  },
  "daemon.kill": {
    id: "daemon.kill",
    kind: "daemons",
    verb: "kill",
    title: "Kill",
    short: "kill",
    key: "X",
    subject: "item",
    effect: "destroy",
    description: "send SIGKILL and wait until the lock of the pid file is free",
    keywords: ["sigkill", "force", "stop"],
    arguments: [deadline],
    inverse: "daemon.start",
    when: whenStoppable,
    consequence: (item: Daemon) => endOf(item, "will be killed: it cannot save anything or clean up."),
  },
  "daemon.restart": {
    id: "daemon.restart",
    kind: "daemons",
    verb: "restart",
    title: "Restart",
    short: "restart",
    key: "R",
    subject: "item",
    effect: "destroy",
    description: "stop and start as one action under one guard lock",
    keywords: ["again", "bounce"],
    arguments: [deadline, force],
    inverse: null,
    when: whenManaged,
    consequence: (item: Daemon) =>
      item.present ? `${ofProcess(item)} will be told to end, then started again.` : `${item.label} will be started.`,
  },
  "daemon.reload": {
    id: "daemon.reload",
    kind: "daemons",
    verb: "reload",
    title: "Reload",
    short: "reload",
    key: "L",
    subject: "item",
    effect: "change",
    description: "send the reload signal (SIGHUP unless the daemon says otherwise)",
    keywords: ["hup", "configuration"],
    arguments: [],
    inverse: null,
    when: whenLocked,
  },
  "daemon.signal": {
    ...SEND_SIGNAL,
    id: "daemon.signal",
    kind: "daemons",
    description: "send any signal to the process that holds the lock",
    keywords: ["kill", "usr1", "hup", "term"],
    when: whenLocked,
    consequence: (item) => `${ofProcess(item)} will get the signal; what that does is up to the daemon.`,
  },
  "daemon.check": {
    id: "daemon.check",
    kind: "daemons",
    verb: "check",
    title: "Check",
    short: "check",
    key: "c",
    subject: "item",
    effect: "read",
    description: "ask by the control protocol, under the guard lock, whether the daemon runs",
    keywords: ["status", "lsb"],
    arguments: [],
    inverse: null,
    when: () => null,
  },
} as const satisfies Record<string, ActionSpec<"daemons">>;
