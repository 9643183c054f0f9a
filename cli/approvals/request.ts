import { isJsonObject, type Json, type JsonObject } from "../../src/core/base/json.ts";
import { member, numberMember, textMember } from "../../verifier/read-json.ts";
import { clipped, sanitizeText } from "../sanitize-text.ts";
import { count } from "../format.ts";

/**
 * The request that Gate sends, without its body and never clipped, because the approval covers all of it. Empty where
 * Gate sends none, and where this key may not see it.
 */
export function requestLines(view: JsonObject): readonly (readonly [label: string, words: string])[] {
  const http = member(view, "http");
  if (!isJsonObject(http)) return [];
  const repeat = pairOf(member(http, "repeat_header"));
  return [
    [
      "request",
      `${sanitizeText(textMember(http, "method") ?? "?")} ${sanitizeText(textMember(http, "url") ?? "?")}`,
    ],
    ...pairsOf(member(http, "headers")).map((pair) => ["header", words(pair)] as const),
    ...(repeat === null ? [] : [["header", `${words(repeat)} (Gate adds it)`] as const]),
    ["sends", `${textMember(http, "sent_by") === "agent" ? BY_AGENT : BY_GATE}, ${credential(http)}`],
    ...responseLine(view),
  ];
}

/** The upstream's response, once the request was sent. */
function responseLine(view: JsonObject): readonly (readonly [label: string, words: string])[] {
  const execution = member(view, "execution");
  const result = isJsonObject(execution) ? member(execution, "result") : null;
  if (!isJsonObject(result)) return [];
  const status = numberMember(result, "http_status");
  if (status !== null) {
    return [["answer", `HTTP ${status}, ${count(numberMember(result, "response_bytes"))} bytes`]];
  }
  const problem = textMember(result, "problem");
  return problem === null ? [] : [["answer", `none (${clipped(problem, 60)})`]];
}

const BY_GATE = "Gate, once, as soon as it is approved";
const BY_AGENT = "the agent's repeat, once";

function credential(http: JsonObject): string {
  const slot = member(http, "credential_in");
  if (!isJsonObject(slot)) {
    return textMember(http, "sent_by") === "agent"
      ? "with the agent's own credential"
      : "without a credential";
  }
  const place = textMember(slot, "in") === "query" ? "query parameter" : "header";
  return `with its credential in the ${place} ${sanitizeText(textMember(slot, "name") ?? "?")}`;
}

type Pair = readonly [name: string, value: string];

function words([name, value]: Pair): string {
  return `${sanitizeText(name)}: ${sanitizeText(value)}`;
}

function pairsOf(list: Json | undefined): readonly Pair[] {
  if (!Array.isArray(list)) return [];
  return list.map((each: Json) => pairOf(each)).filter((pair) => pair !== null);
}

function pairOf(value: Json | undefined): Pair | null {
  if (!Array.isArray(value)) return null;
  const [name, text] = value as readonly Json[];
  return typeof name === "string" && typeof text === "string" ? [name, text] : null;
}
