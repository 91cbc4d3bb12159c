/**
 * The commands of GEOPM: what geopmendpoint(1) and geopmpolicystore(1) were to be, and the policy daemon. The verbs come out of
 * the action table.
 */
import { ACTION_EXITS, actionCommands } from "./action-commands.ts";
import { lookCommands } from "./look-commands.ts";
import { EVERY, FILTER, SELECTION_OPTIONS } from "./options.ts";
import type { ArgumentSpec, CommandSpec, OptionSpec } from "./specification.ts";

const EXITS = [...ACTION_EXITS, 2, 65] as const;

const endpoint: ArgumentSpec = {
  name: "NAME",
  summary:
    "an absolute path without -policy and -sample, a name as GEOPM resolves it, the last part of a path, or a full id",
  isRequired: true,
  isRepeatable: true,
  of: "endpoints",
};

const newEndpoint: ArgumentSpec = {
  ...endpoint,
  summary:
    "an absolute path such as /dev/shm/NAME, the same for everyone; /NAME depends on the user, NAME on the directory",
  of: "free",
};

const values: ArgumentSpec = {
  name: "VALUES",
  summary: "in the order of the agent's fields, separated by commas; NAN is the agent's own choice",
  isRequired: true,
  isRepeatable: false,
  of: "free",
};

const agent: ArgumentSpec = {
  name: "AGENT",
  summary: "name of an agent, such as power_governor",
  isRequired: true,
  isRepeatable: false,
  of: "free",
};

const policy: ArgumentSpec = {
  name: "POLICY",
  summary: "AGENT for its default, AGENT/PROFILE, or a full id",
  isRequired: true,
  isRepeatable: true,
  of: "policies",
};

const STORE: OptionSpec = {
  name: "policystore",
  type: "path",
  value: "DB",
  summary: "path of the policy store",
  default: "policystore of [geopm] in the configuration, else policystore.db in the state directory",
};

const PROFILE: OptionSpec = {
  name: "profile",
  short: "p",
  type: "text",
  value: "PROFILE",
  summary: "the policy of this profile of the agent; without it the agent's default",
};

export const ENDPOINTS: readonly CommandSpec[] = [
  ...lookCommands("endpoints", endpoint, {
    list: {
      summary: "the endpoints there are, and who is at them: as geopmendpoint without options",
      description: "They are looked for in /dev/shm, in /run/user/* and in the directories of the configuration.",
      examples: [
        { line: "muster endpoints list", tells: "a table" },
        { line: "muster endpoints list --json --filter state=orphaned", tells: "those whose owner is gone" },
      ],
    },
    get: {
      summary: "all facts of some endpoints: as geopmendpoint -a",
      examples: [{ line: "muster endpoints get /dev/shm/ep --json", tells: "one endpoint, in a list of one" }],
    },
    watch: {
      summary: "the endpoints, their samples and every change of them, until interrupted",
      options: [FILTER, EVERY],
      examples: [{ line: "muster endpoints watch --json", tells: "one JSON object a line" }],
    },
  }),
  ...actionCommands("endpoints", {
    names: [endpoint],
    item: "/dev/shm/ep",
    exits: EXITS,
    verbs: {
      create: {
        arguments: [newEndpoint],
        description:
          "As geopmendpoint -c. The endpoint belongs to muster's service, which is started if it does not run; when the service " +
          "ends, the regions stay, and its next start takes them over.",
      },
      destroy: { description: "As geopmendpoint -d; also of endpoints whose owner is gone." },
      policy: {
        arguments: [{ ...endpoint, isRepeatable: false }, values],
        words: ["values"],
        line: "/dev/shm/ep 176 --yes",
        description: "As geopmendpoint -p: one value for each field of the agent that is attached.",
      },
      sample: { description: "As geopmendpoint -s: NAME: VALUE lines, and SAMPLE_AGE." },
      wait: {
        exits: [...EXITS, 75],
        description: "Without --timeout it waits without end; with 0 it looks once.",
      },
      bind: { description: "What 'endpoints serve' does, in muster's service and until unbind." },
    },
  }),
  {
    name: "endpoints serve",
    summary: "the policy daemon: give every controller that attaches its policy out of the store, until interrupted",
    description:
      "Makes the endpoints, or takes over those that muster's service made. Writes the policy again when the store changes, " +
      "notices controllers that die, and unlinks the regions when it ends. A store that is not there is made.",
    arguments: [newEndpoint],
    options: [
      STORE,
      {
        name: "take-over",
        type: "flag",
        summary: "go on with regions that others left, instead of failing with EEXIST",
      },
      {
        name: "stale",
        type: "duration",
        value: "SECONDS",
        summary:
          "after so long without a sample a controller is suspect; the default is stale_seconds of the configuration",
      },
      { name: "daemonize", type: "flag", summary: "in the background, once the endpoints are open; needs --pid-file" },
      {
        name: "pid-file",
        type: "path",
        value: "FILE",
        summary: "where the daemon's pid stands, for 'daemons control'",
      },
    ],
    examples: [
      { line: "muster endpoints serve /dev/shm/ep --policystore policies.db", tells: "one endpoint, events as lines" },
      { line: "muster endpoints serve /dev/shm/a /dev/shm/b --json", tells: "two of them, events as JSON" },
    ],
    exits: [0, 1, 2, 3, 4, 64, 65, 74, 75, 77, 78],
  },
];

export const POLICIES: readonly CommandSpec[] = [
  ...lookCommands("policies", policy, {
    list: {
      summary: "the policies of the store",
      options: [...SELECTION_OPTIONS, STORE],
      examples: [{ line: "muster policies list --filter agent=power_governor", tells: "those of one agent" }],
      exits: [0, 3, 64, 65, 74, 75, 77, 78],
    },
    get: {
      summary: "all facts of some policies",
      options: [STORE],
      examples: [{ line: "muster policies get power_governor/dgemm --json", tells: "one policy, in a list of one" }],
      exits: [0, 1, 3, 64, 65, 74, 75, 77, 78],
    },
    watch: {
      summary: "the policies and every change of them, until interrupted",
      options: [FILTER, STORE],
      examples: [{ line: "muster policies watch --json", tells: "one JSON object a line" }],
      exits: [0, 1, 64, 65, 74, 75, 77, 78],
    },
  }),
  ...actionCommands("policies", {
    names: [policy],
    item: "power_governor",
    options: [STORE],
    exits: EXITS,
    verbs: {
      set: {
        arguments: [agent, values],
        words: ["values"],
        options: [PROFILE],
        description: "As geopmpolicystore -a AGENT -p PROFILE -P VALUES. The store is made if it is missing.",
        examples: [
          { line: "muster policies set power_governor --profile dgemm 176", tells: "for one profile" },
          { line: "muster policies set power_balancer 400,NAN,NAN,NAN", tells: "the agent's default" },
        ],
      },
      remove: {
        options: [PROFILE],
        description: "As geopmpolicystore -D.",
        line: "power_governor --profile dgemm --yes",
      },
    },
  }),
  {
    name: "policies default",
    summary: "show or set the default policy of an agent",
    arguments: [agent, { ...values, isRequired: false }],
    options: [STORE, { name: "dry-run", type: "flag", summary: "tell what would be done, and do nothing" }],
    examples: [
      { line: "muster policies default power_governor 150", tells: "set it" },
      { line: "muster policies default power_governor", tells: "show it" },
    ],
    exits: EXITS,
  },
];
