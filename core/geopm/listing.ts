/**
 * The endpoints of a machine. GEOPM keeps no list of them, so they are found by their pairs of files, and who is alive is
 * told by who has them mapped: an owner is older than its files, or holds muster's lock on them; a controller is younger.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { findMapHolders } from "#ffi/map-holders.ts";
import { readProcText } from "#ffi/proc-file.ts";
import {
  bootTimeMs,
  clockTicksPerSecond,
  isInitialPidNamespace,
  lockKey,
  readLocks,
  readProcessStat,
} from "#ffi/procfs.ts";
import { POLICY_SUFFIX, SAMPLE_SUFFIX } from "./layout.ts";
import type { PolicyFields, SampleFields } from "./region-fields.ts";
import { isUntouched, policyOf, type RegionCopy, sampleOf } from "./region-file.ts";
import { type LookedAt, RegionFiles } from "./region-files.ts";

export interface ListingHost {
  readonly procRoot: string;
  /** `/dev/shm` */
  readonly shmRoot: string;
  /** `/run/user`, whose directories are looked into. */
  readonly runtimeRoot: string;
  /** Others to look into. */
  readonly directories: readonly string[];
}

export interface MappingProcess {
  readonly pid: number;
  readonly startTicks: string;
  readonly comm: string;
}

/** Separate facts; `null`: it cannot be told. */
export interface EndpointState {
  readonly isAttached: boolean;
  /** A process lives that made it, or took it over. */
  readonly isOwned: boolean | null;
  /** The controller that attached lives. */
  readonly isControlled: boolean | null;
  /** No controller ever attached. */
  readonly isUntouched: boolean;
}

export interface ListedEndpoint {
  /** The absolute path without the suffix: a name that means the same to everyone. */
  readonly name: string;
  readonly policyPath: string;
  readonly samplePath: string;
  /** The user the policy belongs to. */
  readonly uid: number | null;
  readonly createdMs: number | null;
  /** 4160 or 4136; null when neither file can be read. */
  readonly fileBytes: number | null;
  readonly policy: PolicyFields | null;
  readonly sample: SampleFields | null;
  /** A region whose lock was held every time it was looked at, and the thread that holds it. */
  readonly heldLock: { readonly path: string; readonly owner: number } | null;
  /** What is wrong with the files; then nothing can attach. */
  readonly problem: string | null;
  /** The owner, when it is muster's. */
  readonly keeperPid: number | null;
  /** Who has it mapped, as far as it can be seen. */
  readonly processes: readonly MappingProcess[];
  readonly state: EndpointState;
}

/** When /proc tells no finer: a process that started that much after a file may have made it all the same. */
const TICK_TOLERANCE_MS = 20;

/** All that can be found now. Directories that are not there, or may not be looked into, have none. */
export function listEndpoints(host: ListingHost, files?: RegionFiles): ListedEndpoint[] {
  return describe(endpointDirectories(host).flatMap(namesIn), host, files);
}

/** One of them, by its absolute path; null when neither file is there. */
export function inspectEndpoint(name: string, host: ListingHost): ListedEndpoint | null {
  return describe([name], host, undefined, true)[0] ?? null;
}

/** Some, by their absolute paths, in one walk through the processes; those of which no file is there are left out. */
export function inspectEndpoints(names: readonly string[], host: ListingHost): ListedEndpoint[] {
  return describe(names, host, undefined, true);
}

/**
 * The same endpoint with what stands in its regions now. Who owns and who controls it is as it was, for that takes a listing;
 * who has come since is not known to live.
 */
