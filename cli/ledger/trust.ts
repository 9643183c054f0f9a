import { fails, holds, notShown, type Finding } from "../../verifier/finding.ts";
import { readVkey } from "../../verifier/tree-head.ts";
import { Unreadable } from "./options.ts";
import type { LogServer } from "./server.ts";

/**
 * The keys to verify a server with: the pinned ones. On first use they are the server's own, which an attacker who took
 * the server over can have replaced; the finding says so (TOFU).
 */
export async function trustedKeys(
  server: LogServer,
  pinned: readonly string[],
): Promise<{ readonly vkeys: readonly string[]; readonly finding: Finding }> {
  const name = "trusted_keys";
  const { vkeys: published } = await server.published();
  // A server without its database publishes no keys meanwhile: no evidence of a swap.
  if (published.length === 0) throw new Unreadable("the server publishes no key of its log right now");
  if (pinned.length === 0) {
    const vkeys = published.filter((vkey) => readVkey(vkey) !== null);
    if (vkeys.length === 0) {
      throw new Unreadable("the server publishes no valid key of a log: pass one with --key");
    }
    return {
      vkeys,
      finding: notShown(
        name,
        `First use: a key from the verified server itself proves nothing against that server. Pin it: ${vkeys.map((vkey) => `--key ${vkey}`).join(" ")}`,
      ),
    };
  }
  const foreign = published.filter((vkey) => !pinned.includes(vkey));
  const missing = pinned.filter((vkey) => !published.includes(vkey));
  if (missing.length > 0) {
    return {
      vkeys: pinned,
      finding: fails(name, "The server no longer publishes a pinned key: its published keys were swapped."),
    };
  }
  return {
    vkeys: pinned,
    finding:
      foreign.length === 0
        ? holds(name, "Everything is checked against pinned keys, which the server still publishes.")
        : notShown(
            name,
            `The server publishes ${foreign.length === 1 ? "an unpinned key" : "unpinned keys"} (was its secret rotated?); not used here: ${foreign.map(printable).join(" ")}`,
          ),
  };
}

/** A valid vkey has no characters that a terminal would act on; any other text is not shown. */
function printable(vkey: string): string {
  return readVkey(vkey) === null ? "(not a key)" : vkey;
}
