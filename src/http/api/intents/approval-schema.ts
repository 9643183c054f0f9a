import { z } from "zod";
import { ASSURANCE, SHA256 } from "../shared/fields-schema.ts";

const VOTERS = {
  groups: z.array(z.string()).describe("With `people`: who may vote. Both empty: every reviewer."),
  people: z.array(z.string()),
} as const;

/** Who may decide a held intent; fixed when it is proposed. */
export const APPROVAL_REQUIREMENTS = z.object({
  require: z.int().describe("Distinct persons in all."),
  quorums: z.array(z.object({ policy: z.string(), require: z.int(), ...VOTERS })),
  ...VOTERS,
  excludeProposer: z.boolean(),
  excludeOwner: z.boolean(),
  minAssurance: ASSURANCE,
  demandedAssurance: ASSURANCE.optional().describe("What the proposal itself asked for."),
  rejections: z.int().describe("Distinct persons whose rejections are final."),
});

export const POLICY_REF = z.object({
  id: z.string(),
  hash: SHA256.describe("SHA-256 of the policy file."),
  meaning: SHA256.optional().describe("SHA-256 of what the file says, whatever its comments."),
});
