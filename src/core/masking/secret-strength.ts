/** Why a secret can't be taken out of an answer, and so can't be used where answers go back to an agent. */
export type MaskProblem =
  | "too_short"
  | "too_long"
  /** Something else than printable ASCII: it has more spellings than can be looked for. */
  | "characters"
  /** Ordinary text would be taken for it, and an agent could guess it and see whether it is masked. */
  | "guessable";

/** Shorter ones turn up by chance, in their base64 form above all. */
const MIN_SECRET_CHARS = 8;

/** Web servers take header lines of 8 KiB; no credential that travels in one is longer. */
const MAX_SECRET_CHARS = 8 * 1024;

/** Eight random letters and digits have more, eight letters of one case don't. */
const MIN_BITS = 40;

/** `abababab` has as many characters as a random secret, and a fraction of what it takes to guess. */
const MIN_DISTINCT_CHARS = 6;

/** Words, hyphens and dots: so long that nobody writes it by chance. */
const MIN_WORDS_CHARS = 20;

const ONLY_WORDS = /^[A-Za-z]?[a-z]+(?:[-_. ][A-Za-z]?[a-z]+)*$|^[A-Z]+(?:[-_. ][A-Z]+)*$/;

const PRINTABLE = /^[\x20-\x7e]*$/;

/** What is tried first, whatever is appended: compared without case, digits in place of letters, and the rest. */
const COMMON_PASSWORDS = [
  "password",
  "passwort",
  "passwd",
  "passphrase",
  "secret",
  "changeme",
  "letmein",
  "welcome",
  "admin",
  "administrator",
  "root",
  "qwerty",
  "qwertyuiop",
  "asdfgh",
  "default",
  "example",
  "testtest",
  "token",
  "apikey",
  "yourapikey",
  "yourapikeyhere",
  "undefined",
  "null",
  "object",
  "abcdefgh",
  "abcdef",
  "iloveyou",
  "bearer",
] as const;

const LOOKS_LIKE: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};

/**
 * What keeps a secret from being masked; null: nothing does.
 *
 * Only the whole secret is ever masked, never a beginning of it, so masking tells an agent that a guess was right
 * and nothing about one that was nearly right. That is worth nothing against what can't be guessed as a whole.
 */
export function maskProblem(secret: string): MaskProblem | null {
  if (!PRINTABLE.test(secret)) return "characters";
  if (secret.length < MIN_SECRET_CHARS) return "too_short";
  if (secret.length > MAX_SECRET_CHARS) return "too_long";
  return isGuessable(secret) ? "guessable" : null;
}

export function isMaskable(secret: string): boolean {
  return maskProblem(secret) === null;
}

function isGuessable(secret: string): boolean {
  if (new Set(secret).size < MIN_DISTINCT_CHARS || secret.length * bitsPerCharacter(secret) < MIN_BITS) {
    return true;
  }
  if (isOneStepApart(secret)) return true;
  if (secret.length >= MIN_WORDS_CHARS) return false;
  return ONLY_WORDS.test(secret) || isWornOut(secret);
}

function bitsPerCharacter(secret: string): number {
  let alphabet = 0;
  if (/\d/.test(secret)) alphabet += 10;
  if (/[a-z]/.test(secret)) alphabet += 26;
  if (/[A-Z]/.test(secret)) alphabet += 26;
  if (/[^A-Za-z\d]/.test(secret)) alphabet += 33;
  return Math.log2(Math.max(alphabet, 1));
}

/** `0123456789abcdef`, `hgfedcba`: each character follows from the one before, but for a jump or two. */
function isOneStepApart(secret: string): boolean {
  let steps = 0;
  for (let at = 1; at < secret.length; at += 1) {
    if (Math.abs(secret.charCodeAt(at) - secret.charCodeAt(at - 1)) <= 1) steps += 1;
  }
  return steps >= secret.length - 3;
}

function isWornOut(secret: string): boolean {
  const lower = secret.toLowerCase();
  const plain = lower.replaceAll(/[^a-z]/g, "");
  const read = lower
    .replaceAll(/[\d@$!]+$/g, "")
    .replaceAll(/[013457@$!]/g, (char) => LOOKS_LIKE[char] ?? "")
    .replaceAll(/[^a-z]/g, "");
  return COMMON_PASSWORDS.some((word) => plain === word || read === word);
}
