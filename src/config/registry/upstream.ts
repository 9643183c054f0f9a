import { publicAddress, type AddressProblem } from "../../core/base/public-address.ts";
import { canonicalPath } from "../../core/outbound/path.ts";

/**
 * The problem of an upstream's URL; null: none. Loopback, private and other local addresses are refused in every
 * spelling (SSRF) unless the entry has `allow_private: true`.
 */
export function checkUpstream(written: string, allowPrivate: boolean): string | null {
  const address = publicAddress(written, allowPrivate);
  if (!address.ok) return PROBLEM_TEXT[address.error];
  const { search, hash, pathname } = address.value;
  if (search !== "" || hash !== "") return "must not have a query or fragment";
  return canonicalPath(pathname).ok ? null : "must have a plain path: no `//`, `;` or encoded slashes";
}

const PROBLEM_TEXT = {
  malformed: "must be a URL such as https://api.example.com",
  credentials: "must not hold credentials; name a `credential` instead",
  not_https: "must be https; plain http needs `allow_private: true`",
  local_address: "is a literal or local address; if that is meant, add `allow_private: true`",
} as const satisfies Record<AddressProblem, string>;
