/**
 * Memory handed to the kernel. Small typed arrays made the ordinary way move when their `.buffer` is first touched,
 * and a write by C through the old address is lost; arrays over an ArrayBuffer of their own stay where they are.
 */
import { type Pointer, ptr } from "bun:ffi";
import { ERRNO } from "./errno-names.ts";
import { SysError } from "./sys-error.ts";

/** More than any single call here needs; a length beyond it is a mistake, not a wish. */
export const MAXIMUM_LENGTH = 0x7fff_f000;

export const MAXIMUM_INT = 0x7fff_ffff;
export const MAXIMUM_UINT = 0xffff_ffff;

/** `length` zeroed bytes that do not move. */
export function kernelBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The address of bytes the caller keeps referenced until the kernel is done with them. */
export function addressOf(bytes: Uint8Array<ArrayBuffer>): Pointer {
  return ptr(bytes);
}

const encoder = new TextEncoder();

/** UTF-8 with a closing NUL. A NUL inside would silently name something else: SysError EINVAL. */
export function cString(text: string, call: string): Uint8Array<ArrayBuffer> {
  if (typeof text !== "string") throw new SysError(ERRNO.EINVAL, call, `text ${String(text)}`);
  if (text.includes("\0")) throw new SysError(ERRNO.EINVAL, call, JSON.stringify(text));
  const encoded = encoder.encode(text);
  const bytes = kernelBytes(encoded.length + 1);
  bytes.set(encoded);
  return bytes;
}

const decoder = new TextDecoder();

/** The text up to the first NUL at or after `start`, never beyond the bytes. */
export function textAt(bytes: Uint8Array, start: number, limit = bytes.length): string {
  const end = bytes.indexOf(0, start);
  return decoder.decode(bytes.subarray(start, end < 0 || end > limit ? limit : end));
}
