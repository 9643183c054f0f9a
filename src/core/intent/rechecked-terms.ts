import { handlesOf } from "../identity/people.ts";
import type { PolicyRef } from "../policy/decision.ts";
import type { IntentTerms } from "./state.ts";
import { currentBindings, intentTerms, type IntentTermsInput } from "./terms.ts";

/** Everything that an evaluation under changed rules is made of, beside the terms in force. */
export type RecheckInput = Pick<
  IntentTermsInput,
  "request" | "payload" | "decision" | "proposer" | "rules" | "salt" | "group" | "shapes"
>;

/**
 * The terms under changed rules. What the proposal fixed stays: its time, its key, its repeats, who proposed and edited
 * it. Nobody who was excluded may vote now, nor an editor whom these rules do not let approve. A write that waited for the
 * agent's connection does so still.
 */
export function recheckedTerms(before: IntentTerms, input: RecheckInput): IntentTerms {
  const {
    payloadDigest,
    requestDigest,
    subject,
    earlierSubjects = [],
    keyed,
    counted,
    predecessor,
    editor,
  } = before;
  const { decision, rules } = input;
  const fresh = intentTerms({
    ...input,
    decision: {
      ...decision,
      policies: boundPolicies(decision.policies, currentBindings(before, rules).policies),
    },
    id: before.id,
    identity: { payloadDigest, requestDigest, subjects: [subject, ...earlierSubjects] },
    keyed,
    counted,
    attended: false,
    edited: null,
    now: before.createdAt,
    decideByAtMost: before.decideBy,
  });
  return {
    ...fresh,
    // Later intents look it up under the secrets that were in force at its proposal.
    ...(before.shapes !== undefined && { shapes: before.shapes }),
    sending: before.sending === "on_repeat" ? before.sending : fresh.sending,
    excluded: [...new Set([...before.excluded, ...fresh.excluded, ...excludedEditor(before, input)])],
    predecessor,
    editor,
  };
}

function excludedEditor({ editor }: IntentTerms, { decision, rules }: RecheckInput): readonly string[] {
  return editor === null || decision.edit.editorMayApprove ? [] : handlesOf(editor, rules.registry);
}

/**
 * The policies that apply, and those that applied before: one that is missing, broken or in shadow mode now may come
 * back, and the intent is then evaluated again.
 */
function boundPolicies(applied: readonly PolicyRef[], earlier: readonly PolicyRef[]): readonly PolicyRef[] {
  return [...applied, ...earlier.filter(({ id }) => !applied.some((policy) => policy.id === id))];
}
