/** How items of each kind are called on the command line: in sentences, and by the words that are typed for one. */
import { nameOf } from "#core/model/id.ts";
import { canonicalJid } from "#core/model/jid.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { valuesText } from "#core/output/geopm-columns.ts";
import { usage } from "./option-values.ts";

export interface KindWords<T> {
  readonly one: string;
  readonly many: string;
  /** What it is called in sentences. */
  readonly label: (item: T) => string;
  /** The word as items are named by it; throws USAGE for what can be none of them. Left out: words are taken as they are. */
  readonly spell?: (word: string) => string;
  /** Words that mean this item and no other, besides its full id. */
  readonly names: (item: T) => readonly string[];
  /** Words that may fit several. */
  readonly aliases: (item: T) => readonly string[];
  /** Asked where no alias fits: whether a word is short for this item. */
  readonly isShortFor?: (item: T, word: string) => boolean;
  /** Of these a word is taken for before it is taken for any of the others. */
  readonly comesFirst?: (item: T) => boolean;
  /** Said of an empty list. */
  readonly empty: string;
  /** What a line of `watch` for people says of it, behind the time and the label. */
  readonly news: (item: T) => readonly string[];
}

const isHexId = (id: string) => /^[0-9a-f]{32,}$/.test(id);

export type NamedKind = Exclude<Kind, "events">;

/** `0x501` and `501` mean `0x0000000000000501`, in any case: job commands take hexadecimal numbers. */
function spellJid(word: string): string {
  if (word.includes("/")) return word;
  const jid = canonicalJid(word);
  if (jid !== null) return jid;
  throw usage(
    `'${word}' is not the id of a job`,
    word,
    "a hexadecimal number such as 0x501; 'muster jobs list' shows all",
  );
}

const countWords = (count: number, word: string) => `${count} ${word}`;

export const KIND_WORDS: { readonly [K in NamedKind]: KindWords<Items[K]> } = {
  daemons: {
    one: "daemon",
    many: "daemons",
    label: (daemon) => daemon.label,
    names: (daemon) => [daemon.name],
    aliases: (daemon) => [daemon.label],
    empty: "no daemons are declared and none was found; see 'muster doctor' for where muster looks",
    news: (daemon) => [daemon.state, String(daemon.pid ?? "-")],
  },
  categories: {
    one: "category",
    many: "categories",
    label: (category) => category.name,
    names: (category) => [category.name],
    aliases: () => [],
    empty: "no categories",
    news: ({ running, exited, failed }) => [
      countWords(running, "running"),
      countWords(exited, "exited"),
      countWords(failed, "failed"),
    ],
  },
  members: {
    one: "member",
    many: "members",
    label: (member) => `${member.category}/${member.pid}`,
    // A pid may come again: an entry of the one that ended may stand beside the one that runs.
    names: (member) => [`${member.category}/${member.identity}`],
    aliases: (member) => [`${member.category}/${member.pid}`, member.name, String(member.pid)],
    empty: "no process is registered; 'muster members run CATEGORY -- COMMAND' starts and registers one",
    news: (member) => [member.exit?.text ?? member.state, member.argv],
  },
  modules: {
    one: "module",
    many: "modules",
    label: (module) => module.name,
    names: (module) => [module.name],
    aliases: () => [],
    empty: "no modules: muster's service keeps them, and it does not run; 'muster serve' starts it",
    news: (module) => [module.state, countWords(module.attached, "attached")],
  },
  jobs: {
    one: "job",
    many: "jobs",
    label: (job) => job.jid,
    names: (job) => [job.jid],
    aliases: () => [],
    spell: spellJid,
    empty: "no jobs; 'muster jobs create -- COMMAND' makes one",
    news: (job) => [job.state, countWords(job.processes, "processes"), job.command],
  },
  attachments: {
    one: "attachment",
    many: "attachments",
    label: (attachment) => `${attachment.job ?? attachment.module} ${attachment.pid}`,
    names: (attachment) => [`${attachment.module}/${attachment.identity}`],
    // A process may be attached to several modules.
    aliases: (attachment) => [`${attachment.module}/${attachment.pid}`, String(attachment.pid)],
    empty: "no process is attached to a module",
    news: (attachment) => [attachment.state, attachment.argv],
  },
  endpoints: {
    one: "endpoint",
    many: "endpoints",
    label: (endpoint) => endpoint.name,
    names: (endpoint) => [endpoint.name],
    aliases: ({ name }) => [name.slice(name.lastIndexOf("/")), name.slice(name.lastIndexOf("/") + 1)],
    empty: "no endpoints; 'muster endpoints create /dev/shm/NAME' makes one",
    news: ({ state, agent, profile, sample }) => [state, agent ?? "-", profile ?? "-", valuesText(sample)],
  },
  policies: {
    one: "policy",
    many: "policies",
    label: (policy) => (policy.profile === null ? policy.agent : `${policy.agent}/${policy.profile}`),
    names: (policy) => [policy.profile === null ? policy.agent : `${policy.agent}/${policy.profile}`],
    aliases: () => [],
    empty: "no policies; 'muster policies set AGENT VALUES' keeps one",
    news: (policy) => [valuesText(policy.fields)],
  },
  containers: {
    one: "container",
    many: "containers",
    label: (container) => container.name,
    // Of some engines the name is all there is: others may have one of the same name.
    names: ({ id, containerId }) => [...(isHexId(containerId) ? [containerId] : []), nameOf(id)],
    aliases: ({ name, containerId, engine, user }) =>
      [name, containerId].flatMap((word) => [word, `${engine}/${word}`, ...(user === null ? [] : [`${user}/${word}`])]),
    isShortFor: ({ containerId }, word) =>
      isHexId(containerId) && /^[0-9a-f]+$/.test(word) && containerId.startsWith(word),
    // What a user calls his container never changes what a name of the system's means.
    comesFirst: ({ uid }) => uid === null,
    empty: "no containers; 'muster doctor' tells which engines muster sees",
    news: ({ engine, state, pid, image }) => [engine, state, String(pid ?? "-"), image ?? "-"],
  },
  processes: {
    one: "process",
    many: "processes",
    label: (process) => `${process.label} (${process.pid})`,
    // A pid may come again: one that has ended may stand beside the one that runs.
    names: (process) => [process.identity],
    aliases: (process) => [String(process.pid), process.label],
    empty: "no privileged processes; 'muster processes start LABEL -- COMMAND' starts one",
    news: (process) => [process.exit?.text ?? process.state, process.commandLine],
  },
};
