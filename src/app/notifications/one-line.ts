import { scrub } from "../../core/detection/pii/scrub.ts";

/** For destinations, actions and names: agents choose them freely, and a longer text is cut. */
export const MAX_NAME_CHARACTERS = 120;

/**
 * Invisible characters, and those that reorder or break visible text: direction overrides show `exe.fdp` as `pdf.exe`
 * (CVE-2021-42574), line ends would start another line of the message.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Untrusted text, scrubbed, on one line, with every character visible, cut to `maxCharacters`. */
export function oneLine(text: string, maxCharacters: number): string {
  // Cut before scrubbing, to bound its cost; four times the limit leaves room for text that scrubbing shortens.
  const start = Array.from(text.slice(0, maxCharacters * 8))
    .slice(0, maxCharacters * 4)
    .join("");
  const shown = scrub(start.replace(/[\s\u0085]+/gu, " "))
    .replace(INVISIBLE, codePointLabel)
    .trim();
  const characters = Array.from(shown);
  if (characters.length <= maxCharacters && start.length === text.length) return shown;
  return `${characters.slice(0, maxCharacters - 1).join("")}…`;
}

function codePointLabel(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return `[U+${point.toString(16).toUpperCase().padStart(4, "0")}]`;
}
