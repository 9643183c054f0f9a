/** A case's address with a signed link has a few hundred characters; the path has to fit a cookie. */
const MAX_CHARACTERS = 1500;

/** A base for parsing paths as browsers do; Gate sends nothing there. */
const ANYWHERE = "http://gate.invalid";

/**
 * The path to continue at after signing in, or `/`. Refuses open redirects: browsers read `//host`, `/\host` and
 * `/<tab>/host` as another site's address, and `/.//host` resolves to one.
 */
export function nextPath(wanted: string | undefined): string {
  if (wanted === undefined || wanted.length > MAX_CHARACTERS) return "/";
  if (!/^\/(?!\/)[^\\\p{Cc}]*$/u.test(wanted) || !URL.canParse(wanted, ANYWHERE)) return "/";
  const { origin, pathname, search, hash } = new URL(wanted, ANYWHERE);
  const path = pathname + search + hash;
  // Parsing escapes non-ASCII characters, which lengthens the path.
  const isHere = origin === ANYWHERE && !path.startsWith("//") && path.length <= MAX_CHARACTERS;
  return isHere ? path : "/";
}
