import { readFileSync } from "node:fs";
import { readVkey } from "../../verifier/tree-head.ts";
import { errorText } from "../io.ts";
import { apiKeyOf, CONNECTION_FLAGS, serverOf } from "../server-and-key.ts";
import { parseFlags, UsageError } from "../usage.ts";

/** Nothing could be verified: no such file, no server, no key. Ends with exit code 2, never as a pass. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** Signed tree heads and proofs have a few lines; a larger file was named by mistake. */
const MAX_SMALL_FILE_CHARS = 1024 * 1024;

const FLAGS = {
  key: { type: "string", multiple: true },
  origin: { type: "string" },
  checkpoint: { type: "string", multiple: true },
  proof: { type: "string" },
  ...CONNECTION_FLAGS,
  from: { type: "string" },
  out: { type: "string" },
  interval: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

type Flag = keyof typeof FLAGS;

export interface LedgerOptions {
  /** The file to verify; null: none was named. */
  readonly file: string | null;
  /** Pinned keys, in the published form. */
  readonly keys: readonly string[];
  readonly origin: string | null;
  /** The text of checkpoints that were saved earlier. */
  readonly held: readonly string[];
  /** Text of a consistency proof, in the server's form. */
  readonly proof: string | null;
  readonly server: URL;
  /** True: --server names it. */
  readonly isServerNamed: boolean;
  readonly apiKey: string | null;
  /** Index of an export's first entry; null: 0, or the end of the file. */
  readonly from: number | null;
  readonly out: string | null;
  readonly intervalMs: number;
  readonly json: boolean;
}

const DEFAULT_INTERVAL_SECONDS = 10;
const MAX_INTERVAL_SECONDS = 3_600;

/**
 * @param allowed the command's flags; any other flag is an error
 * @throws {UsageError} {Unreadable}
 */
export function readLedgerOptions(
  args: readonly string[],
  allowed: readonly Flag[],
  words = 0,
): LedgerOptions {
  const known = Object.fromEntries(Object.entries(FLAGS).filter(([name]) => allowed.includes(name as Flag)));
  const { values, positionals } = parseFlags(args, known as typeof FLAGS, { max: words });
  const keys = values.key ?? [];
  for (const key of keys) {
    if (readVkey(key) === null) {
      throw new UsageError(`--key takes name+id+key as the log publishes it, not "${key}"`);
    }
  }
  return {
    file: positionals[0] ?? null,
    keys,
    origin: values.origin ?? null,
    held: (values.checkpoint ?? []).map(readSmallFile),
    proof: values.proof === undefined ? null : readSmallFile(values.proof),
    server: serverOf(values.server),
    isServerNamed: values.server !== undefined,
    apiKey: apiKeyOf(values["api-key-file"]),
    from: values.from === undefined ? null : wholeOf("from", values.from, 0, Number.MAX_SAFE_INTEGER),
    out: values.out ?? null,
    intervalMs:
      1_000 *
      (values.interval === undefined
        ? DEFAULT_INTERVAL_SECONDS
        : wholeOf("interval", values.interval, 1, MAX_INTERVAL_SECONDS)),
    json: values.json ?? false,
  };
}

function wholeOf(name: string, text: string, min: number, max: number): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not "${text}"`);
}

function readSmallFile(path: string): string {
  try {
    const text = readFileSync(path, "utf8");
    if (text.length <= MAX_SMALL_FILE_CHARS) return text;
  } catch (error) {
    throw new Unreadable(`${path} can't be read: ${errorText(error)}`);
  }
  throw new Unreadable(`${path} is larger than ${MAX_SMALL_FILE_CHARS} characters`);
}
