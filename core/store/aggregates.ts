/**
 * Process aggregates in a snapshot: modules, their jobs, their processes as the tree they were forked in. Answers are kept
 * with the items they were made from: ten thousand processes are gone through once a snapshot, not once a key.
 */
import type { Attachment } from "#core/model/attachment.ts";
import { makeId } from "#core/model/id.ts";
import type { Job } from "#core/model/job.ts";
import type { Module } from "#core/model/module.ts";
import { type Forest, forestOf } from "./forest.ts";
import { indexer } from "./indexer.ts";
import type { Snapshot } from "./snapshot.ts";

type Aggregate = Module | Job | Attachment;
type Index<T> = ReadonlyMap<string, T>;

/** The module that keeps jobs. */
const JOB_MODULE = "job";

interface Made {
  readonly modules: Index<Module>;
  readonly jobs: Index<Job>;
  readonly forest: Forest<Aggregate>;
}

const made = new WeakMap<Index<Attachment>, Made>();

export function aggregatesOf(snapshot: Snapshot): Forest<Aggregate> {
  const { items: modules } = snapshot.shelves.modules;
  const { items: jobs } = snapshot.shelves.jobs;
  const { items: attachments } = snapshot.shelves.attachments;
  const last = made.get(attachments);
  if (last?.modules === modules && last.jobs === jobs) return last.forest;
  const groups = groupsOf(attachments);
  const all = new Map<string, Aggregate>([...modules, ...jobs, ...attachments]);
  const forest = forestOf<Aggregate>(all, (item) => {
    if (item.kind === "Module") return null;
    if (item.kind === "Job") return makeId(item.node, "module", JOB_MODULE);
    return parentOfProcess(groups, item)?.id ?? holderOf(jobs, item);
  });
  made.set(attachments, { modules, jobs, forest });
  return forest;
}

function holderOf(jobs: Index<Job>, { node, module, job }: Attachment): string {
  const id = job === null ? null : makeId(node, "job", job);
  return id !== null && jobs.has(id) ? id : makeId(node, "module", module);
}

/** Processes of one job or module, by pid. */
type Group = Map<number, Attachment>;

const groupOf = ({ module, job }: Attachment) => `${module}/${job ?? ""}`;

const groupsOf = indexer((attachments: Index<Attachment>) => {
  const groups = new Map<string, Group>();
  for (const each of attachments.values()) {
    const group = groups.get(groupOf(each));
    if (group) group.set(each.pid, each);
    else groups.set(groupOf(each), new Map([[each.pid, each]]));
  }
  return groups;
});

/** A process that started later has only been given the pid of the parent. */
function parentOfProcess(groups: ReadonlyMap<string, Group>, child: Attachment): Attachment | undefined {
  const parent = groups.get(groupOf(child))?.get(child.parentPid);
  return parent && parent !== child && startOf(parent) <= startOf(child) ? parent : undefined;
}

const startOf = ({ identity }: Attachment) => Number(identity.slice(identity.indexOf(":") + 1));

/** In the order of their pids. */
export function processesOfJob(snapshot: Snapshot, jid: string): readonly Attachment[] {
  return byJob(snapshot.shelves.attachments.items).get(jid) ?? [];
}

/** In the order of their pids; those that are in no job. */
export function processesOfModule(snapshot: Snapshot, name: string): readonly Attachment[] {
  return byModule(snapshot.shelves.attachments.items).get(name) ?? [];
}

/** Where a process is attached: its job before any other module. */
export function attachmentOfProcess(snapshot: Snapshot, identity: string): Attachment | undefined {
  return byIdentity(snapshot.shelves.attachments.items).get(identity);
}

/** As far as jobs tell the names of users; that of root is known without them. */
export function userName(snapshot: Snapshot, uid: number): string {
  return userNames(snapshot.shelves.jobs.items).get(uid) ?? (uid === 0 ? "root" : String(uid));
}

const byJob = indexer((attachments: Index<Attachment>) => grouped(attachments, ({ job }) => job));
const byModule = indexer((attachments: Index<Attachment>) =>
  grouped(attachments, ({ job, module }) => (job === null ? module : null)),
);

function grouped(attachments: Index<Attachment>, key: (each: Attachment) => string | null) {
  const lists = new Map<string, Attachment[]>();
  for (const each of attachments.values()) {
    const name = key(each);
    if (name === null) continue;
    const list = lists.get(name);
    if (list) list.push(each);
    else lists.set(name, [each]);
  }
  for (const list of lists.values()) list.sort((a, b) => a.pid - b.pid);
  return lists;
}

const byIdentity = indexer((attachments: Index<Attachment>) => {
  const index = new Map<string, Attachment>();
  for (const each of attachments.values()) {
    if (each.job !== null || !index.has(each.identity)) index.set(each.identity, each);
  }
  return index;
});

const userNames = indexer(
  (jobs: Index<Job>) => new Map([...jobs.values()].flatMap(({ uid, user }) => (user === null ? [] : [[uid, user]]))),
);

/** How many processes of a list are in which state, as proc_pid_stat(5) calls it, the most frequent first. */
export const stateCounts = indexer((processes: readonly Attachment[]) => {
  const counts = new Map<string, number>();
  for (const { state } of processes) counts.set(state, (counts.get(state) ?? 0) + 1);
  return new Map([...counts].sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1)));
});
