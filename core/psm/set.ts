/**
 * The process set of this node, kept by this process: cfg_psm_catops(3), cfg_psm_memops(3). Every change is in the store
 * before it is acknowledged, and one that the store refuses has not happened.
 *
 *     catadd memadd ... --> store --> index --> onChange --> whoever shows and tells it
 *     the kernel --> exits ----^
 */

import { join } from "node:path";
import { takeLock } from "#core/keep/lock.ts";
import type { Clock } from "#core/model/clock.ts";
import { counted } from "#core/model/counted.ts";
import { makeIdentity } from "#core/model/id.ts";
import type { PsmSettings } from "#core/model/psm-settings.ts";
import type { Fd } from "#ffi/fd.ts";
import { adopt } from "./adopt.ts";
import { type Boot, readBoot, startedMs } from "./boot.ts";
import type { SetChange } from "./change.ts";
import { EXITED, type MemberEntry, RUNNING } from "./entry.ts";
import { ExitLog } from "./exit-log.ts";
import { type ExitSources, watchExits } from "./exit-sources.ts";
import type { ExitReport, ExitWatch } from "./exits.ts";
import { MemberIndex } from "./members.ts";
import { checkCategory, checkState, isWellKnown, PSM_MYPID } from "./names.ts";
import { captureProcess } from "./process.ts";
import { noCategory, SetQuery } from "./query.ts";
import { checkCategoryRoom, checkMemberRoom } from "./shares.ts";
import { psmError } from "./status.ts";
import { SetStore } from "./store.ts";

export interface ProcessSetOptions {
  readonly node: string;
  readonly stateDirectory: string;
  readonly procRoot: string;
  readonly clock: Clock;
  readonly settings: PsmSettings;
  readonly exits: ExitSources;
  /** What changed, after it is in the store. Never empty. */
  readonly onChange: (changes: readonly SetChange[]) => void;
  /** What the operator should know, as a sentence. */
  readonly onProblem: (message: string) => void;
  /** A problem, as it was told, is over. */
  readonly onRepaired: (message: string) => void;
}

export interface AddOptions {
  /** Who asks: _PSM_MYPID means this process, and it may register itself at any time. null: nobody's. */
  readonly callerPid?: number | null;
  /** The argv it will have, of a process held in front of its execve. */
  readonly argv?: string | null;
  /** The start time the asker saw; another process under this pid is not what was meant. */
  readonly startTicks?: string | null;
  /**
   * Asked with the real user id of the process before it is taken in, and of an exited one before its place is taken; throws
   * to refuse. Who may not do as root does has a share of the room (shares.ts).
   */
  readonly authorize?: (uid: number) => void;
}

export class ProcessSet extends SetQuery {
  /** Set if a damaged database was moved aside. */
  readonly movedAside: string | null;
  /** Those whose end nobody saw: they were gone when the set was opened. */
  readonly goneMeanwhile: readonly MemberEntry[];
  readonly #options: ProcessSetOptions;
  readonly #lock: Fd;
  readonly #store: SetStore;
  readonly #boot: Boot;
  readonly #exits: ExitWatch;
  readonly #log: ExitLog;
  #settings: PsmSettings;

  /** null if another process keeps the set: then see SetView. Throws EIO. */
  static open(options: ProcessSetOptions): ProcessSet | null {
    const lock = takeLock(join(options.stateDirectory, "psm.lock"), (message, cause) =>
      psmError("EIO", message, { cause }),
    );
    if (!lock) return null;
    let store: SetStore | null = null;
    try {
      store = SetStore.open(join(options.stateDirectory, "psm.db"), options.clock.wallMs());
      return new ProcessSet(options, lock, store);
    } catch (thrown) {
      store?.close();
      lock.close();
      throw thrown;
    }
  }

