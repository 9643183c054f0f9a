import { err, ok, type Result } from "../base/result.ts";

/** Why a path is refused: two parsers could resolve it to different resources. */
export type PathProblem =
  /** Does not begin with a slash. */
  | "relative"
  | "too_long"
  /** A character that RFC 3986 section 3.3 does not allow: blanks, quotes, braces, anything beyond ASCII. */
  | "character"
  /** `%` without two hexadecimal digits. */
  | "broken_escape"
  /** The escaped bytes are not UTF-8: overlong forms hide slashes and dots. */
  | "encoding"
  | "control_character"
  /** `/a//b`: some servers read it as `/a/b`. */
  | "empty_segment"
  /** `.` and `..`, in any spelling. */
  | "dot_segment"
  /** `%2f`, `\`, `%5c`: some servers read them as a slash. */
  | "hidden_slash"
  /** `;`: some servers cut off the rest of the segment, so that `/..;/` is a dot segment (RFC 3986 section 3.3). */
  | "parameters"
  /** `%2541`: an upstream that decodes twice reads another path. */
  | "double_encoding"
  /** Becomes a dot or a slash where a server folds compatibility forms, as on Windows. */
  | "lookalike";

/** RFC 9110 section 4.1 requires support for at least 8,000, and many servers support no more. */
const MAX_PATH_CHARS = 8_000;

/** `pchar` of RFC 3986 and slashes, plus the characters that have a problem of their own above. */
const PATH_CHARACTERS = /^[A-Za-z0-9\-._~!$&'()*+,;=:@%/\\]*$/;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/**
 * The canonical form of a path (RFC 3986 section 6.2.2): escapes of unreserved characters decoded, other escapes in
 * upper case. Case and a trailing slash stay, because many servers distinguish resources by them.
 */
export function canonicalPath(written: string): Result<string, PathProblem> {
  if (!written.startsWith("/")) return err("relative");
  if (written.length > MAX_PATH_CHARS) return err("too_long");
  if (!PATH_CHARACTERS.test(written)) return err("character");
  if (/%(?![\dA-Fa-f]{2})/.test(written)) return err("broken_escape");
  const decoded = decodedOnce(written);
  if (decoded === null) return err("encoding");
  if (/\p{Cc}/u.test(decoded)) return err("control_character");
  // More slashes after decoding than before means that one was escaped.
  if (decoded.includes("\\") || count(decoded, "/") !== count(written, "/")) return err("hidden_slash");
  if (decoded.includes(";")) return err("parameters");
  if (/%[\dA-Fa-f]{2}/.test(decoded)) return err("double_encoding");
  const problem = segmentProblem(decoded.split("/").slice(1));
  if (problem !== null) return err(problem);
  return ok(
    written.replaceAll(/%[\dA-Fa-f]{2}/g, (escape) => {
      const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
      return UNRESERVED.test(character) ? character : escape.toUpperCase();
    }),
  );
}

/** The path after a prefix: empty for the prefix itself (`/a` is not `/a/`), null where it is not below the prefix. */
export function pathBelow(prefix: string, path: string): string | null {
  if (path === prefix) return "";
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : null;
}

function decodedOnce(written: string): string | null {
  try {
    return decodeURIComponent(written);
  } catch {
    return null;
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

const DOTS = new Set([".", ".."]);

function segmentProblem(segments: readonly string[]): PathProblem | null {
  for (const [index, segment] of segments.entries()) {
    if (segment === "" && index < segments.length - 1) return "empty_segment";
    // Windows strips blanks at the end of a name.
    if (DOTS.has(segment.trim())) return "dot_segment";
    const folded = segment.normalize("NFKC");
    if (folded !== segment && (/[/\\;%]/.test(folded) || DOTS.has(folded.trim()))) return "lookalike";
  }
  return null;
}
