import { isJsonObject } from "../../src/core/base/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import type { CommandIo } from "../io.ts";
import { caseLines, fetchCase, type ApprovalCase } from "./case.ts";
import { payloadLines, textOf } from "./case-payload.ts";
import { nameAndId } from "./names.ts";
import { wholeIds } from "./find.ts";
import { readApprovalOptions } from "./options.ts";
import { approvalServer } from "./server.ts";
import { clipped, wrapIndented, visibleJson } from "../sanitize-text.ts";

/** Payload lines shown without `--full`. */
const SHOWN_LINES = 200;

/** `approvals show`: one case with its payload and ledger. */
export async function runShow(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readApprovalOptions(args, ["json", "full"], { min: 1, max: 1 });
  const server = approvalServer(options.connection);
  const [id = ""] = await wholeIds(server, options.ids);
  const found = await fetchCase(server, id);
  if (options.json) {
    io.out(visibleJson({ ...found.view, facts: found.facts, ...payloadOf(found) }));
    return 0;
  }
  const columns = process.stdout.columns || null;
  io.out(caseLines(found, Date.now(), columns).join("\n"));
  const payload = payloadLines(found.payload, columns, options.full ? null : SHOWN_LINES);
  if (payload.length > 0) io.out(payload.join("\n"));
  if (payload.length > SHOWN_LINES && !options.full) io.err("The payload is longer: --full shows all of it.");
  io.out(eventLines(found, columns).join("\n"));
  return 0;
}

function payloadOf({ payload }: ApprovalCase) {
  if ("missing" in payload) return { payload: null, payload_encoding: null };
  const content = textOf(payload.bytes);
  if (content !== null) return { payload: content, payload_encoding: "utf8" };
  return { payload: Buffer.from(payload.bytes).toString("base64"), payload_encoding: "base64" };
}

function eventLines({ view }: ApprovalCase, columns: number | null): readonly string[] {
  const events = member(view, "auditTrail");
  if (!Array.isArray(events)) return [];
  return events.filter(isJsonObject).map((event) => {
    const text = (name: string, chars: number) => clipped(textMember(event, name) ?? "", chars);
    const note = text("note", 200);
    const words = `  ${text("created_at", 24)}  ${text("event_type", 40)}  by ${nameAndId(view, textMember(event, "actor") ?? "?")}`;
    return wrapIndented(note === "" ? words : `${words}: "${note}"`, 4, columns);
  });
}