export function reread(endpoint: ListedEndpoint, files: RegionFiles): ListedEndpoint {
  const { name, policyPath, samplePath, state } = endpoint;
  const [policy, sample] = [files.look(policyPath), files.look(samplePath)];
  const copies = { policy: copyOf(policy), sample: copyOf(sample) };
  const fields = copies.sample && sampleOf(copies.sample);
  const isAttached = fields !== null && fields.agent !== "";
  const isControlled = isAttached && (state.isAttached ? state.isControlled : null);
  return {
    ...endpoint,
    state: { ...state, isAttached, isControlled, isUntouched: state.isUntouched && !isAttached },
    policy: copies.policy && policyOf(copies.policy),
    sample: fields,
    heldLock: heldLockOf(name, copies),
    problem: problemOf(name, policy, sample),
  };
}

/** Where they are looked for. */
export function endpointDirectories({ shmRoot, runtimeRoot, directories }: ListingHost): string[] {
  const users = namesOf(runtimeRoot).map((uid) => join(runtimeRoot, uid));
  return [...new Set([shmRoot, ...users, ...directories])];
}

function namesIn(directory: string): string[] {
  const found = new Set<string>();
  for (const file of namesOf(directory)) {
    for (const suffix of [POLICY_SUFFIX, SAMPLE_SUFFIX]) {
      if (file.endsWith(suffix)) found.add(join(directory, file.slice(0, -suffix.length)));
    }
  }
  return [...found].sort();
}

function namesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function describe(
  names: readonly string[],
  host: ListingHost,
  kept: RegionFiles | undefined,
  isAsked = false,
): ListedEndpoint[] {
  const files = kept ?? new RegionFiles();
  const pairs = names.map((name) => ({
    name,
    policy: files.look(`${name}${POLICY_SUFFIX}`),
    sample: files.look(`${name}${SAMPLE_SUFFIX}`),
  }));
  if (kept)
    kept.keepOnly(new Set(pairs.flatMap(({ policy, sample }) => [policy?.path ?? [], sample?.path ?? []].flat())));
  else files[Symbol.dispose]();
  const isReal = (region: LookedAt | null) => region !== null && typeof region.copy !== "string";
  // Anybody may call a file something-policy: one of the two must be a region.
  const found = pairs.filter(({ policy, sample }) => (isAsked ? (policy ?? sample) : isReal(policy) || isReal(sample)));
  const keys = new Set(found.flatMap(({ policy, sample }) => [policy?.key ?? [], sample?.key ?? []].flat()));
  const holders = findMapHolders(host.procRoot, keys);
  const hiddenUids = new Set(holders.hidden.map((pid) => uidOf(host.procRoot, pid)));
  const keepers = keys.size === 0 ? new Map<string, number>() : keepersOf(host.procRoot);
  const bootMs = bootTimeMs(host.procRoot);
  const isWhole = showsAllProcesses(host.procRoot);
  return found.map(({ name, policy, sample }) => {
    const mappings = holders.pids.get(sample?.key ?? "") ?? [];
    const pids = new Set([...mappings, ...(holders.pids.get(policy?.key ?? "") ?? [])]);
    const processes = [...pids].flatMap((pid) => readProcessStat(host.procRoot, pid) ?? []);
    const keeperPid = keepers.get(policy?.lockKey ?? "") ?? null;
    const createdMs = policy?.createdMs ?? sample?.createdMs ?? null;
    const copies = { policy: copyOf(policy), sample: copyOf(sample) };
    const fields = copies.sample && sampleOf(copies.sample);
    const startMs = (ticks: string) => bootMs + (Number(ticks) / clockTicksPerSecond()) * 1000;
    const isEarly = ({ pid, startTicks }: MappingProcess) =>
      pid === keeperPid || startMs(startTicks) <= (createdMs ?? 0) + TICK_TOLERANCE_MS;
    const earlyPids = new Set(processes.filter(isEarly).map(({ pid }) => pid));
    const early = mappings.filter((pid) => earlyPids.has(pid)).length;
    const census = {
      early,
      late: mappings.length - early,
      isSeveral: new Set(mappings).size > 1,
      isKept: keeperPid !== null,
      mayHideOwner: !isWhole || hiddenUids.has(policy?.uid ?? sample?.uid ?? -1),
      mayHideController: !isWhole || hiddenUids.size > 0,
    };
    return {
      name,
      policyPath: `${name}${POLICY_SUFFIX}`,
      samplePath: `${name}${SAMPLE_SUFFIX}`,
      uid: policy?.uid ?? sample?.uid ?? null,
      createdMs,
      fileBytes: (copies.policy ?? copies.sample)?.layout.fileBytes ?? null,
      policy: copies.policy && policyOf(copies.policy),
      sample: fields,
      heldLock: heldLockOf(name, copies),
      problem: problemOf(name, policy, sample),
      keeperPid,
      processes: processes.map(({ pid, startTicks, comm }) => ({ pid, startTicks, comm })),
      state: stateOf(fields, census, copies.sample ? isUntouched(copies.sample) : true),
    };
  });
}

