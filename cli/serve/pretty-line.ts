import { isJsonObject, type JsonObject } from "../../src/core/base/json.ts";
import { member, numberMember, readJson, textMember } from "../../verifier/read-json.ts";
import { clipped } from "../sanitize-text.ts";

/** The Worker's log lines for a person's eyes; any other line as it is. */
export function prettyLine(line: string, now = new Date()): string {
  const value = line.startsWith("{") ? readJson(line) : null;
  if (!isJsonObject(value)) return line;
  const event = textMember(value, "event");
  if (event === null) return line;
  const time = now.toISOString().slice(11, 19);
  if (event === "request") return `${time}  ${requestText(value)}`;
  if (event === "decision") return `${time}  ${decisionText(value)}`;
  const details = Object.entries(value)
    .filter(([name]) => name !== "event" && name !== "message")
    .map(([name, detail]) => `${name}=${clipped(String(detail), 400)}`);
  return `${time}  ${[clipped(textMember(value, "message") ?? event, 80), ...details].join("  ")}`;
}

function requestText(line: JsonObject): string {
  const text = (name: string) => clipped(textMember(line, name) ?? "", 120);
  const request = `${text("method")} ${text("route")}`;
  const status = numberMember(line, "status") ?? 0;
  const parts = [`${request.padEnd(36)} ${status} ${numberMember(line, "ms") ?? 0} ms`];
  for (const name of ["destination", "principal", "intent"]) if (text(name) !== "") parts.push(text(name));
  return parts.join("  ");
}

const WORDS: Readonly<Record<string, string>> = { approve: "APPROVED", hold: "HELD", block: "BLOCKED" };

function decisionText(line: JsonObject): string {
  const text = (name: string) => clipped(textMember(line, name) ?? "", 120);
  const policies = member(line, "policies");
  const by = Array.isArray(policies) && policies.length > 0 ? ` by ${clipped(policies.join(", "), 120)}` : "";
  const outcome = WORDS[text("outcome")] ?? text("outcome").toUpperCase();
  return `${outcome} ${text("destination")} (${text("reason_code")})${by}  ${text("agent")}  ${text("intent")}`;
}
