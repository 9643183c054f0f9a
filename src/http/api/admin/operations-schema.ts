import { z } from "zod";
import type { PreviewedCase } from "../../../app/evaluation/preview-recheck.ts";
import type { SweepStatus } from "../../../app/evaluation/recheck-sweep.ts";
import { NEXT, TIME } from "../shared/fields-schema.ts";

export const RECHECK_PREVIEW = z.object({
  checked: z.int().describe("Cases that this call looked at."),
  changed: z.int(),
  cases: z.array(
    z.object({
      intentId: z.string(),
      state: z.enum(["pending_approval", "approved"] satisfies readonly PreviewedCase["state"][]),
      becomes: z.enum(["held", "blocked", "approved"] satisfies readonly PreviewedCase["becomes"][]),
      reason_code: z.string(),
    }),
  ),
  next: NEXT,
});

export const RECHECK_SWEEP = z.object({
  state: z.enum(["started", "running", "done"] satisfies readonly SweepStatus["state"][]),
  rules: z.string().describe("Digest of the rules that waiting intents are evaluated under."),
  checked: z.int(),
});

export const RESTORED = z.object({
  restored_at: TIME.nullable(),
  settled: z.int().describe("Intents that this call settled."),
  next: NEXT,
  checkpoint: z
    .object({ size: z.int(), root: z.string() })
    .nullable()
    .describe("The tree head that sealing goes on from."),
});

export const VAULT_CHECK = z.object({
  credentials: z.array(
    z.object({
      name: z.string(),
      ref: z.string().describe("Where the secret is; never the secret."),
      ok: z.boolean(),
      grant: z.string().optional().describe("Of OAuth 2.0."),
      token_url: z.string().optional(),
      expires_at: TIME.optional().describe("Of an access token."),
      problem: z.string().optional(),
      detail: z.string().optional(),
    }),
  ),
});
