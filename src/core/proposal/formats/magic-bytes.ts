/** First bytes of formats whose content is compressed, encrypted or not text at all. */
const BINARY_SIGNATURES: readonly (readonly number[])[] = [
  [0x1f, 0x8b], // gzip
  [0x28, 0xb5, 0x2f, 0xfd], // zstd
  [0x42, 0x5a, 0x68], // bzip2
  [0xfd, 0x37, 0x7a, 0x58, 0x5a], // xz
  [0x37, 0x7a, 0xbc, 0xaf], // 7z
  [0x52, 0x61, 0x72, 0x21, 0x1a], // rar
  [0xd0, 0xcf, 0x11, 0xe0], // OLE: old and encrypted office files
  [0x89, 0x50, 0x4e, 0x47], // png
  [0xff, 0xd8, 0xff], // jpeg
  [0x47, 0x49, 0x46, 0x38], // gif
  [0x4f, 0x62, 0x6a, 0x01], // avro
  [0x50, 0x41, 0x52, 0x31], // parquet
  [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], // sqlite
  [0x7f, 0x45, 0x4c, 0x46], // elf
  [0x4d, 0x5a, 0x90], // windows executable
  [0x00, 0x61, 0x73, 0x6d], // wasm
  // Ciphertext in a text envelope.
  Array.from("-----BEGIN PGP MESSAGE", (character) => character.charCodeAt(0)),
  Array.from("age-encryption.org/", (character) => character.charCodeAt(0)),
  Array.from("Salted__", (character) => character.charCodeAt(0)),
];

const PDF = [0x25, 0x50, 0x44, 0x46, 0x2d];
const ZIP = [0x50, 0x4b];
/** Local file header, empty archive, spanned archive. */
const ZIP_THIRD_BYTES = new Set([0x03, 0x05, 0x07]);
const WORKBOOK = /xl\/(?:workbook|worksheets|sharedStrings|styles|theme|_rels)/;
const LATIN = new TextDecoder("windows-1252");

/** Detects formats Gate can't read by their first bytes; null for anything that may be text. */
export function magicType(bytes: Uint8Array): "pdf" | "xlsx" | "binary" | null {
  if (startsWith(bytes, PDF)) return "pdf";
  if (startsWith(bytes, ZIP) && ZIP_THIRD_BYTES.has(bytes[2] ?? 0)) {
    return isWorkbook(bytes) ? "xlsx" : "binary";
  }
  return BINARY_SIGNATURES.some((signature) => startsWith(bytes, signature)) ? "binary" : null;
}

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, index) => bytes[index] === byte);
}

/** File names stand uncompressed in a zip's local headers and again in its directory at the end. */
function isWorkbook(bytes: Uint8Array): boolean {
  const ends = [bytes.subarray(0, 16_384), bytes.subarray(Math.max(0, bytes.length - 65_536))];
  return ends.some((end) => WORKBOOK.test(LATIN.decode(end)));
}
