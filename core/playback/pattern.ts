/**
 * Patterns of fixtures: `/.../` is a regular expression, anything else has to occur as it stands. They are somebody else's,
 * and one that goes back over a line again and again would hold up whoever plays it; so what can do that is refused.
 */

/** Each goes over the rest of a line for each place that the one before it may end at. */
const MOST_REPETITIONS = 4;
/** Each doubles the ways to go. */
const MOST_CHOICES = 12;
/** A repetition that ends so soon is a choice. */
const SHORT_REPETITION = 4;

export const isPattern = (text: string): boolean => text.length > 2 && text.startsWith("/") && text.endsWith("/");

export const patternOf = (text: string): RegExp => new RegExp(text.slice(1, -1), "u");

export function compiles(text: string): boolean {
  try {
    patternOf(text);
    return true;
  } catch {
    return false;
  }
}

/** An escape or a class, each an atom; the head of a group; a quantifier; a sign of its own. */
const TOKENS = /\\.|\[(?:\\.|[^\]\\])*\]|\(\?(?:[:=!]|<[=!]|<\w+>)|[*+?]\??|\{(\d+)(,?)(\d*)\}\??|[()|]|./gsu;

/** Of one that compiles: whether the time it takes has a bound. */
export function isSwift(text: string): boolean {
  /** Of each open group: whether it holds a repetition or a choice. */
  const groups = [false];
  let closed = false;
  let [repetitions, choices] = [0, 0];
  for (const [token, least, comma, most] of text.slice(1, -1).matchAll(TOKENS)) {
    const sign = token[0];
    const wasClosed = closed;
    closed = false;
    if (token.startsWith("(")) groups.push(false);
    else if (token === ")") {
      closed = groups.pop() ?? false;
      groups[groups.length - 1] ||= closed;
    } else if (token === "|") {
      choices++;
      groups[groups.length - 1] = true;
    } else if (sign === "*" || sign === "+" || sign === "?" || least !== undefined) {
      const isChoice = sign === "?";
      if (wasClosed && !isChoice) return false;
      if (isChoice || (most !== "" && Number(most ?? Number.NaN) <= SHORT_REPETITION)) choices++;
      else if (least === undefined || comma !== "" || Number(least) > SHORT_REPETITION) repetitions++;
      groups[groups.length - 1] = true;
    }
  }
  return repetitions <= MOST_REPETITIONS && choices <= MOST_CHOICES;
}
