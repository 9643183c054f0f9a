import type { Answer } from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import type { Connection } from "./connection.ts";
import { GateOptionError } from "./gate-error.ts";
import { knownOptions, snakeMembers } from "./names.ts";
import type { BatchDecision, DecideOptions, EditOptions } from "./options.ts";
import { intentPath, requireId } from "./paths.ts";
import { type PayloadInput, wirePayload } from "./payload.ts";
import { namesIn } from "./option-names.ts";

const DECIDE_OPTIONS = namesIn("intentId reason nonce decidedAt digest intentDigest onBehalfOfPrincipal");
const BATCH_OPTIONS = namesIn("intentId decision digest reason onBehalfOfPrincipal");
const EDIT_OPTIONS = namesIn(
  "intentId payload payloadName payloadMediaType recordCount estimatedValueUsd reason digest approve",
);

export type Verb = "approve" | "reject" | "cancel-approval" | "revoke";

/** A reviewer's decision on one intent. */
export async function decide(
  at: Connection,
  verb: Verb,
  options: DecideOptions,
  call: CallOptions = {},
): Promise<Answer> {
  const { intentId, ...rest } = knownOptions(options, DECIDE_OPTIONS);
  const path = `${intentPath({ intentId: String(intentId ?? "") })}/${verb}`;
  return at.send({ ...call, method: "POST", path, body: decisionBody(rest), as: "reviewer" });
}

/** Up to 100 decisions in one call; `results` has one result for each, in the same order. */
export async function batch(
  at: Connection,
  decisions: readonly BatchDecision[],
  call: CallOptions = {},
): Promise<Answer> {
  const body = {
    decisions: decisions.map((decision) => {
      const { intentId, ...rest } = knownOptions(decision, BATCH_OPTIONS);
      return { intentId: requireId(intentId, "intentId"), ...decisionBody(rest) };
    }),
  };
  return at.send({ ...call, method: "POST", path: "/v1/approvals/batch", body, as: "reviewer" });
}

/** Replaces a held intent's payload, where the policy allows edits: that creates a successor. */
export async function edit(at: Connection, options: EditOptions, call: CallOptions = {}): Promise<Answer> {
  const { intentId, payload, ...rest } = knownOptions(options, EDIT_OPTIONS);
  if (payload === undefined) throw new GateOptionError("payload is required");
  const body = { ...(await wirePayload(payload as PayloadInput, at)), ...snakeMembers(rest) };
  const path = `${intentPath({ intentId: String(intentId ?? "") })}/edit`;
  return at.send({ ...call, method: "POST", path, body, as: "reviewer" });
}

function decisionBody(decision: Readonly<Record<string, unknown>>): object {
  const { digest, intentDigest } = decision;
  if (digest !== undefined && intentDigest !== undefined && digest !== intentDigest) {
    throw new GateOptionError("digest and intentDigest differ");
  }
  return snakeMembers(decision);
}
