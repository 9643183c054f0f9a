import type { Facts } from "../facts.ts";
import type { Payload } from "../payload.ts";

/** Every text in a payload that content rules read. */
export function readableTexts(payload: Payload, _facts: Facts): readonly string[] {
  if (payload.kind === "none") return [];
  if (payload.kind === "reference") return [payload.name];
  return [new TextDecoder().decode(payload.bytes)];
}
