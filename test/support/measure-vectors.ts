/** A payload of test/vectors/measure: as text, as base64, or as a line that is repeated. */
export interface VectorPayload {
  readonly text?: string;
  readonly base64?: string;
  readonly repeated?: {
    readonly before: string;
    readonly line: string;
    readonly times: number;
    readonly after: string;
  };
  readonly name: string | null;
  readonly mediaType: string | null;
}

export function bytesOf({ text, base64, repeated }: VectorPayload): Uint8Array {
  if (base64 !== undefined) return Uint8Array.from(Buffer.from(base64, "base64"));
  if (repeated === undefined) return new TextEncoder().encode(text ?? "");
  const { before, line, times, after } = repeated;
  return new TextEncoder().encode(before + line.repeat(times) + after);
}
