import type { Decision, TraceStep } from "../policy/decision.ts";
import { name, type Part, quote, words } from "./parts.ts";
import { reasonWords } from "./reason-words.ts";

/** Why an intent was held or blocked, and by which rule. */
export interface Why {
  /** `Held: a placeholder was not filled in, {{customer_name}}, line 3.` */
  readonly parts: readonly Part[];
  /** The rule that gave the reason; null: no policy's rule did. */
  readonly rule: Pick<TraceStep, "policy" | "rule" | "line"> | null;
  /** How many other rules object as well. */
  readonly others: number;
}

/** @param decision null: it was erased, and only its code is left */
export interface WhyInput {
  readonly reasonCode: string;
  readonly outcome: "hold" | "block" | "approve";
  readonly decision: Pick<Decision, "reason" | "trace"> | null;
  /** Whether the reader may see values of the payload. */
  readonly isPayloadVisible: boolean;
}

const VERDICT = { hold: "Held", block: "Blocked", approve: "Approved" } as const;

export function whyOf({ reasonCode, outcome, decision, isPayloadVisible }: WhyInput): Why {
  const objections = (decision?.trace ?? []).filter((step) => step.outcome === outcome);
  const step = objections.find((each) => each.reasonCode === reasonCode) ?? null;
  const reason = decision === null ? null : sentenceEnd(decision.reason);
  const seen = isPayloadVisible ? (step?.seen ?? null) : null;
  const detail = detailOf(reasonCode, reason, seen);
  return {
    parts: [words(`${VERDICT[outcome]}: `), ...detail, words(".")],
    rule: step === null || step.policy === "" ? null : step,
    others: Math.max(0, objections.length - 1),
  };
}

/** Gate's own sentence, to be continued: without capital and full stop. */
function sentenceEnd(reason: string): string {
  const plain = reason.replace(/\.$/, "");
  // A policy's id or a quoted word stays as it is written.
  return /^[A-Z][a-z]* /.test(plain) ? plain.charAt(0).toLowerCase() + plain.slice(1) : plain;
}

const VALUE_LIMIT =
  /^the policy (\S+) (?:wants a person to look at|lets no) more than (\$[\d,.]+?)(?: through)?$/;
const RECORD_LIMIT = /^more records than the (\d+) that the policy (\S+) lets pass without review$/;

function detailOf(code: string, reason: string | null, seen: string | null): readonly Part[] {
  const plain = [words(reason ?? reasonWords(code))];
  switch (code) {
    case "template_error_detected":
      return [words(reasonWords(code)), ...placeholders(seen)];
    case "value_over_threshold":
    case "value_over_limit": {
      const [, policy, limit] = VALUE_LIMIT.exec(reason ?? "") ?? [];
      if (policy === undefined || limit === undefined) return plain;
      return [words(`the amount is over the ${limit} that `), name(policy), words(" lets pass")];
    }
    case "record_threshold_exceeded": {
      const [, limit, policy] = RECORD_LIMIT.exec(reason ?? "") ?? [];
      if (policy === undefined || limit === undefined) return plain;
      return [words(`more records than the ${limit} that `), name(policy), words(" lets pass")];
    }
    case "held_pii_detected":
    case "blocked_pii_detected":
      return seen === null ? plain : [...plain, words(", "), quote(seen)];
    case "field_check_failed":
      return seen === null ? plain : [words(`${reasonWords(code)}, `), quote(seen)];
    default:
      return plain;
  }
}

/** As the rule traces them: `{{name}} at line 3 in 1 record; …`. */
const ONE_PLACEHOLDER = /^([^;]+) at ([^;]+) in (\d+) records?$/;

function placeholders(seen: string | null): readonly Part[] {
  if (seen === null) return [];
  const [, written, where, records = "1"] = ONE_PLACEHOLDER.exec(seen) ?? [];
  if (written === undefined || where === undefined) return [words(", "), quote(seen)];
  const many = records === "1" ? "" : ` in ${records} records`;
  return [words(", "), quote(written), words(", "), quote(where), words(many)];
}
