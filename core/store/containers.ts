/**
 * Containers and privileged processes in a snapshot: the lines they stand on, which container a process is in, and what else
 * muster knows of the processes inside one. Answers are kept with the items they were made from.
 */
import type { Attachment } from "#core/model/attachment.ts";
import type { Container } from "#core/model/container.ts";
import type { Daemon } from "#core/model/daemon.ts";
import { makeId } from "#core/model/id.ts";
import type { Job } from "#core/model/job.ts";
import type { Member } from "#core/model/member.ts";
import type { Process } from "#core/model/process.ts";
import { attachmentOfProcess } from "./aggregates.ts";
import { type Forest, forestOf } from "./forest.ts";
import { indexer } from "./indexer.ts";
import { daemonOfProcess, memberOfProcess } from "./process-set.ts";
import type { Snapshot } from "./snapshot.ts";

type Index<T> = ReadonlyMap<string, T>;
type Line = Container | Process;

const made = new WeakMap<Index<Container>, { readonly processes: Index<Process>; readonly forest: Forest<Line> }>();

/** None belongs to another: an engine's containers stand side by side, and so do processes. */
export function containersOf(snapshot: Snapshot): Forest<Line> {
  const { items: containers } = snapshot.shelves.containers;
  const { items: processes } = snapshot.shelves.processes;
  const last = made.get(containers);
  if (last?.processes === processes) return last.forest;
  const forest = forestOf<Line>(new Map<string, Line>([...containers, ...processes]), () => null);
  made.set(containers, { processes, forest });
  return forest;
}

/** Of what is inside, as far as it is told: of a container that nobody looks at only the first process is. */
export const identitiesOf = ({ identity, identities }: Container): readonly string[] =>
  identity === null || identities.includes(identity) ? identities : [identity, ...identities];

const byIdentity = indexer((containers: Index<Container>) => {
  const index = new Map<string, Container>();
  for (const container of containers.values()) {
    for (const identity of identitiesOf(container)) index.set(identity, container);
  }
  // A container inside another: its first process is its own.
  for (const container of containers.values()) {
    if (container.identity !== null) index.set(container.identity, container);
  }
  return index;
});

export function containerOfProcess(snapshot: Snapshot, identity: string): Container | undefined {
  return byIdentity(snapshot.shelves.containers.items).get(identity);
}

const running = indexer(
  (processes: Index<Process>) =>
    new Map([...processes.values()].filter(({ state }) => state === "running").map((each) => [each.identity, each])),
);

export function privilegedOfProcess(snapshot: Snapshot, identity: string): Process | undefined {
  return running(snapshot.shelves.processes.items).get(identity);
}

/** What muster knows besides of the processes inside a container. */
export interface Inside {
  readonly daemons: readonly Daemon[];
  readonly members: readonly Member[];
  readonly processes: readonly Process[];
  /** With how many processes of the container are in the job. */
  readonly jobs: readonly (readonly [job: Job, processes: number])[];
  /** Those that are attached to a module and in no job. */
  readonly attachments: readonly Attachment[];
}

export function insideOf(snapshot: Snapshot, container: Container): Inside {
  const identities = identitiesOf(container);
  const found = <T>(find: (snapshot: Snapshot, identity: string) => T | undefined): readonly T[] =>
    identities.flatMap((identity) => find(snapshot, identity) ?? []);
  const attached = found(attachmentOfProcess);
  const counts = new Map<Job, number>();
  const attachments: Attachment[] = [];
  for (const each of attached) {
    const job = each.job === null ? undefined : snapshot.shelves.jobs.items.get(makeId(each.node, "job", each.job));
    if (job) counts.set(job, (counts.get(job) ?? 0) + 1);
    else attachments.push(each);
  }
  return {
    daemons: found(daemonOfProcess),
    members: found(memberOfProcess),
    processes: found(privilegedOfProcess),
    jobs: [...counts],
    attachments,
  };
}
