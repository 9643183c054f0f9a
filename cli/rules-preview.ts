import { isJsonObject, type JsonObject } from "../src/core/base/json.ts";
import { member, numberMember, textMember } from "../verifier/read-json.ts";

/** What changed rules would make of the cases that wait, or are approved and not ordered. */
export interface RulesPreview {
  readonly cases: readonly PreviewedCase[];
  /** Cases that were looked at; the newest. */
  readonly checked: number;
  /** True: there are more than were looked at. */
  readonly isCut: boolean;
}

export interface PreviewedCase {
  readonly id: string;
  readonly state: string;
  readonly becomes: string;
  readonly reasonCode: string;
}

/** Beyond this a person needs no exact number. */
const MAX_CASES = 1_000;

/** @param pageAfter one dry run of `POST /v1/recheck`, continued after this cursor */
export async function previewOf(
  pageAfter: (cursor: string | null) => Promise<JsonObject>,
): Promise<RulesPreview> {
  const cases: PreviewedCase[] = [];
  let checked = 0;
  let pages = 0;
  for (let after: string | null = null; ;) {
    const page: JsonObject = await pageAfter(after);
    cases.push(...casesIn(page));
    checked += numberMember(page, "checked") ?? 0;
    // A server that counts no cases ends it too.
    pages += 1;
    after = textMember(page, "next");
    if (after === null) return { cases, checked, isCut: false };
    if (Math.max(checked, pages) >= MAX_CASES) return { cases, checked, isCut: true };
  }
}

function casesIn(page: JsonObject): readonly PreviewedCase[] {
  const cases = member(page, "cases");
  if (!Array.isArray(cases)) return [];
  return cases.filter(isJsonObject).map((one) => ({
    id: word(one, "intentId"),
    state: word(one, "state"),
    becomes: word(one, "becomes"),
    reasonCode: word(one, "reason_code"),
  }));
}

/** An id or a code: nothing that could drive a terminal. */
function word(object: JsonObject, name: string): string {
  const text = textMember(object, name) ?? "";
  return /^[\w-]{1,80}$/.test(text) ? text : "?";
}

/** `9 held, 3 would be blocked; 2 of them were approved and wait again`. */
export function previewText({ cases, checked, isCut }: RulesPreview): string {
  const count = (becomes: string) => cases.filter((one) => one.becomes === becomes).length;
  const [held, blocked, approved] = [count("held"), count("blocked"), count("approved")];
  const again = cases.filter(({ state, becomes }) => state === "approved" && becomes !== "approved").length;
  const [waits, stays] = [
    again === 1 ? "1 of them was approved and waits again" : `${again} of them were approved and wait again`,
    approved === 1 ? "1 more stays approved" : `${approved} more stay approved`,
  ];
  return [
    `${held} held, ${blocked} would be blocked`,
    ...(again === 0 ? [] : [`; ${waits}`]),
    ...(approved === 0 ? [] : [`; ${stays}`]),
    ...(isCut ? [` (of the newest ${checked.toLocaleString("en-US")} cases)`] : []),
  ].join("");
}
