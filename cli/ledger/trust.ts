import { fails, holds, notShown, type Finding } from "../../verifier/finding.ts";
import { readVkey } from "../../verifier/tree-head.ts";
import { Unreadable } from "./options.ts";
import type { LogServer } from "./server.ts";

/**
 * Which keys to check a server with: those that were pinned. On first use the server's own, and then whoever took
 * the server over has brought their own along; the finding says so.
 */
export async function trustedKeys(
  server: LogServer,
  pinned: readonly string[],
): Promise<{ readonly vkeys: readonly string[]; readonly finding: Finding }> {
  const name = "trusted_keys";
  const { vkeys: published } = await server.published();
  // A server whose database is away publishes none for that long; that is no swap.
  if (published.length === 0) throw new Unreadable("the server publishes no key of its log right now");
  if (pinned.length === 0) {
    const vkeys = published.filter((vkey) => readVkey(vkey) !== null);
    if (vkeys.length === 0) {
      throw new Unreadable("what the server publishes is no key of a log: give one with --key");
    }
    return {
      vkeys,
      finding: notShown(
        name,
        `First use: a key that comes from the server it is to check proves nothing against that server. Pin it from now on: ${vkeys.map((vkey) => `--key ${vkey}`).join(" ")}`,
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
            `The server publishes ${foreign.length === 1 ? "a key" : "keys"} that nobody pinned (a change of its secret?); not used here: ${foreign.map(printable).join(" ")}`,
          ),
  };
}

/** A vkey has a form that holds nothing a terminal would act on; anything else is not shown. */
function printable(vkey: string): string {
  return readVkey(vkey) === null ? "(not a key)" : vkey;
}
