/** Types whose content Gate can parse or recognise. */
export type KnownType =
  | "json"
  | "csv"
  | "ndjson"
  | "text"
  | "xml"
  | "pdf"
  | "xlsx"
  | "form"
  | "multipart"
  | "binary";

const BY_EXTENSION: ReadonlyMap<string, KnownType> = new Map([
  ["json", "json"],
  ["geojson", "json"],
  ["csv", "csv"],
  ["tsv", "csv"],
  ["tab", "csv"],
  ["ndjson", "ndjson"],
  ["jsonl", "ndjson"],
  ["txt", "text"],
  ["text", "text"],
  ["md", "text"],
  ["markdown", "text"],
  ["html", "text"],
  ["htm", "text"],
  ["log", "text"],
  ["eml", "text"],
  ["yaml", "text"],
  ["yml", "text"],
  ["xml", "xml"],
  ["svg", "xml"],
  ["pdf", "pdf"],
  ["xlsx", "xlsx"],
  ["bin", "binary"],
]);

const BY_MEDIA_TYPE: ReadonlyMap<string, KnownType> = new Map([
  ["application/json", "json"],
  ["text/json", "json"],
  ["text/csv", "csv"],
  ["application/csv", "csv"],
  ["text/tab-separated-values", "csv"],
  ["application/x-ndjson", "ndjson"],
  ["application/ndjson", "ndjson"],
  ["text/x-ndjson", "ndjson"],
  ["application/jsonl", "ndjson"],
  ["application/x-jsonlines", "ndjson"],
  ["application/jsonlines", "ndjson"],
  ["application/xml", "xml"],
  ["text/xml", "xml"],
  ["application/pdf", "pdf"],
  ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"],
  ["application/x-www-form-urlencoded", "form"],
]);

const TEXTUAL: ReadonlySet<string> = new Set(["json", "csv", "ndjson", "text", "xml", "form", "multipart"]);

/** Types that are also plain text, so that declaring `text` does not contradict them. */
export function isTextual(type: string): boolean {
  return TEXTUAL.has(type);
}

/**
 * The type that a name and a media type declare, the more specific of the two. An extension Gate does not know is
 * a type of its own, so that an allow-list of types refuses it.
 */
export function declaredType(
  name: string | null,
  mediaType: string | null,
): { readonly type: string | null; readonly contradiction: boolean } {
  const byName = extensionType(name);
  const byMedia = mediaTypeType(mediaType);
  if (byName === null || byMedia === null || byName === byMedia) {
    return { type: byName ?? byMedia, contradiction: false };
  }
  if (byMedia === "text" && isTextual(byName)) return { type: byName, contradiction: false };
  return { type: byName, contradiction: !(byName === "text" && isTextual(byMedia)) };
}

/** An extension has a letter in it: `report.2026` has none. */
function extensionType(name: string | null): string | null {
  const extension = /\.(\d{0,3}[A-Za-z][A-Za-z0-9]{0,11})\s*$/.exec(name ?? "")?.[1]?.toLowerCase();
  return extension === undefined ? null : (BY_EXTENSION.get(extension) ?? extension);
}

function mediaTypeType(mediaType: string | null): string | null {
  const essence = (mediaType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (essence === "" || essence === "application/octet-stream") return null;
  const known = BY_MEDIA_TYPE.get(essence);
  if (known !== undefined) return known;
  if (essence.endsWith("+json")) return "json";
  if (essence.endsWith("+xml")) return "xml";
  if (essence.startsWith("multipart/")) return "multipart";
  if (essence.startsWith("text/")) return "text";
  return essence.slice(essence.indexOf("/") + 1) || null;
}
