const MAX_LOCAL_CHARS = 64;
const MAX_DOMAIN_CHARS = 253;
const LOCAL_PART = /[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]/u;
const DOMAIN =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}(?:xn--[a-z0-9-]{2,59}|\p{L}{2,24})(?![\p{L}\p{N}_-])/u;
/** `icon@2x.png` is a picture, not a person. */
const FILE_ENDINGS = /\.(?:png|jpe?g|gif|svg|webp|avif|ico|css|m?js|tsx?|json|md|html?|ya?ml|lock|tgz|zip)$/i;

/** Addresses, also with blanks round the `@` and written as `ann [at] example [dot] com`. */
export function findEmails(source: string, found: Set<string>): void {
  addEmails(source, found);
  if (!/ @|@ |[[({] ?at ?[\])}]| at \S+ dot /i.test(source)) return;
  addEmails(
    source
      .replaceAll(/ {0,2}[[({] ?at ?[\])}] {0,2}/gi, "@")
      .replaceAll(/ {0,2}[[({] ?dot ?[\])}] {0,2}/gi, ".")
      .replaceAll(
        /(?<=[\w.-]) at ([\w-]{1,63}(?: dot [\w-]{1,63}){1,4})\b/gi,
        (_, domain: string) => `@${domain.replaceAll(/ dot /gi, ".")}`,
      )
      .replaceAll(/(?<=\w) {0,2}@ {0,2}(?=\w)/g, "@")
      .replaceAll(/(?<=@[\w-]{1,63}) ?\. ?(?=\w)/g, "."),
    found,
  );
}

function addEmails(text: string, found: Set<string>): void {
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const domain = DOMAIN.exec(text.slice(at + 1, at + 2 + MAX_DOMAIN_CHARS))?.[0];
    if (domain === undefined || FILE_ENDINGS.test(domain)) continue;
    let start = at;
    while (start > 0 && at - start < MAX_LOCAL_CHARS && LOCAL_PART.test(text.charAt(start - 1))) start--;
    const local = text.slice(start, at).replace(/^[^\p{L}\p{N}]+/u, "");
    if (local !== "" && !local.endsWith(".") && !local.includes("..")) {
      found.add(`${local}@${domain}`.toLowerCase());
    }
  }
}

/** Candidate for a phone number: digits with the usual separators. */
const PHONE_LIKE = /(?:\+|\b00|\()?\(?\d[\d ().\-/]{5,24}\d/g;
const DATE = /\b(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})\b/;
/** North America: area and exchange begin with 2 to 9, and there is something between the groups. */
const NORTH_AMERICAN = /^(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}$/;
const NATIONAL = [
  /^0[1-9](?:[ .-]\d{2}){4}$/, // France and its like
  /^\(?0[1-9]\d{1,3}\)?[ -/]\d{3,4}[ -]\d{3,4}$/, // United Kingdom, and much of Europe and Asia
  /^\(?0[1-9]\d{2,3}\)?[ -]\d{6}$/,
  /^\(?0[1-9]\d{1,4}\)?[ ]?[/-][ ]?\d{5,8}$/, // Germany: area / number
  /^\(?0[1-9]\d{1,3}\)? \d{2,4}(?: \d{2,4}){1,3}$/,
] as const;
const LABELLED =
  /\b(?:tel|telephone|telefon|phone|mobile|cell|fax|whatsapp|handy|mob|ph)\b[\w ]{0,8}["'.:=#) ]{0,4}(\+?\d{7,15})(?!\d)/gi;

/** Numbers in international form, national ones in their usual groups, and plain digits that are labelled so. */
export function findPhones(text: string, found: Set<string>): void {
  for (const match of text.matchAll(PHONE_LIKE)) {
    const start = match.index;
    const written = match[0];
    if (/[\w\-./#+]/.test(text.charAt(start - 1))) continue;
    if (/[\w-]/.test(text.charAt(start + written.length))) continue;
    if (isPhone(written)) found.add(written.replaceAll(/\D/g, ""));
  }
  for (const match of text.matchAll(LABELLED)) found.add((match[1] ?? "").replaceAll(/\D/g, ""));
}

function isPhone(written: string): boolean {
  const digits = written.replaceAll(/\D/g, "");
  if (written.startsWith("+")) return /^[1-9]\d{8,14}$/.test(digits) && !/[ .\-/]{3}/.test(written);
  if (written.startsWith("00") && /[ .\-/]/.test(written)) return /^00[1-9]\d{8,13}$/.test(digits);
  if (digits.length < 9 || digits.length > 13 || DATE.test(written)) return false;
  return NORTH_AMERICAN.test(written) || NATIONAL.some((shape) => shape.test(written));
}
