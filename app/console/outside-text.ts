/**
 * Text from outside (names, comments, messages) is data: what would act on the terminal or hide itself is shown as an
 * escape that can be read. In ASCII mode every other character is shown so as well.
 */

/** C0, DEL, C1, zero width and direction marks, line separators, byte order mark. ZWJ and ZWNJ stay: they join letters. */
const ACTING =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
/**
 * What terminals disagree about how wide it is: pictures joined by ZWJ, with skin tones or presentation selectors, flags,
 * keycaps. One column too many would push a line over the edge of the screen.
 */
const DISPUTED = /[\ufe0e\ufe0f\u20e3\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}]|\u200d(?=\p{Extended_Pictographic})/gu;
const BEYOND_ASCII = /[^\u0020-\u007e]/gu;
const PLAIN = /^[\u0020-\u007e]*$/;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\x1b" };

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (SHORT[character]) return SHORT[character];
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
}

export function visible(text: string, isAscii: boolean): string {
  if (PLAIN.test(text)) return text;
  const whole = text.toWellFormed();
  return isAscii ? whole.replace(BEYOND_ASCII, escaped) : whole.replace(ACTING, escaped).replace(DISPUTED, escaped);
}
