import { existsSync, readFileSync } from "node:fs";
import type { Decision } from "../../src/core/policy/decision.ts";
import { isJsonObject } from "../../src/core/base/json.ts";
import type { Payload } from "../../src/core/proposal/payload.ts";
import { err, ok } from "../../src/core/base/result.ts";
import type { Result } from "../../src/core/base/result.ts";
import type { RecordedIntent } from "./recorded.ts";
import { UsageError } from "../usage.ts";

/**
 * Parses one intent per line. A line of another shape is refused with its number: a replay that skipped it would
 * report "nothing changes" without knowing.
 */
export function readRecordedFile(file: string): Result<readonly RecordedIntent[], string> {
  if (!existsSync(file)) throw new UsageError(`The file ${file} does not exist.`);
  const intents: RecordedIntent[] = [];
  let number = 0;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    number += 1;
    if (line.trim() === "") continue;
    const read = readRecorded(parse(line));
    if (!read.ok) return err(`${file}:${number}:1: ${read.error}`);
    intents.push(read.value);
  }
  return ok(intents);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/**
 * An intent as an export or the decision route has it: `intent_id`, `created_at`, `ask`, `decision` with its
 * facts, and `payload` as `{text | base64, name, media_type}` or `{reference}` while it is retained.
 */
export function readRecorded(value: unknown): Result<RecordedIntent, string> {
  if (!isJsonObject(value)) return err("is not a JSON object");
  const { intent_id: intentId, created_at: created, decision } = value;
  const request = value["ask"];
  if (typeof intentId !== "string") return err("has no intent_id");
  if (
    !isJsonObject(request) ||
    typeof request["destination"] !== "string" ||
    !isJsonObject(request["metadata"])
  ) {
    return err("has no ask");
  }
  if (!isJsonObject(decision) || !isJsonObject(decision["facts"]) || !isJsonObject(decision["risk"])) {
    return err("has no decision with facts and risk");
  }
  const createdAt = typeof created === "string" ? Date.parse(created) : created;
  if (typeof createdAt !== "number" || !Number.isFinite(createdAt)) return err("has no created_at");
  return ok({
    intentId,
    createdAt,
    // Gate wrote these two itself, so their inner shape is not checked again.
    request: request as unknown as RecordedIntent["request"],
    decision: decision as unknown as Decision,
    payload: payloadOf(value["payload"]),
  });
}

function payloadOf(value: unknown): Payload | null {
  if (!isJsonObject(value)) return null;
  const { text, base64, reference, sha256, rows } = value;
  if (typeof reference === "string") {
    return {
      kind: "reference",
      name: reference,
      sha256: typeof sha256 === "string" ? sha256 : null,
      rows: typeof rows === "number" ? rows : null,
    };
  }
  const bytes =
    typeof text === "string"
      ? Buffer.from(text, "utf8")
      : typeof base64 === "string"
        ? Buffer.from(base64, "base64")
        : null;
  if (bytes === null) return null;
  const { name, media_type: mediaType } = value;
  return {
    kind: "content",
    bytes: new Uint8Array(bytes),
    name: typeof name === "string" ? name : null,
    mediaType: typeof mediaType === "string" ? mediaType : null,
  };
}
