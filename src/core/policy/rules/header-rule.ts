import type { HttpWrite } from "../../outbound/http-write.ts";
import { unlistedHeaders } from "../../outbound/request-header-table.ts";
import { listedHeaders, type Destination } from "../../registry/registry.ts";
import { holdForContent, type RuleResults } from "./findings.ts";

/** A longer list makes the sentence unreadable; the page shows all of them. */
const MAX_NAMED_HEADERS = 5;
const MAX_NAME_CHARACTERS = 60;
/** A value in the trace is for reviewers. */
const MAX_SEEN_CHARACTERS = 200;

/**
 * Holds a write with headers whose meaning nobody has told Gate: a provider may read them as another account or another
 * operation than the policies measured. Null: there are none.
 */
export function headerResults(
  http: HttpWrite | undefined,
  entry: Destination | undefined,
): RuleResults | null {
  if (http === undefined) return null;
  const listed = entry?.upstream ? listedHeaders(entry.upstream) : [];
  const unlisted = unlistedHeaders(http.headers, listed);
  if (unlisted.length === 0) return null;
  const shown = unlisted.map(([name, value]) => `${name}: ${value}`).join("; ");
  const names = unlisted
    .slice(0, MAX_NAMED_HEADERS)
    .map(([name]) => `\`${name.slice(0, MAX_NAME_CHARACTERS)}\``);
  if (unlisted.length > names.length) names.push(`and ${unlisted.length - names.length} more`);
  const finding = holdForContent(
    "header_not_listed",
    `Gate doesn't know what these headers of the request mean: ${names.join(", ")}.`,
    "Leave them out, or have the operator list them under `headers` or `drop_headers` of the destination.",
  );
  const seen = shown.slice(0, MAX_SEEN_CHARACTERS).toWellFormed();
  const step = {
    policy: "",
    rule: "headers",
    line: null,
    seen,
    outcome: "hold",
    reasonCode: finding.code,
  } as const;
  return { trace: [step], findings: [finding], approves: false };
}
