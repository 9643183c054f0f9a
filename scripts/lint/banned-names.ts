/**
 * Words that no declared name may contain, each with the field's term to choose instead (docs/glossary.md). They had
 * three to six meanings each across the folders, so that a name built on one told a reader nothing.
 */
export const BANNED_WORDS: Readonly<Record<string, string>> = {
  ask: "request",
  asked: "requested, or the noun of what was requested",
  kept: "stored, retained or held back",
  said: "the noun: vote, message, header, response",
  told: "the noun: delivery, notification, message",
};

/** The banned word in a camelCase, PascalCase or SCREAMING_SNAKE name; null: there is none. */
export function bannedWordIn(name: string): string | null {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[\s_$#]+/);
  return words.find((word) => Object.hasOwn(BANNED_WORDS, word)) ?? null;
}