/** A container has processes of its own only, and a /proc mounted with hidepid those of its user. */
const showsAllProcesses = (procRoot: string): boolean =>
  isInitialPidNamespace(procRoot) && readProcText(`${procRoot}/1/stat`) !== null;

interface Census {
  /** Mappings of the sample by processes that are older than it, or keep it; and by the others. */
  readonly early: number;
  readonly late: number;
  /** By more than one process. */
  readonly isSeveral: boolean;
  readonly isKept: boolean;
  /** Processes that may not be looked into run as the user who made the files, or at all. */
  readonly mayHideOwner: boolean;
  readonly mayHideController: boolean;
}

function stateOf(sample: SampleFields | null, census: Census, isUntouched: boolean): EndpointState {
  const isAttached = sample !== null && sample.agent !== "";
  const { early, late, isSeveral, isKept } = census;
  const unseen = (mayBe: boolean) => (mayBe ? null : false);
  // While nobody is attached, whoever has it mapped owns it.
  const isOwned = isKept || early > 0 || isSeveral || (!isAttached && late > 0) || unseen(census.mayHideOwner);
  // Owner and controller may be one process: then it has it mapped twice.
  const isControlled = isAttached && (late > 0 || early > 1 || unseen(census.mayHideController));
  return { isAttached, isOwned, isControlled, isUntouched };
}

const copyOf = (region: LookedAt | null): RegionCopy | null =>
  region === null || typeof region.copy === "string" ? null : region.copy;

function heldLockOf(name: string, { policy, sample }: { policy: RegionCopy | null; sample: RegionCopy | null }) {
  const isStuck = (copy: RegionCopy | null) => copy !== null && !copy.isSteady && copy.lock.isHeld;
  if (sample && isStuck(sample)) return { path: `${name}${SAMPLE_SUFFIX}`, owner: sample.lock.owner };
  if (policy && isStuck(policy)) return { path: `${name}${POLICY_SUFFIX}`, owner: policy.lock.owner };
  return null;
}

function problemOf(name: string, policy: LookedAt | null, sample: LookedAt | null): string | null {
  for (const [region, suffix] of [
    [policy, POLICY_SUFFIX],
    [sample, SAMPLE_SUFFIX],
  ] as const) {
    const file = `${basename(name)}${suffix}`;
    if (region === null) return `${file} is missing`;
    if (typeof region.copy === "string") return `${file} ${region.copy}`;
  }
  return null;
}

/** File -> the process of muster that owns it: see ownership.ts. */
function keepersOf(procRoot: string): Map<string, number> {
  const keepers = new Map<string, number>();
  for (const lock of readLocks(procRoot)) {
    const isKeeping = lock.type === "FLOCK" && lock.access === "WRITE" && !lock.isBlocked && lock.pid > 0;
    if (isKeeping) keepers.set(lockKey(lock.device, lock.inode), lock.pid);
  }
  return keepers;
}

/** -1: gone. */
function uidOf(procRoot: string, pid: number): number {
  const line = /^Uid:\s+([0-9]+)/m.exec(readProcText(`${procRoot}/${pid}/status`) ?? "");
  return line ? Number(line[1]) : -1;
}
