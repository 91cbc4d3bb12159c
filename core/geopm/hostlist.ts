/**
 * The file in which a controller names its nodes: one host a line, each with a newline behind it, sorted by bytes. Its path
 * comes from the controller, so it may name anything: only a plain file of a sensible size is read.
 */
import { OPEN, openFd, readAt, statFd } from "#ffi/fd.ts";
import { geopmError, toGeopmError } from "./errors.ts";

/** A hundred thousand nodes with long names. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Whoever can write the region names the file: nobody shall have another's file shown to him line by line. */
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?$/;

export function formatHostlist(hosts: Iterable<string>): string {
  return sorted(hosts)
    .map((host) => `${host}\n`)
    .join("");
}

/** Sorted and each once; blank lines are no hosts. */
export function parseHostlist(text: string): readonly string[] {
  return sorted(text.split("\n"));
}

/** Throws its errno (2, 13) as GEOPM does, -3 for what is no host list. */
export function readHostlist(path: string): readonly string[] {
  const hint = "the file is the controller's, readable by its user alone: look as that user or as root";
  try {
    // A FIFO would wait for its writer.
    using fd = openFd(path, OPEN.READ_ONLY | OPEN.NONBLOCK | OPEN.NOCTTY);
    const { size, isFile } = statFd(fd);
    if (!isFile) throw geopmError("INVALID", `${path} is no file, but the controller calls it its host list`);
    if (size > MOST_BYTES) throw geopmError("INVALID", `${path} has ${size} bytes: too much for a host list`);
    const names = parseHostlist(new TextDecoder().decode(readAt(fd, size, 0)));
    if (names.every((name) => HOST_NAME.test(name))) return names;
    throw geopmError("INVALID", `${path} has lines that are not host names`, { code: "BAD_DATA" });
  } catch (thrown) {
    const error = toGeopmError(thrown, path);
    if (error === thrown) throw error;
    throw geopmError(error.number, `the host list of the controller cannot be read: ${error.message}`, {
      target: path,
      hint: error.number === 13 ? hint : null,
      cause: thrown,
    });
  }
}

const sorted = (hosts: Iterable<string>): string[] =>
  [...new Set(hosts)].filter((host) => host !== "").sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
