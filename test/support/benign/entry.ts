import type { MeasureHints } from "../../../src/core/registry/measure-hints.ts";

/** One ordinary body: an entry of test/vectors/benign/*.json. */
export interface BenignBody {
  readonly name: string;
  readonly mediaType: string | null;
  /** The file's name; null for inline content and proxied requests. */
  readonly file: string | null;
  /** The proxied request; null by the API. */
  readonly request: { readonly method: string; readonly url: string } | null;
  /** An entry of the shipped registry, whose hints apply; else `hints`. */
  readonly destination?: string;
  readonly hints?: MeasureHints;
  readonly text?: string;
  readonly base64?: string;
  /** What a person finds in it. */
  readonly holds: {
    readonly records: number;
    /** Minor units, all currencies together; only where the hints have an amount. */
    readonly minor?: number;
    readonly recipients?: number;
    readonly pii?: readonly string[];
  };
}

/** What is in a body whose measures are not given otherwise. */
export const AUTO: MeasureHints = { records: { kind: "auto" }, amount: null, recipients: null };

export function withBytes(bytes: Uint8Array): Pick<BenignBody, "text" | "base64"> {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return Buffer.from(text).equals(bytes) ? { text } : { base64: Buffer.from(bytes).toString("base64") };
}
