/** How a person proved who they are. */
export type Assurance = "link" | "slack" | "key" | "sso" | "passkey";

/** Weakest first: a link proves who received a message, a passkey who touched a key. */
export const ASSURANCE_RANK = { link: 0, slack: 1, key: 2, sso: 3, passkey: 4 } as const satisfies Record<
  Assurance,
  number
>;

/** The one of two that proves less. */
export function weaker(one: Assurance, other: Assurance): Assurance {
  return ASSURANCE_RANK[one] <= ASSURANCE_RANK[other] ? one : other;
}
