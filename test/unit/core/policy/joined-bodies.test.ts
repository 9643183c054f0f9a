import { describe, expect, test } from "vitest";
import type { PiiKind } from "../../../../src/core/detection/pii/pii.ts";
import { compileTerms } from "../../../../src/core/detection/terms/terms.ts";
import { contentViews, type ContentViews } from "../../../../src/core/policy/content-views.ts";
import { evaluateProposal } from "../../../../src/core/policy/evaluate.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";
import type { Payload } from "../../../../src/core/proposal/payload.ts";
import { NO_HINTS } from "../../../../src/core/registry/measure-hints.ts";
import { AGENT, requestFor, rulesFrom } from "../../../support/policy-rules.ts";
import evasions from "../../../vectors/bodies/evasions.json" with { type: "json" };
import innocents from "../../../vectors/bodies/innocents.json" with { type: "json" };

interface BodyVector {
  readonly name: string;
  readonly mediaType: string;
  readonly body: string;
}

interface Vector extends BodyVector {
  readonly terms: readonly string[];
  readonly pii: readonly string[];
  readonly placeholders: readonly string[];
}

const NOTHING_DECLARED = { recordCount: null, estimatedValueUsd: null };

function payloadOf({ body, mediaType }: Omit<BodyVector, "name">): Payload {
  return { kind: "content", bytes: new TextEncoder().encode(body), name: null, mediaType };
}

function viewsOf(vector: Omit<BodyVector, "name">): ContentViews {
  const payload = payloadOf(vector);
  const facts = measure(payload, NO_HINTS, NOTHING_DECLARED);
  return contentViews(requestFor(), payload, facts, NO_HINTS);
}

const compiled = compileTerms(evasions.terms);
if (!compiled.ok) throw new Error(compiled.error.problem);
const matcher = compiled.value;

function termsIn(views: ContentViews): readonly string[] {
  return matcher.find(views.searched()).map((index) => evasions.terms[index] ?? "");
}

/** The classes' types differ where a list is empty in all of one. */
const CLASSES: Readonly<Record<string, readonly Vector[]>> = evasions.classes;

describe("INV-15: what a receiver's program joins is searched as one text", () => {
  for (const [name, vectors] of Object.entries(CLASSES)) {
    test.each(vectors)(`${name}: $name gives exactly what it hides`, (vector) => {
      const views = viewsOf(vector);
      expect(views.hidden).toBeNull();
      expect(termsIn(views)).toEqual(vector.terms);
      expect([...views.pii(vector.pii as readonly PiiKind[]).keys()]).toEqual(vector.pii);
      expect(views.templateErrors().map(({ placeholder }) => placeholder)).toEqual(vector.placeholders);
    });
  }
});

describe("INV-15: ordinary bodies that resemble joined texts hold no term, no personal data, no placeholder", () => {
  test.each(innocents.bodies)("$name", (vector) => {
    const views = viewsOf(vector);
    expect(termsIn(views)).toEqual([]);
    expect([...views.pii(["card", "ssn", "iban"]).keys()]).toEqual([]);
    expect(views.templateErrors()).toEqual([]);
  });
});

describe("INV-15: the reader's program joins the texts, and the policy's rule applies", () => {
  const decide = (rule: string, body: string, mediaType: string) => {
    const rules = rulesFrom({ p: `destinations: [crm.import]\nauto_approve_under: 100\n${rule}` });
    const { outcome, reasonCode } = evaluateProposal(
      rules,
      AGENT,
      requestFor({ policy: "p", recordCount: 1 }),
      payloadOf({ body, mediaType }),
      null,
    );
    return `${outcome} ${reasonCode}`;
  };

  test.each([
    ['[{"text":"refund "},{"text":"guaranteed"}]', "application/json"],
    ["<p>refund&nbsp guaranteed</p>", "text/html"],
    ["[refund](u) guaranteed", "text/markdown"],
    ["refund&#8203; guaranteed", "text/plain"],
    ["re**fu**nd guaranteed", "text/markdown"],
    ["r&iecy;fund guaranteed", "text/plain"],
  ])("%s is blocked by `block_if_terms`", (body, mediaType) => {
    expect(decide("block_if_terms: [refund guaranteed]", body, mediaType)).toBe(
      "block blocked_term_detected",
    );
  });

  test("`r&iecy;fund` is blocked where the term is `refund`", () => {
    expect(decide("block_if_terms: [refund]", "r&iecy;fund", "text/plain")).toBe(
      "block blocked_term_detected",
    );
  });

  test("a card number split over two runs is held by `hold_if_pii`", () => {
    const body = JSON.stringify({ content: [{ text: "4111 1111 " }, { text: "1111 1111" }] });
    expect(decide("hold_if_pii: [card]", body, "application/json")).toBe("hold held_pii_detected");
  });

  test("`{{` and `name}}` in two runs are held by `require_approval_if_template_error`", () => {
    const body = JSON.stringify({ content: [{ text: "Hello {{" }, { text: "name}}" }] });
    expect(decide("require_approval_if_template_error: true", body, "application/json")).toBe(
      "hold template_error_detected",
    );
  });

  test("a term in a multipart body's preamble, epilogue, header or extended file name is blocked", () => {
    const part = (headers: string) =>
      `--x\r\nContent-Disposition: form-data; name="a"${headers}\r\n\r\nhi\r\n--x--\r\n`;
    for (const body of [
      `refund guaranteed\r\n${part("")}`,
      `${part("")}refund guaranteed`,
      part("\r\nContent-Description: refund guaranteed"),
      part("; filename*=utf-8''refund%20guaranteed.txt"),
    ]) {
      const outcome = decide("block_if_terms: [refund guaranteed]", body, "multipart/form-data; boundary=x");
      expect(outcome).toBe("block blocked_term_detected");
    }
  });

  test.each(["text/plain; charset=ibm037", "text/plain; charset=utf-7"])(
    "a body of type %s is held by a rule on terms, because nothing in it is certain",
    (mediaType) => {
      expect(decide("block_if_terms: [refund guaranteed]", "amount=1", mediaType)).toBe(
        "hold payload_not_inspectable",
      );
    },
  );

  test.each(["text/plain; charset=iso-8859-1", "application/json; charset=windows-1252"])(
    "UTF-8 beyond ASCII in a body of type %s is held, because its readers read other words",
    (mediaType) => {
      const body = JSON.stringify({ note: "r\u0435fund guaranteed" });
      expect(decide("block_if_terms: [refund guaranteed]", body, mediaType)).toBe(
        "hold payload_not_inspectable",
      );
    },
  );

  test("a card that a tag parts is held where its first digits are also an escape", () => {
    const body = "note=411111111111<b>1111";
    expect(decide("hold_if_pii: [card]", body, "application/x-www-form-urlencoded")).toBe(
      "hold held_pii_detected",
    );
  });

  test("a card that a reader with an escape character puts together is held", () => {
    expect(decide("hold_if_pii: [card]", "note\n4111 1111\\ 1111 1111\n", "text/csv")).toBe(
      "hold held_pii_detected",
    );
  });
});
