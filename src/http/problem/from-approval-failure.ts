import type { LinkProblem, LinkVoteFailure } from "../../app/approvals/decide-by-link.ts";
import type { CommandFailure } from "../../app/approvals/intent-commands.ts";
import type { CallerVoteFailure } from "../../app/approvals/vote-as-caller.ts";
import { problemOfAuthFailure, problemOfRole } from "./from-auth-failure.ts";
import { problemOf, problemOfVoteFailure } from "./from-refusal.ts";
import type { Problem } from "./problem.ts";

export const INVALID_LINK: Problem = {
  status: 404,
  code: "invalid_link",
  detail: "This is not an approval link of this deployment.",
};

/** A callback that Gate can't verify now, and may not call forged. */
export const SIGNING_SECRET_UNAVAILABLE: Problem = {
  status: 503,
  code: "credential_unavailable",
  detail: "The secret that verifies this request can't be read now, so nothing was decided. Send it again.",
  headers: { "Retry-After": "5" },
};

const NOT_REVIEWER: Problem = {
  status: 403,
  code: "forbidden",
  detail: "Only reviewers can vote, and grant or revoke mandates.",
  error: "forbidden",
};

/** The problem of a vote, the caller's own or a delegator's, that was not cast. */
export function problemOfVote(failure: CallerVoteFailure): Problem {
  switch (failure.kind) {
    case "not_reviewer":
      return NOT_REVIEWER;
    case "delegation_not_found":
      return {
        status: 403,
        code: "delegation_not_found",
        detail:
          "No delegation in force from that person to you covers this intent: they can make one with POST /v1/delegations, or you vote for yourself without on_behalf_of_principal.",
      };
    default:
      return problemOfVoteFailure(failure);
  }
}

/** The problem of a link that accepts no vote. */
export function problemOfLink(problem: LinkProblem): Problem {
  return problem.kind === "refused" ? problemOf(problem.refusal) : LINK_EXPIRED;
}

const LINK_EXPIRED: Problem = {
  status: 410,
  code: "link_expired",
  detail: "The link has expired; sign in to see the case.",
};

/** The problem of a vote that was not cast through a link. */
export function problemOfLinkVote(failure: LinkVoteFailure): Problem {
  switch (failure.kind) {
    case "link_expired":
      return LINK_EXPIRED;
    case "invalid_link":
      return INVALID_LINK;
    case "sign_in_required":
      return {
        status: 401,
        code: "sign_in_required",
        detail: "This link only opens the case; sign in to vote.",
        headers: { "WWW-Authenticate": "Bearer" },
      };
    case "inactive":
      return problemOfAuthFailure(failure);
    default:
      return problemOfVote(failure);
  }
}

/** The problem of a command that was refused. */
export function problemOfCommand(failure: CommandFailure): Problem {
  switch (failure.kind) {
    case "role_not_allowed":
      return problemOfRole(failure, failure.allowed);
    case "reason_required":
      return { status: 400, code: "reason_required", detail: "Say why: the ledger keeps the reason." };
    default:
      return problemOfVoteFailure(failure);
  }
}
