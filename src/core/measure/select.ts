import type { Facts } from "../facts.ts";
import type { Json } from "../json.ts";
import type { Payload } from "../payload.ts";
import { err, ok, type Result } from "../result.ts";
import type { MeasureHints } from "./hints.ts";

/** The values at `path`, one per record of the text; undefined where a record has none. */
export function selectValues(
  text: string,
  type: string,
  path: string,
): Result<readonly (Json | undefined)[], string> {
  if (type !== "json") return err(`fields can't be looked up in ${type}`);
  try {
    const value = JSON.parse(text) as Json;
    return ok(
      (Array.isArray(value) ? (value as Json[]) : [value]).map(
        (record) => (record as Record<string, Json>)[path],
      ),
    );
  } catch {
    return err("not JSON");
  }
}

/** Each record of the payload. */
export function records(
  payload: Payload,
  _facts: Facts,
  _hints: MeasureHints,
): Result<readonly Json[], string> {
  if (payload.kind !== "content") return err("there is no content");
  try {
    const value = JSON.parse(new TextDecoder().decode(payload.bytes)) as Json;
    return ok(Array.isArray(value) ? (value as Json[]) : [value]);
  } catch {
    return err("not JSON");
  }
}
