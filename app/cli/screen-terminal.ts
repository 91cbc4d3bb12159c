/** Whether there is a terminal, and a screen on it to draw on. */
import { MusterError } from "#core/model/error.ts";
import { isTerminal } from "./stdio.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** The types of terminfo(5) that can do nothing but write on. */
const DUMB: readonly string[] = ["dumb", "unknown"];

/** Somebody says so. A terminal without TERM, as in a container that was entered, mostly has a screen all the same. */
export const isDumb = ({ TERM }: Variables): boolean => TERM !== undefined && DUMB.includes(TERM);

export function requireTerminal(message: string, hint: string): void {
  if (!isTerminal(0) || !isTerminal(1)) throw new MusterError("NO_TERMINAL", message, { hint });
}

/** `instead`: what does without one. */
export function requireScreen(variables: Variables, instead: string): void {
  if (!isDumb(variables)) return;
  const message = `this terminal has no screen to draw on, says TERM=${variables.TERM}`;
  throw new MusterError("NO_TERMINAL", message, { hint: `${instead}; if it has one, set TERM=xterm` });
}
