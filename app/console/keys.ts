/**
 * What the terminal sent, as names of keys. Fast typing arrives as one chunk of many characters: each is a key of its
 * own. Printable characters are named by themselves.
 */
import type { Key } from "ink";
import { graphemes } from "./cells.ts";

const CONTROL_NAMES: Readonly<Record<string, string>> = {
  "\r": "enter",
  "\n": "enter",
  "\r\n": "enter",
  "\t": "tab",
  "\x7f": "backspace",
  "\x08": "backspace",
  "\x1b": "esc",
  " ": "space",
};

/**
 * Esc and the key after it, where both arrive in one chunk, as over a slow line, are the same bytes as that key with Alt.
 * No key here has Alt: without its Esc, the Enter that was meant for the list would press a dialog's button.
 */
export function keysOf(input: string, key: Key): readonly string[] {
  if (key.eventType === "release") return [];
  const names = plainKeysOf(input, key);
  return key.meta && names.length > 0 ? ["esc", ...names] : names;
}

function plainKeysOf(input: string, key: Key): readonly string[] {
  const name = specialName(key);
  if (name !== null) return [name];
  if (key.ctrl && input.length === 1) return [`ctrl-${input}`];
  if (key.super || key.hyper) return [];
  return graphemes(input)
    .map(characterName)
    .filter((each) => each !== "");
}

function specialName(key: Key): string | null {
  if (key.upArrow) return "up";
  if (key.downArrow) return "down";
  if (key.leftArrow) return "left";
  if (key.rightArrow) return "right";
  if (key.pageUp) return "pageup";
  if (key.pageDown) return "pagedown";
  if (key.home) return "home";
  if (key.end) return "end";
  if (key.return) return "enter";
  if (key.escape) return "esc";
  if (key.tab) return key.shift ? "shift-tab" : "tab";
  if (key.backspace) return "backspace";
  if (key.delete) return "delete";
  return null;
}

function characterName(character: string): string {
  const name = CONTROL_NAMES[character];
  if (name) return name;
  const code = character.codePointAt(0) ?? 0;
  if (code >= 1 && code <= 26) return `ctrl-${String.fromCharCode(code + 96)}`;
  return code < 32 ? "" : character;
}
