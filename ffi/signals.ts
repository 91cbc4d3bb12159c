/** Signals by name and number: signal(7), x86-64 and arm64 (the same on both). */

/** Canonical names; a number has one, and 6 is SIGABRT, 29 is SIGIO. */
export const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

const ALIASES: Readonly<Record<string, number>> = { CLD: 17, IOT: 6, POLL: 29 };

/** As glibc counts: the kernel's 32 and 33 are taken by the thread library. */
const REALTIME_MINIMUM = 34;
const REALTIME_MAXIMUM = 64;

const NUMBER_OF: ReadonlyMap<string, number> = new Map([
  ...Object.entries(SIGNALS).map(([name, number]) => [name.slice(3), number] as const),
  ...Object.entries(ALIASES),
]);
const NAME_OF: ReadonlyMap<number, string> = new Map(
  Object.entries(SIGNALS).map(([name, number]) => [number, name] as const),
);

/** `"TERM"`, `"sigterm"`, `"15"`, `"SIGRTMIN+2"`, `"RTMAX-1"` -> number; null for anything else. */
export function signalNumber(text: string): number | null {
  if (/^[0-9]{1,2}$/.test(text)) return inRange(Number(text), 1);
  const name = text.toUpperCase().replace(/^SIG/, "");
  const known = NUMBER_OF.get(name);
  if (known !== undefined) return known;
  const realtime = /^RT(?:MIN(?:\+([0-9]{1,2}))?|MAX(?:-([0-9]{1,2}))?)$/.exec(name);
  if (realtime === null) return null;
  const [, above = "0", below = "0"] = realtime;
  const number = name.startsWith("RTMIN") ? REALTIME_MINIMUM + Number(above) : REALTIME_MAXIMUM - Number(below);
  return inRange(number, REALTIME_MINIMUM);
}

function inRange(number: number, minimum: number): number | null {
  return number >= minimum && number <= REALTIME_MAXIMUM ? number : null;
}

/** `15` -> `"SIGTERM"`, `36` -> `"SIGRTMIN+2"`, without a name -> `"SIG33"`. */
export function signalName(number: number): string {
  const name = NAME_OF.get(number);
  if (name !== undefined) return name;
  if (number === REALTIME_MINIMUM) return "SIGRTMIN";
  if (number === REALTIME_MAXIMUM) return "SIGRTMAX";
  if (number > REALTIME_MINIMUM && number < REALTIME_MAXIMUM) return `SIGRTMIN+${number - REALTIME_MINIMUM}`;
  return `SIG${number}`;
}

/** A wait status (wait(2)) in words: `"exit 3"`, `"killed by SIGSEGV, core dumped"`, `"stopped by SIGTSTP"`. */
export function describeWaitStatus(status: number): string {
  const signal = status & 0x7f;
  if (signal === 0) return `exit ${(status >> 8) & 0xff}`;
  if (status === 0xffff) return "continued";
  if (signal === 0x7f) return `stopped by ${signalName((status >> 8) & 0xff)}`;
  return `killed by ${signalName(signal)}${status & 0x80 ? ", core dumped" : ""}`;
}
