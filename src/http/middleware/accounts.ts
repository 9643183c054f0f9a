import type { Principal } from "../../core/identity/principal.ts";
import type { Person, Registry } from "../../core/registry/registry.ts";
import type { TokenProblem, VerifiedToken } from "../../ports/identity.ts";
import type { Ports } from "../../ports/ports.ts";
import { refuse, type Problem } from "../problem/problem.ts";

const PERSON_UNKNOWN: Problem = {
  status: 403,
  code: "person_unknown",
  detail: "Nobody under `people` in gate.yaml has this account's verified e-mail address.",
};

const PINNED_TO_ANOTHER: Problem = {
  status: 403,
  code: "pinned_to_another",
  detail: "This person comes in with another account; an admin can unpin that one.",
};

/**
 * The principal that an issuer's account acts as. The e-mail finds the person once; then the account is pinned to
 * them, because addresses are given to new people and accounts are not.
 */
export async function principalOfAccount(
  { issuer, subject, email }: VerifiedToken,
  { credentials, rules }: Pick<Ports, "credentials" | "rules">,
): Promise<Principal> {
  const credential = { kind: "oidc", issuer, subject } as const;
  const [{ registry }, pinned] = await Promise.all([rules.current(), credentials.pinned(credential)]);
  if (pinned !== null) {
    // Whoever was taken out of the registry is nobody, whatever they were pinned to.
    return registry.people.has(pinned.person) ? pinned.principal : refuse(PERSON_UNKNOWN);
  }
  const person = email === null ? null : personOfEmail(email, registry);
  if (person === null) return refuse(PERSON_UNKNOWN);
  const reached = await credentials.reach(credential, person);
  return reached.ok ? reached.value : refuse(PINNED_TO_ANOTHER);
}

/** An address that two people share proves neither. */
function personOfEmail(email: string, { people }: Registry): Person | null {
  const [first, second] = [...people.values()].filter((person) => person.email === email);
  return first === undefined || second !== undefined ? null : first;
}

/** What is wrong with a token is told: it says nothing that whoever holds the token could not find out. */
export function refuseToken(problem: TokenProblem): never {
  if (problem === "keys_unavailable") {
    return refuse({
      status: 503,
      code: "keys_unavailable",
      detail: "The issuer's keys can't be had right now, so its tokens prove nothing. Try again.",
      headers: { "Retry-After": "5" },
    });
  }
  return refuse({
    status: 401,
    code: "invalid_token",
    detail: "This token proves nothing here.",
    more: { reason: problem },
    headers: { "WWW-Authenticate": 'Bearer error="invalid_token"' },
  });
}
