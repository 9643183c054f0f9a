import { MAX_BUNDLE_CHARS, parseBundle } from "../../verifier/bundle.ts";
import { verdictOf } from "../../verifier/finding.ts";
import { readJson } from "../../verifier/read-json.ts";
import { verifyBundle } from "../../verifier/verify-bundle.ts";
import { EXIT_FAILED, type CommandIo, type ExitCode } from "../io.ts";
import { visibleJson } from "../sanitize-text.ts";
import { UsageError } from "../usage.ts";
import { openEvidence, wholeText } from "./lines.ts";
import { readLedgerOptions, Unreadable } from "./options.ts";
import { storyOf } from "./story.ts";

const LABEL_WIDTH = 9;

/** `ledger show`: what happened, in eight lines. Only evidence that fails ends with another code than 0. */
export async function runShow(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { file, keys, origin, json } = readLedgerOptions(args, ["key", "origin", "json"], 1);
  if (file === null) throw new UsageError("name a bundle, or - for standard input");
  const { kind, chunks } = await openEvidence(file);
  if (kind === "export") {
    throw new UsageError("an export has many intents: `ledger show` takes a bundle of one");
  }
  const text = await wholeText(chunks, MAX_BUNDLE_CHARS);
  const parsed = parseBundle(readJson(text));
  if (!parsed.ok) throw new Unreadable(`${file} is not a bundle: invalid at ${parsed.at}`);
  const trusted = keys.length === 0 ? null : { vkeys: keys, jwks: [] };
  const findings = await verifyBundle(text, trusted, { origin });
  const story = storyOf(parsed.value, findings);
  const outcome = verdictOf(findings);
  if (json) {
    io.out(visibleJson({ intent: parsed.value.intent, ...Object.fromEntries(story), verdict: outcome }));
  } else io.out(story.map(([label, words]) => `${label.padEnd(LABEL_WIDTH)} ${words}`).join("\n"));
  return outcome === "broken" ? EXIT_FAILED : 0;
}
