/** Children for tests of spawn. */
import { readFileSync } from "node:fs";
import { type Fd, readSome } from "#ffi/fd.ts";
import type { Child, SpawnOptions } from "#ffi/spawn.ts";

/** A program that does nothing. */
export const PLAIN: SpawnOptions = {
  file: "/bin/true",
  argv: ["true"],
  env: {},
  stdio: ["null", "null", "null"],
};

/** Waits for the end of a child and gives its wait status. */
export function collect(child: Child): number {
  child.pidfd.waitSync(-1);
  const status = child.pidfd.reap();
  child[Symbol.dispose]();
  if (status === null) throw new Error("it has exited");
  return status;
}

/** What comes from a pipe until its other end is closed. */
export function readAll(fd: Fd): string {
  const parts: Uint8Array[] = [];
  for (let part = readSome(fd, 65536); part.length > 0; part = readSome(fd, 65536)) parts.push(part);
  return new TextDecoder().decode(Buffer.concat(parts));
}

/** Pids of living or unreaped children. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

/** Other test files in this process may have left children of their own. */
const OLD_CHILDREN: ReadonlySet<number> = new Set(childrenOf(process.pid));

/** Children of this process that were not there when the tests began, living or unreaped. */
export function newChildren(): number[] {
  return childrenOf(process.pid).filter((pid) => !OLD_CHILDREN.has(pid));
}
