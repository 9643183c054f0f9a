import { contentViews } from "../../../../src/core/policy/content-views.ts";
import { finish } from "../../../../src/core/base/steps.ts";
import { measureRequest, measureRequestInSteps } from "../../../../src/core/policy/request-content.ts";
import { findFieldProblem } from "../../../../src/core/policy/rules/field-checks.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";
import { parseJsonPath } from "../../../../src/core/proposal/measure/parse-json-path.ts";
import { records } from "../../../../src/core/proposal/measure/select.ts";
import { NO_HINTS, type MeasureHints } from "../../../../src/core/registry/measure-hints.ts";
import { CSV_SHAPES, FORM_SHAPES, JSON_SHAPES } from "../grammars.ts";
import { row } from "../row.ts";
import { bytesOf, mapped, type Shape } from "../shapes.ts";
import { REQUEST } from "./scenes.ts";

const HINTS: MeasureHints = {
  records: { kind: "path", path: "records" },
  amount: { path: "amount", unit: "major", currency: { code: "USD" } },
  recipients: null,
};
const NOTHING = { recordCount: null, estimatedValueUsd: null };

const CONTENTS: readonly Shape<{ readonly text: string; readonly mediaType: string | null }>[] = [
  ...mapped(JSON_SHAPES, (text) => ({ text, mediaType: "application/json" })),
  ...mapped(CSV_SHAPES, (text) => ({ text, mediaType: "text/csv" })),
  ...mapped(FORM_SHAPES, (text) => ({ text, mediaType: "application/x-www-form-urlencoded" })),
  ...mapped(FORM_SHAPES, (text) => ({ text, mediaType: null })),
];
const PAYLOADS = mapped(CONTENTS, ({ text, mediaType }) => ({
  payload: { kind: "content", bytes: bytesOf(text), name: null, mediaType } as const,
  text,
}));

const AMOUNT = parseJsonPath("amount");
if (!AMOUNT.ok) throw new Error(AMOUNT.error);
const CHECK = {
  path: "amount",
  select: AMOUNT.value,
  required: false,
  type: null,
  min: null,
  max: 5,
  maxLength: 100,
  pattern: null,
  enum: [1, 2, "1"],
};

export const POLICY_ROWS = [
  row(
    "src/core/policy/request-content.ts#measureRequest",
    PAYLOADS,
    ({ payload, text }) => {
      const http = {
        method: "POST",
        url: `https://a.example/?${text}`,
        headers: [],
        slot: null,
        idempotencyHeader: null,
      };
      const request = { ...REQUEST, http };
      const { content } = measureRequest(request, payload, HINTS);
      return [
        // A large payload is measured in pieces.
        finish(measureRequestInSteps(request, payload, HINTS)),
        content.isAmbiguous?.("amount"),
        content.texts(),
        content.templateErrors(),
        content.sensitive(),
      ];
    },
    { inside: ["src/core/policy/request-content.ts#measureRequestInSteps"], size: 80 },
  ),
  row(
    "src/core/policy/content-views.ts#contentViews",
    PAYLOADS,
    ({ payload }) => {
      const content = contentViews(REQUEST, payload, measure(payload, NO_HINTS, NOTHING), NO_HINTS);
      return [
        content.texts(),
        content.pii(["card"]),
        content.templateErrors(),
        content.records(),
        content.sensitive(),
      ];
    },
    { size: 80 },
  ),
  row("src/core/policy/rules/field-checks.ts#findFieldProblem", PAYLOADS, ({ payload }) => {
    const read = records(payload, measure(payload, NO_HINTS, NOTHING), NO_HINTS);
    return read.ok && findFieldProblem([CHECK], read.value, true);
  }),
];
