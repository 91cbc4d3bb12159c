/** Text from outside on its way out: nothing that reaches a terminal or a line may act as control. */

/** C0, DEL, C1, line and paragraph separators, and the bidirectional overrides that can disguise a line. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const CONTROL_IN_JSON = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** For people: control characters are shown (`\x1b`), never obeyed; tab and newline too, so a record stays one line. */
export function visible(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** JSON that is safe on a terminal: JSON.stringify escapes C0 itself, but lets C1 and bidirectional overrides through. */
export function jsonText(value: unknown, isPretty: boolean): string {
  return safeJson(JSON.stringify(value, null, isPretty ? 2 : undefined));
}

/** The same of JSON that is text already. */
export function safeJson(text: string): string {
  return text.replace(CONTROL_IN_JSON, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
