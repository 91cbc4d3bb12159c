/** Screens that are kept beside a fixture, in golden/NAME.COLSxROWS.txt: compared, or written anew where that is asked for. */
import { closeSync, constants, mkdirSync, openSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Size } from "#app/console/layout.ts";
import { MusterError, toMusterError } from "#core/model/error.ts";
import { openBytes } from "#core/playback/bytes.ts";
import type { Mismatch } from "./check.ts";

export interface Goldens {
  compare(name: string, text: string, size: Size, isAscii: boolean): Mismatch | null;
  /** Files that were written. */
  readonly written: readonly string[];
}

export function goldensOf(fixturePath: string, isUpdating: boolean): Goldens {
  const directory = join(realpathSync(dirname(fixturePath)), "golden");
  const written: string[] = [];
  return {
    written,
    compare(name, text, { columns, rows }, isAscii) {
      const file = join(directory, `${name}.${columns}x${rows}${isAscii ? ".ascii" : ""}.txt`);
      const kept = read(file);
      if (kept === text) return null;
      if (!isUpdating) return { what: `golden ${name}`, ...difference(kept, text) };
      keep(directory, file, text);
      written.push(file);
      return null;
    },
  };
}

/** A fixture from elsewhere may come with links: what is beyond them is not written. */
function keep(directory: string, file: string, text: string): void {
  mkdirSync(directory, { recursive: true });
  if (realpathSync(directory) !== directory) throw behindLink(directory);
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  let fd: number;
  try {
    fd = openSync(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  } catch (thrown) {
    throw toMusterError(thrown).errno === "ELOOP" ? behindLink(file) : thrown;
  }
  try {
    writeFileSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

const behindLink = (path: string) =>
  new MusterError("BAD_DATA", `${path}: is a symbolic link: nothing outside the fixture is written`, { target: path });

const LARGEST = 4 * 1024 * 1024;

/** null if there is none. Behind a link there may be what is nobody's business: that is none either. */
function read(file: string): string | null {
  try {
    const bytes = openBytes(file, file);
    try {
      const content = new Uint8Array(Math.min(bytes.size, LARGEST));
      return new TextDecoder().decode(content.subarray(0, bytes.read(content, 0)));
    } finally {
      bytes.close();
    }
  } catch (thrown) {
    if (thrown instanceof MusterError) return null;
    throw thrown;
  }
}

/** The first line that differs tells most; the whole screen stands below it anyway. */
function difference(kept: string | null, text: string): { readonly wanted: string; readonly got: string } {
  if (kept === null) return { wanted: "a screen that is kept", got: "none: --update-golden keeps this one" };
  const wanted = kept.split("\n");
  const got = text.split("\n");
  const at = Array.from({ length: Math.max(wanted.length, got.length) }, (_, line) => line).find(
    (line) => wanted[line] !== got[line],
  );
  const line = (lines: readonly string[]) => `line ${(at ?? 0) + 1}: ${lines[at ?? 0] ?? "no such line"}`;
  return { wanted: line(wanted), got: line(got) };
}
