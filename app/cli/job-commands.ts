/**
 * The commands of the Job module: what jstat, jkill, jwait, jattach, jdetach and jsethid do, and what they cannot. The verbs
 * come out of the action table.
 */
import { ACTION_EXITS, actionCommands } from "./action-commands.ts";
import { lookCommands } from "./look-commands.ts";
import { EVERY, FILTER, TIMEOUT } from "./options.ts";
import type { ArgumentSpec, CommandSpec, OptionSpec } from "./specification.ts";

const EXITS = [...ACTION_EXITS, 2] as const;

const job: ArgumentSpec = {
  name: "JID",
  summary: "id of a job, hexadecimal with or without 0x and zeros, or a full id",
  isRequired: true,
  isRepeatable: true,
  of: "jobs",
};

const anyJobs: ArgumentSpec = { ...job, isRequired: false, summary: `${job.summary}; without one all jobs there are` };

const pid: ArgumentSpec = {
  name: "PID",
  summary: "id of a running process",
  isRequired: true,
  isRepeatable: true,
  of: "free",
};

const attachment: ArgumentSpec = {
  name: "PROCESS",
  summary: "a pid that is attached to one module only, MODULE/PID, or a full id",
  isRequired: true,
  isRepeatable: true,
  of: "attachments",
};

const FOREGROUND: OptionSpec = {
  name: "foreground",
  type: "flag",
  summary: "stay in front of the command: pass signals on, wait until the job has ended, and end with its last status",
};

const PID_OPTION: OptionSpec = {
  name: "pid",
  type: "count",
  value: "PID",
  summary: "let only this process out of the job that it is in",
};

export const JOBS: readonly CommandSpec[] = [
  ...lookCommands("jobs", job, {
    list: {
      summary: "the jobs there are: as jstat -a",
      examples: [
        { line: "muster jobs list", tells: "a table" },
        { line: "muster jobs list --json=jid,processes,pid --filter user=ada", tells: "three fields of one user's" },
      ],
    },
    get: {
      summary: "all facts of some jobs: as jstat -j",
      examples: [{ line: "muster jobs get 0x501 --json", tells: "one job, in a list of one" }],
    },
    watch: {
      summary: "the jobs and every change of them, until interrupted",
      options: [FILTER, EVERY],
      examples: [{ line: "muster jobs watch --json", tells: "one JSON object a line" }],
    },
  }),
  ...actionCommands("jobs", {
    names: [job],
    item: "0x501",
    exits: EXITS,
    verbs: {
      create: {
        arguments: [
          { ...pid, isRequired: false, isRepeatable: false, summary: `${pid.summary}; it leaves the job it is in` },
          {
            name: "CMD",
            summary: "a command and its arguments: the first process of the job",
            isRequired: false,
            isRepeatable: true,
            of: "words",
          },
        ],
        words: ["pid"],
        options: [FOREGROUND],
        description:
          "A command is in the job before its first instruction, in a session of its own and without standard input; muster " +
          "tells the job's id and returns. If the job cannot be made, the command never runs.",
        examples: [
          { line: "muster jobs create -- make -j8", tells: "run it as a job, and tell its id" },
          { line: "muster jobs create --foreground -- make -j8", tells: "and end as its last process did" },
          { line: "muster jobs create 812 --user ada", tells: "make a job of a process that runs" },
        ],
        ownExits: { 0: "the job was made; with --foreground: it ended with 0" },
      },
      attach: {
        arguments: [{ ...job, isRepeatable: false }, pid],
        words: ["pid"],
        line: "0x501 812",
        description: "As jattach(8).",
      },
      detach: {
        arguments: [{ ...job, isRequired: false }],
        options: [PID_OPTION],
        description: "As jdetach(8): with JID as its -j, with --pid as its -p.",
        examples: [
          { line: "muster jobs detach 0x501 --yes", tells: "end the job, leave its processes running" },
          { line: "muster jobs detach --pid 812 --yes", tells: "let one process out" },
        ],
      },
      kill: {
        description: "As jkill(1).",
        examples: [
          { line: "muster jobs kill 0x501 --yes", tells: "tell all its processes to end" },
          { line: "muster jobs kill --signal KILL 0x501 --yes", tells: "end it at once, whatever it forks" },
        ],
      },
      wait: {
        arguments: [anyJobs],
        options: [
          { name: "exit-code", type: "flag", summary: "end with the exit code of the job; only with one JID" },
          TIMEOUT,
        ],
        description:
          "As jwait(1): tells how the last process to leave the job ended, of a job that has ended already too. Ends with 0 " +
          "however that was, unless --exit-code is given.",
        exits: [...EXITS, 75],
      },
      pids: {
        arguments: [anyJobs],
        description: "One a line, the newest first; without JID each behind its job.",
      },
    },
  }),
  {
    name: "jobs sethid",
    summary: "set the host id of the jobs that are made from now on: as jsethid(8)",
    arguments: [
      {
        name: "HID",
        summary: "hexadecimal, at most ffffffff; ffffffff keeps jobs from being made",
        isRequired: true,
        isRepeatable: false,
        of: "free",
      },
    ],
    options: [],
    examples: [{ line: "muster jobs sethid 7f000001", tells: "the upper half of new jids" }],
    exits: EXITS,
  },
  {
    name: "jobs report",
    summary: "the accounts of jobs that have ended: how, how long, and what they used",
    arguments: [{ ...job, isRequired: false, of: "free" }],
    options: [
      {
        name: "since",
        type: "moment",
        value: "TIME",
        summary: "that ended since 10m, 2h, 3d ago or since a time (RFC 3339)",
      },
      { name: "limit", type: "count", value: "N", default: "1000", summary: "the newest N" },
    ],
    examples: [
      { line: "muster jobs report --since 1d", tells: "a table" },
      { line: "muster jobs report 0x501 --json", tells: "one, in a list of one" },
    ],
    exits: [0, 1, 3, 64, 74, 75, 78],
  },
];

export const ATTACHMENTS: readonly CommandSpec[] = [
  ...lookCommands("attachments", attachment, {
    list: {
      summary: "the processes attached to modules, those of jobs among them: as jstat -a -p",
      examples: [
        { line: "muster attachments list --filter job=0x0000000000000501", tells: "of one job" },
        { line: "muster attachments list --json=job,pid,comm", tells: "three fields of all" },
      ],
    },
    get: {
      summary: "all facts of some processes attached to modules",
      examples: [{ line: "muster attachments get 812 --json", tells: "one, in a list of one" }],
    },
    watch: {
      summary: "the processes attached to modules and every change of them, until interrupted",
      options: [FILTER, EVERY],
      examples: [{ line: "muster attachments watch --filter module=job --json", tells: "one JSON object a line" }],
    },
  }),
  ...actionCommands("attachments", { names: [attachment], item: "812", exits: EXITS }),
];
