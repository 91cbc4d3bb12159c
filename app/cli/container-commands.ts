/** The commands of containers and privileged processes: what pmdaRootConnect(3) gives, and what it cannot. */
import { ACTION_EXITS, actionCommands } from "./action-commands.ts";
import { lookCommands } from "./look-commands.ts";
import { EVERY, FILTER, SELECTION_OPTIONS, TIMEOUT } from "./options.ts";
import type { ArgumentSpec, CommandSpec, Example, OptionSpec } from "./specification.ts";

const EXITS = [...ACTION_EXITS, 2] as const;

const SOCKET: OptionSpec = {
  name: "socket",
  type: "path",
  value: "PATH",
  summary: "ask the server of pmdaRoot that listens here instead, pmdaroot itself among others",
};

const container: ArgumentSpec = {
  name: "NAME",
  summary: "name or id of a container, the beginning of an id, ENGINE/NAME, USER/NAME, or a full id",
  isRequired: true,
  isRepeatable: true,
  of: "containers",
};

const process: ArgumentSpec = {
  name: "PROCESS",
  summary: "pid, label, or PID:START of a process that was started here, or a full id",
  isRequired: true,
  isRepeatable: true,
  of: "processes",
};

const ASKED =
  "Root and whoever may read them looks at the engines' own files and asks the kernel; other users are told of their own " +
  "containers so, and of others by the server that PCP asks, if it lets them in. With several names each answer stands " +
  "behind its name.";

function question(what: "hostname" | "pid" | "cgroup", summary: string, examples: readonly Example[]): CommandSpec {
  return {
    name: `containers ${what}`,
    summary,
    description: ASKED,
    arguments: [container],
    options: [SOCKET],
    examples,
    exits: [0, 1, 2, 3, 64, 74, 75, 77, 78],
  };
}

export const CONTAINERS: readonly CommandSpec[] = [
  ...lookCommands("containers", container, {
    list: {
      summary:
        "the containers of docker, podman, LXC, systemd-nspawn, containerd, crun and runc, those of users among them",
      options: [...SELECTION_OPTIONS, SOCKET],
      examples: [
        { line: "muster containers list", tells: "a table" },
        {
          line: "muster containers list --json=engine,name,pid --filter state=running",
          tells: "three fields of what runs",
        },
      ],
      exits: [0, 2, 3, 64, 74, 78],
    },
    get: {
      summary: "all facts of some containers",
      options: [SOCKET],
      examples: [{ line: "muster containers get podman/web --json", tells: "one, in a list of one" }],
      exits: [0, 1, 2, 3, 64, 74, 78],
    },
    watch: {
      summary: "the containers and every change of them, until interrupted",
      options: [FILTER, EVERY, SOCKET],
      examples: [
        { line: "muster containers watch --every 1s --json", tells: "with what they use, one JSON object a line" },
      ],
      exits: [0, 1, 2, 64, 74, 78],
    },
  }),
  question("hostname", "the host name that is seen inside: pmdaRootContainerHostName", [
    { line: "muster containers hostname web", tells: "one name alone" },
  ]),
  question("pid", "the first process of a container: pmdaRootContainerProcessID", [
    { line: "nsenter -t $(muster containers pid web) -n ip address", tells: "go in" },
    {
      line: "muster containers pid web --socket /var/lib/pcp/pmcd/root.socket",
      tells: "what PCP is told",
    },
  ]),
  question("cgroup", "the cgroup of a container below the mount: pmdaRootContainerCGroupName", [
    { line: "muster containers cgroup web db", tells: "each behind its name" },
  ]),
];

export const PROCESSES: readonly CommandSpec[] = [
  ...lookCommands("processes", process, {
    list: {
      summary:
        "the processes that the service started, by itself or for clients of its root server, and how they ended",
      options: [...SELECTION_OPTIONS, SOCKET],
      examples: [{ line: "muster processes list --filter state=running", tells: "those that run" }],
      exits: [0, 2, 3, 64, 74, 78],
    },
    get: {
      summary: "all facts of some of these processes",
      options: [SOCKET],
      examples: [{ line: "muster processes get 812 --json", tells: "one, in a list of one" }],
      exits: [0, 1, 2, 3, 64, 74, 78],
    },
    watch: {
      summary: "these processes and every change of them, until interrupted",
      options: [FILTER, EVERY, SOCKET],
      examples: [{ line: "muster processes watch --json", tells: "one JSON object a line" }],
      exits: [0, 1, 2, 64, 74, 78],
    },
  }),
  ...actionCommands("processes", {
    names: [process],
    item: "812",
    options: [SOCKET],
    exits: [...EXITS, 75],
    verbs: {
      start: {
        arguments: [
          {
            name: "LABEL",
            summary: "what it is called; at most 63 bytes, need not be unique",
            isRequired: true,
            isRepeatable: false,
            of: "free",
          },
          {
            name: "CMD",
            summary: "the program and its arguments; none of them holds a blank",
            isRequired: true,
            isRepeatable: true,
            of: "words",
          },
        ],
        words: ["command"],
        description:
          "The process is a child of the service, with its rights, environment and directory, without standard input; what it " +
          "says goes into the service's log. It runs on when the service ends, and the next one takes it over.",
        examples: [
          {
            line: "muster processes start backup -- /usr/local/sbin/backup --all",
            tells: "start it, and tell its pid",
          },
        ],
      },
      wait: {
        arguments: [{ ...process, isRequired: false, summary: `${process.summary}; without one all that run` }],
        options: [
          { name: "exit-code", type: "flag", summary: "end with the exit code of the process; only with one PROCESS" },
          TIMEOUT,
        ],
        description:
          "Tells how it ended, of one that has ended already too. With --socket the server tells each end once: to whoever " +
          "had the process started, or, once that one has left, to whoever asks first.",
      },
      terminate: {
        description:
          "With --socket only what is a child of that server: pmdaroot itself kills whatever it is told to, with the rights of root.",
      },
      signal: { line: "812" },
    },
  }),
];
