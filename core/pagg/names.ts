/** Names of modules: pagg_namestr_t of pagg.h, and what register_pagg() asks of the first character. */
import { paggError } from "./errors.ts";

/** PAGG_NAMELN: bytes, without the NUL that closes them. */
export const PAGG_NAMELN = 32;

/** The pseudo module that tells of the others; nobody can register under it. */
export const PAGG_MOD = "PAGG_MOD";

/** Throws EINVAL for what cannot be the name of a module. */
export function checkModuleName(name: unknown): string {
  if (typeof name !== "string" || name === "") {
    throw paggError("EINVAL", "the name of the module is missing", { hint: "such as job" });
  }
  const shown = JSON.stringify(name);
  const bytes = Buffer.byteLength(name);
  if (bytes > PAGG_NAMELN) {
    throw paggError("EINVAL", `${shown} is no name of a module: it has ${bytes} bytes`, {
      hint: `at most ${PAGG_NAMELN} bytes`,
    });
  }
  // The module table of 2.4 is an array over these.
  const first = name.charCodeAt(0);
  if (first < 65 || first > 122) {
    throw paggError("EINVAL", `${shown} is no name of a module`, { hint: "its first character is one of A to z" });
  }
  if (/[\p{C}\p{Z}]/u.test(name)) {
    throw paggError("EINVAL", `${shown} is no name of a module`, { hint: "without blanks and control characters" });
  }
  return name;
}
