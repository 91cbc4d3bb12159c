/** The signal this process gets when its parent ends, whatever it is doing then: prctl(2), PR_SET_PDEATHSIG. */
import { attempt, LONG, lazyLibc } from "./libc.ts";
import { checkInteger, orThrow } from "./sys-error.ts";

const process_ = lazyLibc({ prctl: { args: ["i32", LONG, LONG, LONG, LONG], returns: "i32" } });

const PR_SET_PDEATHSIG = 1;
const HIGHEST_SIGNAL = 64;

/** 0 takes it back. It is told of the thread that started us, so that has to be one that lasts. */
export function setParentDeathSignal(signal: number): void {
  checkInteger(signal, 0, HIGHEST_SIGNAL, "prctl", "signal");
  orThrow(
    attempt(() => process_().prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)),
    "prctl",
    "PR_SET_PDEATHSIG",
  );
}
