import { verdictOf } from "../../verifier/finding.ts";
import { verifyBundle as findingsOf } from "../../verifier/verify-bundle.ts";
import type { VerifyBundle } from "./verify-bundle-types.ts";

/** See {@link VerifyBundle}. */
export const verifyBundle: VerifyBundle = async (bundle, trusted, { origin = null } = {}) => {
  const keys = trusted as Parameters<typeof findingsOf>[1];
  const findings = await findingsOf(bundle, keys, { origin });
  return { verdict: verdictOf(findings), findings };
};
