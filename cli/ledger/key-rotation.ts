import { createHash } from "node:crypto";
import { canonicalJson, type JsonObject } from "../../src/core/base/json.ts";
import { encodeVkey, noteKey } from "../../src/core/tlog/signed-note.ts";
import { fromBase64Url, utf8 } from "../../verifier/bytes.ts";
import { webCryptoEd25519 } from "../../verifier/ed25519.ts";
import type { ExportReport } from "../../verifier/export-walk.ts";
import { holds, notShown, type Finding } from "../../verifier/finding.ts";
import { readCanonical, textMember } from "../../verifier/read-json.ts";
import { readVkey } from "../../verifier/tree-head.ts";
import { verifyExport, type ExportOptions } from "../../verifier/verify-export.ts";
import { readLine } from "./entry-line.ts";

/*
 * When a deployment rotates its secret, a log entry names the new key, signed by the previous one. So an auditor who
 * pinned the previous key can trust its successor without trusting the server.
 */

/** A deployment rotates its secret a few times; a malicious log could list rotations to exhaust memory. */
const MAX_ROTATIONS = 64;

/**
 * Verifies a log with the pinned keys, and again with their successors where the log names any.
 *
 * @param open the log's lines from the start; null: they can't be read twice
 */
export async function verifyLog(
  open: () => AsyncIterable<string> | null,
  pinned: readonly string[],
  options: ExportOptions,
): Promise<{ readonly report: ExportReport; readonly findings: readonly Finding[] }> {
  const statements: JsonObject[] = [];
  const report = await verifyExport(
    watched(open() ?? none(), statements),
    { vkeys: pinned, jwks: [] },
    options,
  );
  const successors = await successorsOf(pinned, statements);
  if (successors.length === 0) return { report, findings: [] };
  const named = successors.map((successor) => `--key ${successor}`).join(" ");
  const again = open();
  if (again === null) {
    const words = `The key was rotated, and a pipe can't be read twice. Save the export to a file, or pin: ${named}`;
    return { report, findings: [notShown("key_change", words)] };
  }
  const keys = { vkeys: [...pinned, ...successors], jwks: [] };
  return {
    report: await verifyExport(again, keys, options),
    findings: [
      holds("key_change", `A pinned key signed the rotation to another key. Pin that key too: ${named}`),
    ],
  };
}

async function* none(): AsyncGenerator<string> {
  // No lines.
}

async function* watched(lines: AsyncIterable<string>, statements: JsonObject[]): AsyncGenerator<string> {
  for await (const line of lines) {
    if (line.includes('"signing_key_changed"') && statements.length < MAX_ROTATIONS) {
      const read = readLine(line);
      const isStatement =
        read.kind === "entry" &&
        read.entry.intent === "registry" &&
        read.entry.event === "signing_key_changed";
      const body = isStatement ? readCanonical(read.entry.body) : null;
      if (body !== null) statements.push(body);
    }
    yield line;
  }
}

/** The keys to which a pinned key, or a successor of one, was rotated; the log's order is that of the rotations. */
async function successorsOf(
  pinned: readonly string[],
  statements: readonly JsonObject[],
): Promise<readonly string[]> {
  const trusted = [...pinned];
  for (const statement of statements) {
    const publicKey = fromBase64Url(textMember(statement, "public_key") ?? "");
    if (publicKey?.length !== 32 || textMember(statement, "kid") !== kidOf(publicKey)) continue;
    for (const previous of trusted.map(readVkey)) {
      if (previous === null || textMember(statement, "previous_kid") !== kidOf(previous.publicKey)) continue;
      const successor = encodeVkey(noteKey(previous.name, publicKey));
      const isSigned =
        (await isSignedBy(previous.publicKey, statement, "signed_by_previous")) &&
        (await isSignedBy(publicKey, statement, "signed_by_new"));
      if (isSigned && !trusted.includes(successor)) trusted.push(successor);
    }
  }
  return trusted.slice(pinned.length);
}

async function isSignedBy(publicKey: Uint8Array, statement: JsonObject, by: string): Promise<boolean> {
  const { kid, public_key, previous_kid } = statement as Record<string, unknown>;
  const message = utf8(`gate-signing-key-v1\n${canonicalJson({ kid, public_key, previous_kid })}`);
  const signature = fromBase64Url(textMember(statement, by) ?? "");
  return signature?.length === 64 && (await webCryptoEd25519(publicKey, message, signature)) === true;
}

/** RFC 7638 thumbprint. */
function kidOf(publicKey: Uint8Array): string {
  const x = Buffer.from(publicKey).toString("base64url");
  return createHash("sha256").update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest("base64url");
}
