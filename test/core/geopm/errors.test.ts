/** geopm_error(3): the numbers and words of the real library, and what muster makes of them. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GEOPM_ERRORS, GeopmError, geopmError, geopmErrorMessage, toGeopmError } from "#core/geopm/errors.ts";
import { MusterError } from "#core/model/error.ts";
import { SysError } from "#ffi/sys-error.ts";

/** `number|text` of a fresh process of the real library. */
const REAL = `0|
-1|<geopm> Runtime error
-2|<geopm> Logic error
-3|<geopm> Invalid argument
-4|<geopm> Unable to parse input file
-5|<geopm> Control hierarchy level is out of range
-6|<geopm> Feature not yet implemented
-7|<geopm> Current platform not supported or unrecognized
-8|<geopm> Could not open MSR device
-9|<geopm> Could not read from MSR device
-10|<geopm> Could not write to MSR device
-11|<geopm> Specified Agent not supported or unrecognized
-12|<geopm> MPI ranks are not affinitized to distinct CPUs
-13|<geopm> Requested agent is unavailable or invalid
-14|<geopm> Encountered a data store error
-15|<geopm> Unknown error -15
-99|<geopm> Unknown error -99
1|<geopm> Operation not permitted
2|<geopm> No such file or directory
13|<geopm> Permission denied
17|<geopm> File exists
22|<geopm> Invalid argument
35|<geopm> Resource deadlock avoided`;

test.each(REAL.split("\n").map((line) => line.split("|") as [string, string]))("%s is %s", (number, text) => {
  expect(geopmErrorMessage(Number(number))).toBe(text);
});

test("a refusal carries the number, its name and the way out", () => {
  const error = geopmError("DATA_STORE", "no policy", { hint: "set one", code: "NOT_FOUND" });
  expect(error).toBeInstanceOf(MusterError);
  expect(error).toMatchObject({
    number: -14,
    code: "NOT_FOUND",
    errno: null,
    hint: "set one; GEOPM_ERROR_DATA_STORE (-14): <geopm> Encountered a data store error",
  });
  expect(geopmError(17, "it exists")).toMatchObject({ number: 17, code: "NOT_ALLOWED_NOW", errno: "EEXIST" });
  expect(geopmError(-77, "what?")).toMatchObject({
    code: "SYSTEM",
    hint: "unknown error -77 (-77): <geopm> Unknown error -77",
  });
});

test("every number of GEOPM has a code of muster's", () => {
  const numbers = Object.values(GEOPM_ERRORS).map(([number]): number => number);
  expect(numbers).toEqual(numbers.map((_, index) => -1 - index));
  for (const [number, code] of Object.values(GEOPM_ERRORS)) expect(geopmError(number, "x").code).toBe(code);
});

test("what was thrown keeps its errno, and the rest is -1", () => {
  const denied = toGeopmError(new SysError(13, "open", "/x"));
  expect(denied).toMatchObject({ number: 13, code: "PERMISSION_DENIED", errno: "EACCES" });
  let missing: unknown;
  try {
    readFileSync(join(import.meta.dir, "no such file"));
  } catch (thrown) {
    missing = thrown;
  }
  expect(toGeopmError(missing, "the file")).toMatchObject({ number: 2, code: "NOT_FOUND", target: "the file" });
  expect(toGeopmError(new MusterError("BUSY", "later"))).toMatchObject({ number: -1, code: "BUSY" });
  expect(toGeopmError("text")).toMatchObject({ number: -1, code: "SYSTEM", message: "text" });
  const own = new GeopmError(-3, "own");
  expect(toGeopmError(own)).toBe(own);
});
