import type { Facts } from "../facts.ts";
import type { Payload } from "../payload.ts";
import type { MeasureHints } from "./hints.ts";

/** Everything rules need to know about a payload, without an opinion on it. */
export function measure(
  payload: Payload,
  hints: MeasureHints,
  declared: { readonly recordCount: number | null; readonly estimatedValueUsd: number | null },
): Facts {
  const measured = payload.kind === "content" ? countLines(payload.bytes) : null;
  return {
    payload: payload.kind,
    type: payload.kind === "none" ? null : "text",
    declaredType: null,
    typeContradiction: false,
    decodable: payload.kind === "content",
    bytes: payload.kind === "content" ? payload.bytes.length : 0,
    records: {
      declared: declared.recordCount,
      measured: hints.records.kind === "single" ? 1 : measured,
      effective: declared.recordCount,
      uncertain: false,
    },
    valueUsdCents: {
      declared: declared.estimatedValueUsd === null ? null : Math.round(declared.estimatedValueUsd * 100),
      measured: null,
    },
    money: hints.amount === null ? "none" : "incomplete",
    totals: [],
    recipients: null,
  };
}

function countLines(bytes: Uint8Array): number {
  return bytes.reduce((lines, byte) => (byte === 0x0a ? lines + 1 : lines), 0);
}
