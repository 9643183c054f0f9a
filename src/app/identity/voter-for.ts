import { voterOf } from "../../core/identity/people.ts";
import type { Voter } from "../../core/identity/voter.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Authenticated } from "./authenticate.ts";

export interface NotReviewer {
  readonly kind: "not_reviewer";
}

/** The voter that a signed-in caller is. Only reviewers vote. */
export async function voterFor(
  { principal, assurance }: Authenticated,
  { rules }: Pick<Ports, "rules">,
): Promise<Result<Voter, NotReviewer>> {
  if (principal.role !== "reviewer") return err({ kind: "not_reviewer" });
  const { registry } = await rules.current();
  return ok(voterOf(principal, assurance, registry));
}
