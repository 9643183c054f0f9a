import { parsePolicy } from "../../../src/config/policy/parse.ts";
import { compileTerms } from "../../../src/core/detection/terms/terms.ts";
import { findFieldProblem } from "../../../src/core/policy/rules/field-checks.ts";
import { measureRequest } from "../../../src/core/policy/request-content.ts";
import type { ProposalRequest } from "../../../src/core/proposal/request.ts";
import { type BodyCase, hintsOf, type Needle } from "./body-case.ts";

/** What Gate is certain of; null where it says unknown, which holds. */
export interface GateReading {
  readonly records: number | null;
  readonly money: number | null;
  readonly recipients: number | null;
  /** Whether a policy that lets no `amount` over `MAX_AMOUNT` pass lets the body pass. */
  readonly passesCheck: boolean;
  /** Null where content rules hold because Gate can't read all of the content. */
  readonly needles: readonly Needle[] | null;
}

const TERM = compileTerms(["refund guaranteed"]);

export const MAX_AMOUNT = 100;

const CHECK = `id: check\ndestinations: [shop.write]\nfield_checks: [{ path: amount, max: ${MAX_AMOUNT} }]\n`;
const CHECKED = parsePolicy("check.yaml", CHECK);
const CHECKS = (CHECKED.ok ? CHECKED.value.base.fieldChecks : null) ?? [];

const BY_API: ProposalRequest = {
  destination: "shop.write",
  policy: "writes",
  action: "shop.write",
  recordCount: null,
  estimatedValueUsd: null,
  sensitivityTags: [],
  onBehalfOf: null,
  principalId: null,
  metadata: {},
  profile: null,
  expiresInMinutes: null,
};

const PROXIED: ProposalRequest = {
  ...BY_API,
  http: {
    method: "POST",
    url: "https://shop.example/write",
    headers: [],
    slot: null,
    idempotencyHeader: null,
  },
};

/** The facts and content that the rules of a policy would get for this body. */
export function gateReading(given: BodyCase): GateReading {
  const { body, name, mediaType, door } = given;
  const payload = { kind: "content", bytes: body, name: door === "api" ? name : null, mediaType } as const;
  const { facts, content } = measureRequest(door === "api" ? BY_API : PROXIED, payload, hintsOf(given));
  return {
    records: facts.records.uncertain ? null : facts.records.measured,
    money: facts.money === "measured" ? facts.valueUsdCents.measured : null,
    recipients: facts.recipients,
    passesCheck: passesCheck(content, facts.type),
    needles: content.hidden === null ? needlesIn(content) : null,
  };
}

type Content = ReturnType<typeof measureRequest>["content"];

/** As in the rule `field_checks`. */
function passesCheck(content: Content, type: string | null): boolean {
  if (CHECKS.length === 0) throw new Error("the check compiles");
  const isAmbiguous = CHECKS.some(({ path }) => content.isAmbiguous?.(path) === true);
  if (content.hidden !== null || isAmbiguous) return false;
  const records = content.records();
  const cells = type === "csv" || type === "form" || type === "multipart";
  const problem = records.ok ? findFieldProblem(CHECKS, records.value, cells) : records;
  return problem.ok && problem.value === null;
}

function needlesIn(content: Content): readonly Needle[] {
  if (!TERM.ok) throw new Error("the term compiles");
  const found: Needle[] = [];
  if (TERM.value.find(content.searched()).length > 0) found.push("term");
  if (content.pii(["card"]).size > 0) found.push("card");
  if (content.templateErrors().length > 0) found.push("template");
  return found;
}
