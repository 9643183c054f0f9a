export type PiiKind = "email" | "phone" | "card" | "ssn" | "iban";

/** How many of each kind the texts hold; kinds not found are absent. */
export function findPii(texts: readonly string[], kinds: readonly PiiKind[]): ReadonlyMap<PiiKind, number> {
  const found = new Map<PiiKind, number>();
  if (kinds.includes("email")) {
    const count = texts.reduce(
      (sum, text) => sum + (text.match(/[\w.+-]{1,64}@[\w-]{1,63}\.\w{2,}/g)?.length ?? 0),
      0,
    );
    if (count > 0) found.set("email", count);
  }
  return found;
}
