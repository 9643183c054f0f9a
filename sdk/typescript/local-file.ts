import { base64 } from "./base64.ts";
import { GateError } from "./gate-error.ts";
import type { WirePayload } from "./payload.ts";
import { requireSize } from "./payload-size.ts";
import { nodeParts } from "./runtime.ts";

function fileContent(bytes: Uint8Array, name: string): WirePayload {
  try {
    // Lossless: the byte order mark stays, and invalid UTF-8 goes as base64 instead of being repaired.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { payload: text, payload_name: name };
  } catch {
    return { payload: base64(bytes), payload_name: name, payload_encoding: "base64" };
  }
}

/**
 * The content of a local file; null where the name is none's.
 *
 * @throws {GateError} `payload_too_large`, `unreadable_payload`
 */
export async function readLocalFile(name: string, maxBytes: number): Promise<WirePayload | null> {
  const node = await nodeParts();
  if (node === null) return null;
  try {
    // Regular files only: a read from a pipe or device can block forever.
    const stat = await node.fs.stat(name);
    if (!stat.isFile()) return null;
    requireSize(stat.size, maxBytes);
    const bytes = await node.fs.readFile(name);
    // The file can have grown since `stat`.
    requireSize(bytes.byteLength, maxBytes);
    return fileContent(bytes, node.path.basename(name));
  } catch (error) {
    if (error instanceof GateError) throw error;
    const { code = "" } = error as { readonly code?: string };
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG", "EINVAL", "ELOOP"].includes(code)) return null;
    // The file exists but is unreadable: sending its name as a reference would hide the content from the policies.
    throw new GateError(`can't read the payload file (${code})`, {
      code: "unreadable_payload",
      cause: error,
    });
  }
}
