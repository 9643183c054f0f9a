/** Digits in groups of three; locale data differ between runtimes, and pages, terminal and messages must not. */
export function groupDigits(whole: number | bigint): string {
  return String(whole).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** `1 record`, `847 records`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${groupDigits(count)} ${count === 1 ? one : many}`;
}

/** `512 bytes`, `18.4 KiB`. */
export function bytesText(size: number): string {
  if (size < 10_000) return counted(size, "byte");
  const [whole = "0", tenth = "0"] = (size / 1024).toFixed(1).split(".");
  return `${groupDigits(Number(whole))}${tenth === "0" ? "" : `.${tenth}`} KiB`;
}
