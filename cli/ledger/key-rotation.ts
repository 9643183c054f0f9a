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
 * When a deployment changes its secret, an entry of the log says which key took over, signed by the key before.
 * Whoever pinned that one need not believe the server to believe its heir.
 */

/** A deployment changes its secret a few times; an endless list is somebody's who wants memory. */
const MAX_HANDOVERS = 64;

/**
 * Verifies a log with the pinned keys, and once more with their heirs where the log names any.
 *
 * @param open the log's lines from the start; null when they can't be had again
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
  const heirs = await heirsOf(pinned, statements);
  if (heirs.length === 0) return { report, findings: [] };
  const named = heirs.map((heir) => `--key ${heir}`).join(" ");
  const again = open();
  if (again === null) {
    const words = `Another key took over, and a pipe can't be read twice. Save the export to a file, or pin: ${named}`;
    return { report, findings: [notShown("key_change", words)] };
  }
  const keys = { vkeys: [...pinned, ...heirs], jwks: [] };
  return {
    report: await verifyExport(again, keys, options),
    findings: [
      holds(
        "key_change",
        `A pinned key signed that another takes over. Pin that as well from now on: ${named}`,
      ),
    ],
  };
}

async function* none(): AsyncGenerator<string> {
  // Nothing to read.
}

async function* watched(lines: AsyncIterable<string>, statements: JsonObject[]): AsyncGenerator<string> {
  for await (const line of lines) {
    if (line.includes('"signing_key_changed"') && statements.length < MAX_HANDOVERS) {
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

/** Keys that a pinned key, or an heir of it, handed over to. In the log's order: an heir's heir comes later. */
async function heirsOf(
  pinned: readonly string[],
  statements: readonly JsonObject[],
): Promise<readonly string[]> {
  const trusted = [...pinned];
  for (const statement of statements) {
    const publicKey = fromBase64Url(textMember(statement, "public_key") ?? "");
    if (publicKey?.length !== 32 || textMember(statement, "kid") !== kidOf(publicKey)) continue;
    for (const giver of trusted.map(readVkey)) {
      if (giver === null || textMember(statement, "previous_kid") !== kidOf(giver.publicKey)) continue;
      const heir = encodeVkey(noteKey(giver.name, publicKey));
      const isSigned =
        (await isSignedBy(giver.publicKey, statement, "signed_by_previous")) &&
        (await isSignedBy(publicKey, statement, "signed_by_new"));
      if (isSigned && !trusted.includes(heir)) trusted.push(heir);
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
