/** Why a secret can't be masked in a response, and so can't be injected where responses are relayed to an agent. */
export type MaskProblem =
  | "too_short"
  | "too_long"
  /** Not printable ASCII: such characters have more spellings than masking searches for. */
  | "characters"
  /** Ordinary text would be masked, and an agent could test guesses by seeing what is masked (oracle). */
  | "guessable";

/** Shorter secrets occur by chance, above all in base64. */
const MIN_SECRET_CHARS = 8;

/** Web servers accept header lines of 8 KiB; no credential sent in one is longer. */
const MAX_SECRET_CHARS = 8 * 1024;

/** Bits of entropy: eight random letters and digits have more, eight letters of one case have less. */
const MIN_BITS = 40;

/** `abababab` is as long as a random secret, and takes a fraction of the guesses. */
const MIN_DISTINCT_CHARS = 6;

/** Words, hyphens and dots of this length do not occur by chance. */
const MIN_WORDS_CHARS = 20;

const ONLY_WORDS = /^[A-Za-z]?[a-z]+(?:[-_. ][A-Za-z]?[a-z]+)*$|^[A-Z]+(?:[-_. ][A-Z]+)*$/;

const PRINTABLE = /^[\x20-\x7e]*$/;

/** First guesses of an attacker; compared without case, suffixes, punctuation and digits in place of letters. */
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

const LETTER_BY_LEET: Readonly<Record<string, string>> = {
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
 * Why a secret can't be masked; null: it can.
 *
 * Only the whole secret is masked, never a prefix, so masking confirms a correct guess to an agent and reveals nothing
 * about a nearly correct one. Against a secret that can't be guessed as a whole, that oracle is useless.
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
  if (isSequence(secret)) return true;
  if (secret.length >= MIN_WORDS_CHARS) return false;
  return ONLY_WORDS.test(secret) || isCommonPassword(secret);
}

function bitsPerCharacter(secret: string): number {
  let alphabet = 0;
  if (/\d/.test(secret)) alphabet += 10;
  if (/[a-z]/.test(secret)) alphabet += 26;
  if (/[A-Z]/.test(secret)) alphabet += 26;
  if (/[^A-Za-z\d]/.test(secret)) alphabet += 33;
  return Math.log2(Math.max(alphabet, 1));
}

/** Sequences such as `0123456789abcdef` or `hgfedcba`: adjacent characters throughout, but for two jumps. */
function isSequence(secret: string): boolean {
  let steps = 0;
  for (let at = 1; at < secret.length; at += 1) {
    if (Math.abs(secret.charCodeAt(at) - secret.charCodeAt(at - 1)) <= 1) steps += 1;
  }
  return steps >= secret.length - 3;
}

function isCommonPassword(secret: string): boolean {
  const lower = secret.toLowerCase();
  const plain = lower.replaceAll(/[^a-z]/g, "");
  const read = lower
    .replaceAll(/[\d@$!]+$/g, "")
    .replaceAll(/[013457@$!]/g, (char) => LETTER_BY_LEET[char] ?? "")
    .replaceAll(/[^a-z]/g, "");
  return COMMON_PASSWORDS.some((word) => plain === word || read === word);
}
