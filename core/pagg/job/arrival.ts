/** In which order processes came into a job, for those who did not see it: as it was written down, the others by their start. */
import { hasEnded, type ProcessStat, readProcessStat } from "#ffi/procfs.ts";
import type { StoredProcess } from "./store.ts";

export function inOrderOfArrival(
  pids: Iterable<number>,
  written: readonly StoredProcess[],
  procRoot: string,
): ProcessStat[] {
  const places = new Map(written.map(({ pid, startTicks }, place) => [`${pid}:${startTicks}`, place]));
  const placeOf = ({ pid, startTicks }: ProcessStat) => places.get(`${pid}:${startTicks}`) ?? places.size;
  return [...pids]
    .flatMap((pid) => readProcessStat(procRoot, pid) ?? [])
    .sort((one, other) => placeOf(one) - placeOf(other) || Number(one.startTicks) - Number(other.startTicks));
}

/** Those of what was written down that live. */
export function livingOf(written: readonly StoredProcess[], procRoot: string): StoredProcess[] {
  return written.filter(({ pid, startTicks }) => {
    const stat = readProcessStat(procRoot, pid);
    return stat?.startTicks === startTicks && !hasEnded(stat);
  });
}
