/** Reading the file in which a controller names its nodes: geopm_endpoint(3), geopm_endpoint_node_name(). */
import { OPEN, openFd, readAt, statFd } from "#ffi/fd.ts";
import { geopmError, toGeopmError } from "./errors.ts";
import { parseHostlist } from "./hostlist.ts";

/** A million nodes. */
const LONGEST = 1 << 24;

/**
 * Anybody who can write the region names the file: whatever is not a list of host names is refused, so that nobody has
 * another's file shown to him line by line.
 */
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?$/;

/** Each once, sorted. The errno when it cannot be read, -3 when it is no host list. */
export function readHostlist(path: string): readonly string[] {
  try {
    using fd = openFd(path, OPEN.READ_ONLY | OPEN.NONBLOCK | OPEN.NOCTTY);
    const { isFile, size } = statFd(fd);
    if (!isFile) throw refusal(path, "is not a file");
    if (size > LONGEST) throw refusal(path, `has ${size} bytes`);
    const names = parseHostlist(new TextDecoder().decode(readAt(fd, size, 0)));
    if (!names.every((name) => HOST_NAME.test(name))) throw refusal(path, "has lines that are not host names");
    return names;
  } catch (thrown) {
    throw toGeopmError(thrown, path);
  }
}

function refusal(path: string, why: string): Error {
  return geopmError("INVALID", `the host list ${path} ${why}`, { code: "BAD_DATA", target: path });
}
