import type { ProposalRequest } from "../proposal/request.ts";
import type { Facts } from "../proposal/facts.ts";
import type { Json } from "../base/json.ts";
import { findPii } from "../detection/pii/pii.ts";
import type { PiiKind } from "../detection/pii/pii.ts";
import { readableTexts } from "../detection/readable.ts";
import { findTemplateErrors } from "../detection/template-errors.ts";
import type { TemplateError } from "../detection/template-errors.ts";
import type { MeasureHints } from "../registry/measure-hints.ts";
import { NO_HINTS } from "../registry/measure-hints.ts";
import { measure } from "../proposal/measure/measure.ts";
import { records } from "../proposal/measure/select.ts";
import type { Payload } from "../proposal/payload.ts";
import { err } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { namesSensitiveFields } from "./risk.ts";
import { isProfileId, profileProblems } from "./rules/profiles.ts";

/**
 * What content rules can look at. Every view is made when the first rule asks for it and kept for the next, so
 * an ask no content rule applies to pays nothing, and several policies pay once.
 */
export interface ContentViews {
  /** Null when all of it can be read; else why not: content rules hold what they can't see. */
  readonly hidden: "reference" | "undecodable" | "missing" | null;
  texts(): readonly string[];
  pii(kinds: readonly PiiKind[]): ReadonlyMap<PiiKind, number>;
  templateErrors(): readonly TemplateError[];
  records(): Result<readonly Json[], string>;
  /** Is what a path names said in another place or spelling as well, which a server may take instead? */
  readonly isAmbiguous?: (path: string) => boolean;
  /** Does it name what only sensitive records have? */
  sensitive(): boolean;
}

const NOTHING: ContentViews = {
  hidden: "missing",
  texts: () => [],
  pii: () => new Map(),
  templateErrors: () => [],
  records: () => err("there is no payload"),
  sensitive: () => false,
};

export function contentViews(
  request: ProposalRequest,
  payload: Payload,
  facts: Facts,
  hints: MeasureHints,
): ContentViews {
  if (payload.kind === "none") return saysWhatIsWritten(request) ? profileContent(request) : NOTHING;
  let texts: readonly string[] | undefined;
  let templateErrors: readonly TemplateError[] | undefined;
  let parsed: Result<readonly Json[], string> | undefined;
  const readTexts = (): readonly string[] => (texts ??= readableTexts(payload, facts));
  return {
    hidden: hiddenBecause(payload, facts),
    texts: readTexts,
    pii: (kinds) => findPii(readTexts(), kinds),
    templateErrors: () => (templateErrors ??= findTemplateErrors(payload, facts)),
    records: () => (parsed ??= records(payload, facts, hints)),
    sensitive: () => payload.kind === "content" && namesSensitiveFields(readTexts()),
  };
}

/** A profile nobody knows, or with fields missing, would let an agent leave the payload out and say nothing. */
function saysWhatIsWritten({ profile, metadata }: ProposalRequest): boolean {
  return profile !== null && isProfileId(profile) && profileProblems(profile, metadata).length === 0;
}

/** An ask without a payload but with a typed action says what it wants written in its metadata. */
function profileContent(request: ProposalRequest): ContentViews {
  const bytes = new TextEncoder().encode(JSON.stringify(request.metadata));
  const payload: Payload = { kind: "content", bytes, name: null, mediaType: "application/json" };
  const facts = measure(payload, NO_HINTS, { recordCount: null, estimatedValueUsd: null });
  return contentViews(request, payload, facts, NO_HINTS);
}

function hiddenBecause(payload: Payload, facts: Facts): ContentViews["hidden"] {
  if (payload.kind === "reference") return "reference";
  return facts.decodable ? null : "undecodable";
}
