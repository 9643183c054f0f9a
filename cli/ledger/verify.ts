import { isJsonObject } from "../../src/core/base/json.ts";
import { MAX_BUNDLE_CHARS } from "../../verifier/bundle.ts";
import type { OlderCheckpoint } from "../../verifier/check-log.ts";
import { verdictOf, type Finding } from "../../verifier/finding.ts";
import { member, readJson } from "../../verifier/read-json.ts";
import { verifyBundle } from "../../verifier/verify-bundle.ts";
import type { CommandIo } from "../io.ts";
import { UsageError } from "../usage.ts";
import { exportOutcome, showReport, type VerificationOutcome } from "./findings.ts";
import { linesOf, openEvidence, textOf, wholeText, type Evidence } from "./lines.ts";
import { verifyLog } from "./key-rotation.ts";
import { readLedgerOptions, Unreadable, type LedgerOptions } from "./options.ts";
import { verifyServer } from "./verify-server.ts";

/** `ledger verify`: prints the findings about a bundle, an export, or a server's whole log. */
export async function runVerify(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readLedgerOptions(
    args,
    ["key", "origin", "checkpoint", "proof", "server", "api-key-file", "json"],
    1,
  );
  const { file, isServerNamed } = options;
  if (file !== null && isServerNamed) throw new UsageError("name a file or a server, not both");
  if (file === null) {
    if (!isServerNamed && options.apiKey === null && (process.env["GATE_ENDPOINT"] ?? "") === "") {
      throw new UsageError("name a bundle, an export, - for standard input, or a server (--server URL)");
    }
    if (options.proof !== null) throw new UsageError("--proof goes with a bundle");
    return verifyServer(options, io);
  }
  const evidence = await openEvidence(file);
  return evidence.kind === "bundle"
    ? verifyBundleFile(evidence, options, io)
    : verifyExportFile(evidence, options, io);
}

async function verifyBundleFile(
  { chunks }: Evidence,
  options: LedgerOptions,
  io: CommandIo,
): Promise<number> {
  const { keys, origin, held, json } = options;
  if (held.length > 1) throw new UsageError("a bundle is compared with one --checkpoint at a time");
  const text = await wholeText(chunks, MAX_BUNDLE_CHARS);
  const trusted = keys.length === 0 ? null : { vkeys: keys, jwks: [] };
  const findings = await verifyBundle(text, trusted, { origin, older: olderOf(options) });
  const closing = findings.some(isUnlinked) ? [LINK_HINT] : [];
  return showReport({ of: "bundle", outcome: outcomeOf(findings), findings, closing }, json, io);
}

const LINK_HINT =
  "To link it with the older checkpoint, fetch SERVER/log/proof/consistency?old=…&new=… (sizes: second lines of both) and pass it with --proof.";

/** An older checkpoint requests a comparison: one that could not be made is not a pass. */
function outcomeOf(findings: readonly Finding[]): VerificationOutcome {
  const verdict = verdictOf(findings);
  return verdict === "proven" && findings.some(isUnlinked) ? "incomplete" : verdict;
}

function isUnlinked({ name, status }: Finding): boolean {
  return name === "consistency" && status === "not_shown";
}

function olderOf({ held, proof }: LedgerOptions): OlderCheckpoint | null {
  const [checkpoint] = held;
  if (checkpoint === undefined) {
    if (proof !== null) throw new UsageError("--proof needs the older --checkpoint that it links");
    return null;
  }
  if (proof === null) return { checkpoint, proof: [] };
  const value = readJson(proof);
  const hashes = isJsonObject(value) ? member(value, "proof") : value;
  if (!Array.isArray(hashes) || hashes.some((hash) => typeof hash !== "string")) {
    throw new Unreadable("--proof is not a response of /log/proof/consistency");
  }
  return { checkpoint, proof: hashes as readonly string[] };
}

async function verifyExportFile(
  { chunks }: Evidence,
  options: LedgerOptions,
  io: CommandIo,
): Promise<number> {
  const { file, keys, origin, held, proof, json } = options;
  if (proof !== null) throw new UsageError("an export needs no --proof: it has every entry");
  if (keys.length === 0) {
    throw new UsageError(
      "an export contains no keys: pass the log's key with --key (published as log.vkey at /.well-known/gate)",
    );
  }
  let isRead = false;
  const open = () => {
    if (!isRead) {
      isRead = true;
      return linesOf(chunks);
    }
    return file === null || file === "-" ? null : linesOf(textOf(file));
  };
  const { report, findings } = await verifyLog(open, keys, { origin, held });
  return showReport(
    { of: "export", ...exportOutcome(report), findings: [...findings, ...report.findings] },
    json,
    io,
  );
}
