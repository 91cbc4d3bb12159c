/** What a group gets, and what it is. */
import { join } from "node:path";
import type { Keeper } from "./keeper.ts";
import type { Line } from "./rows.ts";

export interface Settings {
  /** Fewer rounds and shorter windows: to see that everything works. */
  readonly isQuick: boolean;
  /** The full ten minutes of the memory run. */
  readonly isLong: boolean;
  /** Peers that npm has may be installed into a temporary directory. */
  readonly installsPeers: boolean;
}

export interface Bench {
  readonly settings: Settings;
  readonly keeper: Keeper;
  add(line: Line): void;
  /** A peer or a build that is not there, and how to get it. */
  missing(what: string, how: string): void;
}

export type Group = (bench: Bench) => Promise<void>;

export const CHECKOUT = join(import.meta.dir, "../..");

/** `quick` if a quick run was asked for, else `whole`. */
export const count = ({ settings }: Bench, whole: number, quick: number): number => (settings.isQuick ? quick : whole);