  private constructor(options: ProcessSetOptions, lock: Fd, store: SetStore) {
    super(options.node, new MemberIndex());
    this.#options = options;
    this.#lock = lock;
    this.#store = store;
    this.#settings = options.settings;
    this.#boot = readBoot(options.procRoot);
    this.movedAside = store.movedAside;
    this.#exits = watchExits(options.exits, {
      procRoot: options.procRoot,
      onExits: (batch) => this.#ended(batch),
      onProblem: options.onProblem,
    });
    this.#log = new ExitLog({ ...options, store, exits: this.#exits });
    this.goneMeanwhile = adopt({
      index: this.index,
      store,
      exits: this.#exits,
      boot: this.#boot,
      procRoot: options.procRoot,
      nowMs: options.clock.wallMs(),
    });
    this.#log.wake();
  }

  get settings(): PsmSettings {
    return this.#settings;
  }

  /** At run time; what is in the set already stays, also beyond a lower maximum. */
  setSettings(settings: PsmSettings): void {
    this.#settings = settings;
  }

  /** Throws EINVAL, EALREADY, ENOSPC (psm_cat_max), EIO. */
  catadd(name: string): void {
    checkCategory(name);
    if (this.index.hasCategory(name)) throw psmError("EALREADY", `there is a category ${name} already`);
    checkCategoryRoom(this.index, this.#settings, name, null);
    this.#store.addCategory({ name, uid: null });
    this.index.addCategory(name);
    this.#tell([{ type: "categoryAdded", category: name }]);
  }

  /** ENOTSUP, as ever; with `ifEmpty` only for one that has members or is well known. Throws ENOENT, EIO. */
  catrem(name: string, { ifEmpty = false }: { readonly ifEmpty?: boolean } = {}): void {
    const counts = this.index.counts(name);
    if (!counts) throw noCategory(name);
    const members = counts.running + counts.exited;
    if (!ifEmpty)
      throw psmError("ENOTSUP", "categories are not removed", { hint: "an empty one can be, if asked for so" });
    if (isWellKnown(name)) throw psmError("ENOTSUP", `${name} is a well-known category: it is always there`);
    if (members > 0) {
      throw psmError("ENOTSUP", `${name} has ${counted(members, "member")}`, {
        code: "NOT_ALLOWED_NOW",
        hint: "remove what is in it first",
      });
    }
    this.#store.removeCategory(name);
    this.index.removeCategory(name);
    this.#tell([{ type: "categoryRemoved", category: name }]);
  }

  /**
   * Registers a process; it takes the place of an exited instance of the category that had the same argv, the oldest first of
   * those that the asker could remove.
   * Throws EINVAL, ENOENT (no such category, psm_mem_autocat 0), ESRCH, EBUSY, EALREADY, ENOSPC, ENOMEM, EIO.
   */
  memadd(category: string, pid: number, add: AddOptions = {}): MemberEntry {
    checkCategory(category);
    const addsCategory = !this.index.hasCategory(category);
    if (addsCategory && !this.#settings.memAutocat) throw noCategory(category);
    const { callerPid = null, argv = null } = add;
    const wanted = pid === PSM_MYPID && callerPid !== null ? callerPid : pid;
    const { procRoot } = this.#options;
    const captured = captureProcess(wanted, { procRoot, isSelf: wanted === callerPid, argv });
    const { pidfd, ...process } = captured;
    try {
      if (typeof add.startTicks === "string" && add.startTicks !== process.startTicks) {
        throw psmError("ESRCH", `process ${wanted} is another one now`, { code: "IDENTITY_CHANGED" });
      }
      add.authorize?.(process.uid);
      const entry = this.#register(category, wanted, process, addsCategory, (uid) => isAllowed(add.authorize, uid));
      this.#exits.watch({ key: entry.number, pid: entry.pid, startTicks: entry.startTicks }, pidfd);
      this.#log.wake();
      return entry;
    } catch (thrown) {
      // Once it is watched the descriptor is the watch's; close() may come twice.
      pidfd?.close();
      throw thrown;
    }
  }

  /** Takes a member out; the process, if it lives, is left alone. Throws ENOENT, EINVAL, EIO. */
  memrem(category: string | null, pid: number, { callerPid = null }: Pick<AddOptions, "callerPid"> = {}): MemberEntry {
    const entry = this.member(category, pid === PSM_MYPID && callerPid !== null ? callerPid : pid);
    this.remove(entry);
    return entry;
  }

  /** As memrem, for the very entry. Throws ENOENT if it is gone, EIO. */
  remove({ number }: MemberEntry): void {
    const entry = this.#current(number);
    this.#store.removeMember(number);
    this.#exits.forget(number);
    this.index.delete(entry);
    this.#tell([{ type: "memberRemoved", entry, reason: "removed" }]);
  }

  /** Throws EINVAL, ENOENT, ESRCH (it has exited), EIO. */
  setState({ number }: MemberEntry, state: string): MemberEntry {
    checkState(state);
    const entry = this.#current(number);
    if (entry.exit) throw psmError("ESRCH", `process ${entry.pid} has exited`, { code: "NOT_ALLOWED_NOW" });
    this.#store.setState(number, state);
    const changed = { ...entry, state };
    this.index.put(changed);
    this.#tell([{ type: "memberChanged", entry: changed }]);
    return changed;
  }

  close(): void {
    this.#log.close();
    this.#exits.close();
    this.#store.close();
    this.#lock.close();
  }

  #register(
    category: string,
    pid: number,
    process: { startTicks: string; uid: number; comm: string; argv: string; isArgvTruncated: boolean },
    addsCategory: boolean,
    mayChange: (uid: number) => boolean,
  ): MemberEntry {
    const identity = makeIdentity(pid, process.startTicks);
    const same = this.index.withPid(pid).find((entry) => makeIdentity(entry.pid, entry.startTicks) === identity);
    if (same) throw psmError("EALREADY", `process ${pid} is registered in ${same.category} already`);
    // How another user's process ended is not his to forget.
    const isReplaced = ({ exit, argv, uid }: MemberEntry) => exit && argv === process.argv && mayChange(uid);
    const replaced = this.index.of(category)?.find(isReplaced) ?? null;
    const share = mayChange(0) ? null : { uid: process.uid };
    if (addsCategory) checkCategoryRoom(this.index, this.#settings, category, share);
    if (!replaced) checkMemberRoom(this.index, this.#settings, share);
    const member = {
      ...process,
      category,
      pid,
      state: RUNNING,
      registeredMs: this.#options.clock.wallMs(),
      startedMs: startedMs(this.#boot, process.startTicks),
      exit: null,
    };
    const uid = share?.uid ?? null;
    const newCategory = addsCategory ? { name: category, uid } : null;
    const number = this.#store.addMember({ member, replaces: replaced?.number ?? null, newCategory });
    const entry = { number, ...member };
    if (replaced) this.#exits.forget(replaced.number);
    if (replaced) this.index.delete(replaced);
    this.index.addCategory(category, uid);
    this.index.put(entry);
    this.#tell([
      ...(addsCategory ? [{ type: "categoryAdded", category } as const] : []),
      ...(replaced ? [{ type: "memberRemoved", entry: replaced, reason: "replaced" } as const] : []),
      { type: "memberAdded", entry },
    ]);
    return entry;
  }

  #ended(batch: ReadonlyMap<number, ExitReport>): void {
    const atMs = this.#options.clock.wallMs();
    const changes: SetChange[] = [];
    for (const [number, { stage, status }] of batch) {
      const before = this.index.get(number);
      if (!before) continue;
      const entry = { ...before, state: EXITED, comm: null, exit: { atMs: before.exit?.atMs ?? atMs, status } };
      this.index.put(entry);
      changes.push({ type: stage === "told" ? "memberExited" : "memberChanged", entry });
    }
    // What the kernel says is so, whether or not it can be written: then it is tried again.
    this.#log.record(changes.flatMap((change) => ("entry" in change ? change.entry : [])));
    if (changes.length > 0) this.#tell(changes);
  }

  #current(number: number): MemberEntry {
    const entry = this.index.get(number);
    if (!entry) throw psmError("ENOENT", "it is no longer registered");
    return entry;
  }

  #tell(changes: readonly SetChange[]): void {
    this.#options.onChange(changes);
  }
}

function isAllowed(authorize: AddOptions["authorize"], uid: number): boolean {
  try {
    authorize?.(uid);
    return true;
  } catch {
    return false;
  }
}
