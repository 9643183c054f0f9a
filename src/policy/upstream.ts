/** A literal address in brackets or of digits, whatever its base: names have a letter in their last label. */
const NUMERIC_HOST = /^(?:\[.*\]|[\d.]+|0x[\da-f.x]+)$/i;
const LOCAL_NAMES = /(?:^|\.)(?:localhost|local|internal|localdomain|home\.arpa)\.?$/i;

/**
 * What is wrong with an upstream's address; null when nothing is. Literal addresses are refused altogether
 * unless `allow_private` says that the operator means one: the URL parser has already turned decimal, octal and
 * mapped spellings into dotted or bracketed ones.
 */
export function checkUpstream(written: string, allowPrivate: boolean): string | null {
  if (!URL.canParse(written)) return "must be a URL such as https://api.example.com";
  const url = new URL(written);
  if (url.username !== "" || url.password !== "") {
    return "must not hold credentials; name a `credential` instead";
  }
  if (url.search !== "" || url.hash !== "") return "must not have a query or fragment";
  if (url.protocol !== "https:" && !(allowPrivate && url.protocol === "http:")) {
    return "must be https; plain http needs `allow_private: true`";
  }
  if (allowPrivate) return null;
  if (NUMERIC_HOST.test(url.hostname) || LOCAL_NAMES.test(url.hostname)) {
    return "is a literal or local address; if that is meant, add `allow_private: true`";
  }
  return null;
}
