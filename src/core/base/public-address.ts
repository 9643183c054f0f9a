import { err, ok, type Result } from "./result.ts";

/** Why a request is not sent to an address. */
export type AddressProblem =
  | "malformed"
  /** User and password in a URL would be written to logs. */
  | "credentials"
  | "not_https"
  /** Loopback, private, link-local, metadata, multicast or reserved, as an IP address or a name for one (SSRF). */
  | "local_address";

/** Longer than any legitimate address, and short enough that a log line does not truncate it. */
const MAX_URL_CHARS = 2_048;

/** The URL parser drops tabs and line feeds, which other parsers of the same text keep (parser differential). */
const BLANK_OR_CONTROL = /[\s\p{Cc}]/u;

/**
 * Accepts the addresses that Gate may send to: https to a public address, unless the operator set `allow_private` on
 * the entry.
 *
 * The URL parser has already turned decimal, octal, hexadecimal, short and full-width spellings of IPv4 into four
 * numbers, and IPv6 into one spelling. A Worker cannot resolve names, so the check by name is best effort.
 */
export function publicAddress(written: string, allowPrivate = false): Result<URL, AddressProblem> {
  if (written.length > MAX_URL_CHARS || BLANK_OR_CONTROL.test(written) || !URL.canParse(written)) {
    return err("malformed");
  }
  const url = new URL(written);
  if (url.username !== "" || url.password !== "") return err("credentials");
  const isHttp = allowPrivate && url.protocol === "http:";
  if (url.protocol !== "https:" && !isHttp) return err("not_https");
  if (url.hostname === "") return err("malformed");
  return allowPrivate || isPublicHost(url.hostname) ? ok(url) : err("local_address");
}

/** @param host as `URL.hostname` has it: lower case, IPv4 in dotted decimal, IPv6 in brackets */
function isPublicHost(host: string): boolean {
  if (host.startsWith("[")) return isPublicV6(host.slice(1, -1));
  const octets = dottedOctets(host);
  return octets === null ? isPublicName(host) : isPublicV4(octets);
}

/** Suffixes that never resolve to the public internet: RFC 6761, 6762, 7686, 8375 and ICANN's `internal`. */
const LOCAL_SUFFIXES = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "arpa",
  "onion",
  "invalid",
  // Kubernetes and Consul: the network's own resolver completes or answers the name.
  "svc",
  "consul",
] as const;

/** Public names that resolve to loopback or to the address embedded in them; only the known ones, others exist. */
const REFLECTING_SUFFIXES = [
  "nip.io",
  "sslip.io",
  "xip.io",
  "localtest.me",
  "lvh.me",
  "vcap.me",
  "lacolhost.com",
  "traefik.me",
] as const;

function isPublicName(host: string): boolean {
  // Only one trailing dot is the DNS root's; resolvers disagree about `127.0.0.1..`.
  const name = host.replace(/\.$/, "");
  // A single label is a name of the private network: `metadata`, `vault`, a container.
  if (!name.includes(".") || name.split(".").includes("")) return false;
  return [...LOCAL_SUFFIXES, ...REFLECTING_SUFFIXES].every((suffix) => {
    return name !== suffix && !name.endsWith(`.${suffix}`);
  });
}

type Octets = readonly [number, number, number, number];

function dottedOctets(host: string): Octets | null {
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.?$/.exec(host);
  if (found === null) return null;
  const [a = 0, b = 0, c = 0, d = 0] = found.slice(1).map(Number);
  return [a, b, c, d];
}

/** IANA's special-purpose addresses (RFC 6890), as first address and prefix length. */
const RESERVED_V4: readonly (readonly [Octets, number])[] = [
  [[0, 0, 0, 0], 8],
  [[10, 0, 0, 0], 8],
  // Shared address space (RFC 6598), and some clouds' metadata service.
  [[100, 64, 0, 0], 10],
  [[127, 0, 0, 0], 8],
  // Azure's wire server: a public address that the local host answers.
  [[168, 63, 129, 16], 32],
  [[169, 254, 0, 0], 16],
  [[172, 16, 0, 0], 12],
  [[192, 0, 0, 0], 24],
  [[192, 0, 2, 0], 24],
  [[192, 88, 99, 0], 24],
  [[192, 168, 0, 0], 16],
  [[198, 18, 0, 0], 15],
  [[198, 51, 100, 0], 24],
  [[203, 0, 113, 0], 24],
  // Multicast, reserved and broadcast.
  [[224, 0, 0, 0], 3],
];

function isPublicV4(octets: Octets): boolean {
  return RESERVED_V4.every(([first, length]) => !inPrefix(octets, first, 8, length));
}

/** Parts of global unicast reserved for protocols, documentation and embedded IPv4 addresses. */
const RESERVED_V6: readonly (readonly [readonly number[], number])[] = [
  // IETF protocols, Teredo among them.
  [[0x2001, 0], 23],
  [[0x2001, 0x0db8], 32],
  // 6to4 embeds an IPv4 address.
  [[0x2002], 16],
  [[0x3fff], 20],
];

/** ISATAP (RFC 5214): the interface identifier embeds an IPv4 address. */
const ISATAP = 0x5efe;

function isPublicV6(text: string): boolean {
  const groups = groupsOf(text);
  if (groups === null) return false;
  // Global unicast is 2000::/3. All else is loopback, local, multicast, or IPv4 mapped, compatible or translated.
  if (!inPrefix(groups, [0x2000], 16, 3)) return false;
  if (groups[5] === ISATAP) return false;
  return RESERVED_V6.every(([first, length]) => !inPrefix(groups, first, 16, length));
}

const V6_GROUPS = 8;

function groupsOf(text: string): readonly number[] | null {
  const [head = "", tail, more] = text.split("::");
  if (more !== undefined) return null;
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = V6_GROUPS - before.length - after.length;
  if (tail === undefined ? gap !== 0 : gap < 1) return null;
  const groups = [...before, ...Array.from({ length: gap }, () => "0"), ...after];
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return null;
  return groups.map((group) => Number.parseInt(group, 16));
}

/** Do the first `length` bits agree? Missing parts of `first` are zero. */
function inPrefix(
  parts: readonly number[],
  first: readonly number[],
  width: number,
  length: number,
): boolean {
  for (let at = 0; at * width < length; at += 1) {
    const spare = Math.max(width - (length - at * width), 0);
    if ((parts[at] ?? 0) >> spare !== (first[at] ?? 0) >> spare) return false;
  }
  return true;
}
