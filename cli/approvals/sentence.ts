import { isJsonObject, type Json, type JsonObject } from "../../src/core/base/json.ts";
import type { TraceStep } from "../../src/core/policy/decision.ts";
import { plainText } from "../../src/core/presentation/parts.ts";
import { caseSentence } from "../../src/core/presentation/sentence.ts";
import { whyOf } from "../../src/core/presentation/why.ts";
import { member, numberMember, textMember } from "../../verifier/read-json.ts";
import { nameOrId } from "./names.ts";
import { clipped } from "../sanitize-text.ts";

const MAX_NAME_CHARS = 80;

/** As much as a terminal shows in a few lines. */
const MAX_CHARS = 600;

/** What would happen, and why it waits: the same two sentences as on the page. */
export function caseSentences({
  view,
  decision,
}: {
  readonly view: JsonObject;
  readonly decision: JsonObject;
}): readonly string[] {
  const facts = objectIn(decision, "facts");
  const http = objectIn(view, "http");
  const sentence = caseSentence({
    agent: nameOrId(view, textMember(view, "sender_agent_id") ?? "?", MAX_NAME_CHARS),
    editor: textMember(view, "edited_by"),
    phase: textMember(view, "state") ?? "",
    destination: textMember(view, "destination") ?? "?",
    method: http === null ? null : textMember(http, "method"),
    records: numberMember(view, "estimated_records"),
    valueCents: centsIn(facts),
    hasFacts: facts !== null,
    totals: totalsIn(facts),
    recipients: facts === null ? null : numberMember(facts, "recipients"),
  });
  const outcome = textMember(decision, "outcome");
  if (outcome !== "hold" && outcome !== "block") return [shown(plainText(sentence))];
  const why = whyOf({
    reasonCode: textMember(view, "reason_code") ?? "",
    outcome,
    decision: {
      reason: textMember(decision, "reason_detail") ?? "no reason stored",
      trace: traceIn(decision),
    },
    // The server leaves out what this reader may not see.
    isPayloadVisible: true,
  });
  const line = why.rule?.line ?? null;
  const rule = why.rule === null ? "" : ` (${why.rule.rule}${line === null ? "" : `, line ${line}`})`;
  return [shown(plainText(sentence)), shown(`${plainText(why.parts)}${rule}`)];
}

function shown(sentence: string): string {
  return clipped(sentence, MAX_CHARS);
}

/** The larger of what was measured and declared, in US cents; null: neither is known. */
function centsIn(facts: JsonObject | null): number | null {
  const money = objectIn(facts, "valueUsdCents");
  if (money === null || textMember(facts ?? {}, "money") === "incomplete") return null;
  const known = ["measured", "declared"].flatMap((field) => numberMember(money, field) ?? []);
  return known.length === 0 ? null : Math.max(...known);
}

function totalsIn(facts: JsonObject | null) {
  return listIn(facts, "totals")
    .filter(isJsonObject)
    .flatMap((total) => {
      const [currency, minor] = [textMember(total, "currency"), numberMember(total, "minor")];
      const isAmount = currency !== null && /^[A-Z]{3}$/.test(currency) && Number.isSafeInteger(minor);
      return isAmount && minor !== null ? [{ currency, minor }] : [];
    });
}

function traceIn(decision: JsonObject): readonly TraceStep[] {
  return listIn(decision, "trace")
    .filter(isJsonObject)
    .map((step) => ({
      policy: textMember(step, "policy") ?? "",
      rule: textMember(step, "rule") ?? "?",
      line: numberMember(step, "line"),
      seen: textMember(step, "seen"),
      outcome: outcomeIn(step),
      reasonCode: textMember(step, "reasonCode") ?? textMember(step, "reason_code"),
    }));
}

function outcomeIn(step: JsonObject): TraceStep["outcome"] {
  const outcome = textMember(step, "outcome");
  return outcome === "hold" || outcome === "block" || outcome === "approve" || outcome === "pass"
    ? outcome
    : "skip";
}

function objectIn(object: JsonObject | null, name: string): JsonObject | null {
  const found = object === null ? undefined : member(object, name);
  return isJsonObject(found) ? found : null;
}

function listIn(object: JsonObject | null, name: string): readonly Json[] {
  const found = object === null ? undefined : member(object, name);
  return Array.isArray(found) ? found : [];
}
