/** A directory with many pid files: every second names a living process, the others one that cannot exist. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Keeper } from "./keeper.ts";

export const MANY = 10_000;
/** Above any pid_max of the kernel (2^22), and no wider than its column. */
const DEAD_PID = 4_200_000;
const SLEEPERS = 50;

export interface PidFiles {
  readonly directory: string;
  readonly count: number;
  path(index: number): string;
  /** Rewrites one so that it names a living process or none. */
  write(index: number, isLive: boolean): void;
}

export function makePidFiles(keeper: Keeper, count: number): PidFiles {
  const directory = join(keeper.directory(), "pids");
  mkdirSync(directory);
  const sleepers = Array.from({ length: SLEEPERS }, () => {
    const child = Bun.spawn(["sleep", "infinity"], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    return keeper.process(child).pid;
  });
  const path = (index: number) => join(directory, `${nameOf(index)}.pid`);
  const write = (index: number, isLive: boolean) => {
    const pid = isLive ? sleepers[index % SLEEPERS] : DEAD_PID + index;
    writeFileSync(path(index), `${pid}\n`);
  };
  for (let index = 0; index < count; index++) write(index, index % 2 === 0);
  return { directory, count, path, write };
}

/** `wz00042`: letters that are in no other word on the screen, so that a filter finds what it should. */
export const nameOf = (index: number): string => `wz${String(index).padStart(5, "0")}`;
