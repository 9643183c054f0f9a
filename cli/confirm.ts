import type { CommandIo } from "./io.ts";
import { isYes, prompt } from "./prompt.ts";

export const CONFIRM_FLAGS = { yes: { type: "boolean", default: false } } as const;

/** Asks before what can't be undone. Without a terminal or a piped `y` the answer is no. */
export async function isConfirmed(
  what: string,
  { yes }: { readonly yes: boolean },
  io: CommandIo,
): Promise<boolean> {
  if (yes || isYes(await prompt(`${what} [y/N] `))) return true;
  io.err("Nothing was changed.");
  return false;
}
