import { UsageError } from "../usage.ts";

/*
 * The registry that `init` writes: the shipped one, with the ready-made entries that were asked for. Those are comments
 * in it, between `>>> Name` and `<<<`.
 */

const BLOCK = /^ *# >>> (\w+)\n((?: *#.*\n)+?) *# <<<\n/gm;

/** One short entry of `destinations`, up to the next. */
const SHORT_ENTRY = /^ {2}([a-z]+\.[a-z]+):\n(?: {4}.*\n)+/gm;

/** The comment above the shipped setting explains why it is not set; here it is. */
const UNSET_DESTINATIONS =
  /^# Destinations without bound policies below:(?:.*\n#)*? unbound_destinations: block\n/m;

const STRICT =
  "# Destinations without bound policies below are refused. With `allow` the policy that the agent names applies, if it\n# lists the destination.\nunbound_destinations: block\n";

/** The ready-made providers of the shipped registry, in lower case. */
export function providersOf(shipped: string): readonly string[] {
  return [...shipped.matchAll(BLOCK)]
    .map(([, name = ""]) => name.toLowerCase())
    .filter((name) => name !== "credentials");
}

export interface StarterRegistry {
  readonly text: string;
  /** The environment variables that the taken entries' credentials name. */
  readonly variables: readonly string[];
  /** Texts that stand for an organisation's own, with their lines. */
  readonly placeholders: readonly { readonly line: number; readonly text: string }[];
}

/**
 * @param wanted providers, in any case of letters
 * @throws {UsageError} naming those that exist
 */
export function starterRegistry(shipped: string, wanted: readonly string[]): StarterRegistry {
  const known = providersOf(shipped);
  const names = wanted.map((name) => name.toLowerCase());
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `there are no ready-made destinations for ${unknown}: choose from ${known.join(", ")}`,
    );
  }
  let text = strict(shipped);
  if (names.length > 0) {
    text = text.replace(BLOCK, (block, name: string, lines: string) => {
      if (name === "Credentials") return credentials(lines, names);
      return names.includes(name.toLowerCase()) ? lines.replaceAll(/^( *)# /gm, "$1") : block;
    });
    text = withoutReplaced(text);
  }
  const taken = names.length === 0 ? "" : text;
  return {
    text,
    variables: [...new Set([...taken.matchAll(/^ {2,}[^#\n]*env:\/\/(\w+)/gm)].map(([, name = ""]) => name))],
    placeholders: taken.split("\n").flatMap((line, at) => {
      const found =
        /^ +[^#]*?(MyDomainName|your-subdomain|agent@example\.com|(?:SK|AC)0{32}|the-consumer-key-of-the-app)/.exec(
          line,
        );
      return found === null ? [] : [{ line: at + 1, text: found[1] ?? "" }];
    }),
  };
}

/** The shipped registry allows unbound destinations; an operator's new one starts with blocking them. */
function strict(shipped: string): string {
  if (UNSET_DESTINATIONS.test(shipped)) return shipped.replace(UNSET_DESTINATIONS, STRICT);
  const line = /^(?:# )?unbound_destinations:.*\n/m;
  return line.test(shipped) ? shipped.replace(line, STRICT) : `${STRICT}${shipped}`;
}

/** The wanted providers' credentials, uncommented; the others stay as they are, below the key they belong to. */
function credentials(lines: string, wanted: readonly string[]): string {
  let isWanted = false;
  return lines
    .split("\n")
    .map((line) => {
      const named = /^# {3}([\w-]+):/.exec(line)?.[1];
      if (line === "# credentials:") return "credentials:";
      if (named !== undefined) isWanted = wanted.includes(named);
      else if (/^# {3}#/.test(line)) isWanted = false;
      return isWanted ? line.replace(/^# /, "") : line;
    })
    .join("\n");
}

/** Without the short entries that a ready-made one of the same name replaces. */
function withoutReplaced(text: string): string {
  const counts = new Map<string, number>();
  for (const [, name = ""] of text.matchAll(/^ {2}([a-z]+\.[a-z]+):\n/gm)) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return text.replace(SHORT_ENTRY, (entry, name: string) =>
    (counts.get(name) ?? 0) > 1 && !entry.includes("upstream:") ? "" : entry,
  );
}
