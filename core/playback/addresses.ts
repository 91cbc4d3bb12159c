/**
 * Addresses of machines in texts: IPv4, IPv6, and those of network cards. What looks like one and is none stays: versions
 * of four numbers, times, names with :: in them, and the addresses that every machine has.
 */

/** Most texts hold none: they are looked at once. A time of day alone is none. */
const SUSPICIOUS =
  /\.\d{1,3}\.\d{1,3}\.\d|:(?!\d\d:\d\d(?![\da-f:]))[\da-f]{0,4}:|-[\da-f]{2}-[\da-f]{2}-|ip-\d|(?:en|wl)x[\da-f]/i;

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`;
const DOTTED = new RegExp(`(?<!\\d)(?<!\\d\\.)${IPV4}(?!\\.?\\d)`, "g");
/** The machines of a well-known cloud are called so. */
const DASHED = new RegExp(`(?<=\\bip-)${OCTET}(?:-${OCTET}){3}(?![\\w-])`, "g");
const GROUPS = new RegExp(`(?<![\\w:.])(?:[\\da-f]{0,4}:){2,7}(?:${IPV4}|[\\da-f]{1,4})?(?![\\w:])`, "gi");
/** Six octets of Ethernet, eight of EUI-64, twenty of InfiniBand. */
const OCTETS =
  /(?<![\w:-])[\da-f]{2}([:-])[\da-f]{2}(?:\1[\da-f]{2}){4}(?:(?:\1[\da-f]{2}){2}|(?:\1[\da-f]{2}){14})?(?![\w:-])/gi;
/** A card whose name is its address. */
const CARD = /(?<=\b(?:en|wl)x)[\da-f]{12}(?!\w)/gi;

/** `wordOf`: what stands for it, for each way to write it the same. */
export function withoutAddresses(text: string, wordOf: (address: string) => string): string {
  if (!SUSPICIOUS.test(text)) return text;
  const card = (found: string) => (isOfNoCard(found) ? found : wordOf(found.toLowerCase().replace(/[:-]/g, "")));
  return text
    .replace(OCTETS, (found, sign: string) => (sign === "-" && !/[a-f]/i.test(found) ? found : card(found)))
    .replace(CARD, card)
    .replace(GROUPS, (found) => {
      // A colon behind it is none of its own: "fe80::1: no route".
      const address = /[^:]:$/.test(found) ? found.slice(0, -1) : found;
      const groups = groupsOf(address);
      return groups !== null && isOfSomebody(groups) ? wordOf(nameOf(groups)) + found.slice(address.length) : found;
    })
    .replace(DASHED, (found) => wordOf(found.replaceAll("-", ".")))
    .replace(DOTTED, (found, at: number, whole: string) => {
      const isLeft =
        isOfEveryMachine(found) ||
        isVersion(
          found,
          whole.slice(Math.max(0, at - CONTEXT), at),
          whole.slice(at + found.length, at + found.length + CONTEXT),
        );
      return isLeft ? found : wordOf(found);
    });
}

const isOfNoCard = (found: string): boolean => /^(?:00[:-]?)+$|^(?:ff[:-]?)+$/i.test(found);

/** Loopback, `this`, and masks. */
const isOfEveryMachine = (ip: string): boolean => /^(?:0|127|255)\./.test(ip);

/** Those of networks of one's own: no version begins with them but by chance. */
const OWN_NETWORK = /^(?:10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;

/** What is looked at before and behind. */
const CONTEXT = 24;
const SAYS_VERSION =
  /(?:^|[^a-z])(?:v|ver|version|release|rev|build)\.?(?: to| is| of)?[\s:=]{0,3}$|\.so\.$|[<>]=\s?$/i;
/** name-1.2.3.4, name_1.2.3.4, name/1.2.3.4, name.1.2.3.4, path/name:1.2.3.4, name1.2.3.4 */
const IN_NAME = /[a-z]\w{0,20}[-_/.]$|\/[\w.-]{1,22}:$|[a-z]$/i;
const BEFORE_ADDRESS = /(?:^|[^a-z])(?:ip|ip4|ipv4|inet|addr|address|host|node|peer|tcp|udp|sctp|src|dst)[-_/]$/i;
/** 1.2.3.4-5, 1.2.3.4~rc1, 1.2.3.4+dfsg, 1.2.3.4.tar.gz; not 8.8.8.8-8.8.8.9 */
const GOES_ON = /^(?:-(?!\d{1,3}\.\d)\w|[~+_]\w|\.[a-z]|[a-z])/i;

function isVersion(ip: string, before: string, after: string): boolean {
  if (SAYS_VERSION.test(before)) return true;
  if (OWN_NETWORK.test(ip) || after.startsWith(".in-addr.arpa")) return false;
  return (IN_NAME.test(before) && !BEFORE_ADDRESS.test(before)) || GOES_ON.test(after);
}

/** Of an address of IPv6; null: it is none. */
function groupsOf(text: string): readonly number[] | null {
  const [last = ""] = /[\d.]+$/.exec(text) ?? [];
  const [a = 0, b = 0, c = 0, d = 0] = last.split(".").map(Number);
  const ending = [a * 256 + b, c * 256 + d].map((group) => group.toString(16)).join(":");
  const plain = last.includes(".") ? text.slice(0, -last.length) + ending : text;
  const halves = plain.split("::");
  if (halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...tail];
  return groups.includes("") ? null : groups.map((group) => Number.parseInt(group, 16));
}

/** As it is written shortest does not matter: nobody reads it. One of IPv4 within is that one. */
function nameOf(groups: readonly number[]): string {
  const [high = 0, low = 0] = groups.slice(6);
  return isMapped(groups) ? [high >> 8, high & 255, low >> 8, low & 255].join(".") : groups.join(":");
}

const isMapped = (groups: readonly number[]): boolean =>
  groups[5] === 0xffff && groups.slice(0, 5).every((g) => g === 0);

/** Global, unique local, link-local and multicast ones; what else there may be is no address, such as a::b. */
function isOfSomebody(groups: readonly number[]): boolean {
  const [first = 0] = groups;
  if (isMapped(groups)) return !isOfEveryMachine(nameOf(groups));
  return (first >= 0x2000 && first <= 0x3fff) || first === 0x64 || first >= 0xfc00;
}
