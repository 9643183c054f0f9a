/** A case's address with a signed link has a few hundred characters; the path has to fit a cookie. */
const MAX_CHARACTERS = 1500;

/** Only to learn how browsers read a path; nothing is ever sent there. */
const ANYWHERE = "http://gate.invalid";

/**
 * Where to go on after signing in: a path here, or `/`. Browsers read `//host`, `/\host` and `/<tab>/host` as another
 * site's address, and so does whoever resolves `/.//host` first.
 */
export function nextPath(wanted: string | undefined): string {
  if (wanted === undefined || wanted.length > MAX_CHARACTERS) return "/";
  if (!/^\/(?!\/)[^\\\p{Cc}]*$/u.test(wanted) || !URL.canParse(wanted, ANYWHERE)) return "/";
  const { origin, pathname, search, hash } = new URL(wanted, ANYWHERE);
  const path = pathname + search + hash;
  // Escaping what is not ASCII makes it longer.
  const isHere = origin === ANYWHERE && !path.startsWith("//") && path.length <= MAX_CHARACTERS;
  return isHere ? path : "/";
}
