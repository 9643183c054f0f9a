/** How a person proved who they are. */
export type Assurance = "link" | "slack" | "key" | "sso" | "passkey";

/** Weakest first: a link proves possession of a message, a passkey the use of an authenticator. */
export const ASSURANCE_RANK = { link: 0, slack: 1, key: 2, sso: 3, passkey: 4 } as const satisfies Record<
  Assurance,
  number
>;

/** The stronger of two levels. */
export function stronger(one: Assurance, other: Assurance): Assurance {
  return ASSURANCE_RANK[one] >= ASSURANCE_RANK[other] ? one : other;
}

/** The weaker of two levels. */
export function weaker(one: Assurance, other: Assurance): Assurance {
  return ASSURANCE_RANK[one] <= ASSURANCE_RANK[other] ? one : other;
}
