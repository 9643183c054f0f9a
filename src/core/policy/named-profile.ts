import type { ProposalRequest } from "../proposal/request.ts";
import type { PolicyRules } from "./policy.ts";
import { blockFor, type RuleResults } from "./rules/findings.ts";
import { isProfileId, PROFILE_IDS, profileProblems } from "./rules/profiles.ts";

/** As long as a name may be that the trace shows. */
const MAX_SEEN_CHARACTERS = 128;

/**
 * Blocks a proposal that names a profile which its metadata does not fit, where no policy wants one: people would read
 * it as an action of that kind. Null: it names none, it fits, or a policy's own rule says so.
 */
export function namedProfileResults(
  enforced: readonly PolicyRules[],
  { profile, metadata }: ProposalRequest,
): RuleResults | null {
  if (profile === null || enforced.some(({ requireProfile }) => requireProfile !== null)) return null;
  if (!isProfileId(profile)) {
    return refused(profile, "There is no such action profile.", `Name one of: ${PROFILE_IDS.join(", ")}.`);
  }
  const problems = profileProblems(profile, metadata);
  if (problems.length === 0) return null;
  const fields = problems.join(", ");
  return refused(
    fields,
    `The metadata does not fit the profile ${profile}: ${fields}.`,
    `Give valid values for: ${fields}.`,
  );
}

function refused(seen: string, reason: string, remedy: string): RuleResults {
  const code = "invalid_profile_payload";
  const shown = seen.slice(0, MAX_SEEN_CHARACTERS).toWellFormed();
  return {
    trace: [{ policy: "", rule: "profile", line: null, seen: shown, outcome: "block", reasonCode: code }],
    findings: [blockFor(code, reason, remedy)],
    approves: false,
  };
}
