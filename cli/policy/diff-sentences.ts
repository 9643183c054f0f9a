import type { PolicyRules } from "../../src/core/policy/policy.ts";

export interface Difference {
  /** The field, with its environment: `environments.production.auto_approve_under`. */
  readonly field: string;
  readonly words: string;
  /** The effect on agents; neutral: it depends, or the field neither passes nor stops an intent. */
  readonly effect: "stricter" | "looser" | "neutral";
}

/** Adds one difference to the result. */
export type AddDifference = (field: string, words: string, effect: Difference["effect"]) => void;

export function compareList(
  add: AddDifference,
  field: string,
  what: string,
  was: readonly string[] | null,
  is: readonly string[] | null,
  allows: boolean,
): void {
  const added = (is ?? []).filter((item) => was === null || !was.includes(item));
  const removed = (was ?? []).filter((item) => is === null || !is.includes(item));
  // A new allow-list forbids everything that it does not name, and a removed one allows everything.
  if (allows && was === null && is !== null) {
    return add(field, `Only these ${what}s: ${is.join(", ")}.`, "stricter");
  }
  if (allows && was !== null && is === null) return add(field, `Any ${what}.`, "looser");
  if (added.length > 0) {
    add(field, `New ${what}${plural(added)}: ${added.join(", ")}.`, allows ? "looser" : "stricter");
  }
  if (removed.length > 0) {
    add(field, `No longer a ${what}: ${removed.join(", ")}.`, allows ? "stricter" : "looser");
  }
}

export interface ComparedLimit {
  readonly field: string;
  read(rules: PolicyRules): number | null;
  /** The effect of a larger number. */
  readonly more: Difference["effect"];
  words(n: number): string;
  /** The sentence for an unset limit. */
  readonly none: string;
}

export function compareLimit(
  add: AddDifference,
  { field, more, words, none }: ComparedLimit,
  was: number | null,
  is: number | null,
): void {
  if (was === is) return;
  const before = was === null ? none : words(was);
  const now = is === null ? none : words(is);
  add(field, `${sentence(now)}; before, ${before}.`, effectOf(field, was, is, more));
}

function effectOf(
  field: string,
  was: number | null,
  is: number | null,
  more: Difference["effect"],
): Difference["effect"] {
  if (more === "neutral") return "neutral";
  // The one threshold that approves: without it nothing passes.
  if (was === null) return field === "auto_approve_under" ? "looser" : "stricter";
  if (is === null) return field === "auto_approve_under" ? "stricter" : "looser";
  return is > was ? more : opposite(more);
}

export function opposite(effect: Difference["effect"]): Difference["effect"] {
  if (effect === "neutral") return effect;
  return effect === "stricter" ? "looser" : "stricter";
}

function plural(list: readonly unknown[]): string {
  return list.length === 1 ? "" : "s";
}

export function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
