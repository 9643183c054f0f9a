/**
 * A text in pieces, so that each medium marks up names, amounts and quotes in its own way. Names and quotes are as the
 * agent wrote them: whoever shows a piece sanitizes and escapes it for the medium.
 */
export interface Part {
  /** `quote`: a piece of the payload, shown only to those who may read it. */
  readonly kind: "words" | "name" | "amount" | "quote";
  readonly text: string;
}

export function words(text: string): Part {
  return { kind: "words", text };
}

export function name(text: string): Part {
  return { kind: "name", text };
}

export function amount(text: string): Part {
  return { kind: "amount", text };
}

export function quote(text: string): Part {
  return { kind: "quote", text };
}

/** The pieces as one text, for a medium without markup. */
export function plainText(parts: readonly Part[]): string {
  return parts.map(({ text }) => text).join("");
}

/** Begins with a capital letter: for a line of a list, which leaves the agent out. */
export function capitalized(parts: readonly Part[]): readonly Part[] {
  const [first, ...rest] = parts;
  if (first === undefined || first.kind !== "words") return parts;
  return [words(first.text.charAt(0).toUpperCase() + first.text.slice(1)), ...rest];
}
