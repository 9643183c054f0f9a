/**
 * A compiled list of name patterns of a policy or an agent: exact (`salesforce.import`), one whole system
 * (`salesforce.*`) or everything (`*`). Matching is case-sensitive, as it is on the wire.
 */
export interface NamePatterns {
  /** As written. */
  readonly written: readonly string[];
  readonly exact: ReadonlySet<string>;
  /** Prefixes with their dot: `salesforce.`. */
  readonly prefixes: readonly string[];
  readonly all: boolean;
}

export function compileNames(written: readonly string[]): NamePatterns {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  let all = false;
  for (const pattern of written) {
    if (pattern === "*") all = true;
    else if (pattern.endsWith(".*")) prefixes.push(pattern.slice(0, -1));
    else exact.add(pattern);
  }
  return { written, exact, prefixes, all };
}

export function listsName(patterns: NamePatterns, name: string): boolean {
  if (patterns.all || patterns.exact.has(name)) return true;
  for (const prefix of patterns.prefixes) {
    // `salesforce.*` is not `salesforce.` itself: an action must follow.
    if (name.length > prefix.length && name.startsWith(prefix)) return true;
  }
  return false;
}

/** The same for an uncompiled list, such as a principal's `allowedDestinations`, which is short and checked once. */
export function listAllows(written: readonly string[], name: string): boolean {
  for (const pattern of written) {
    if (pattern === "*" || pattern === name) return true;
    if (pattern.endsWith(".*") && name.length > pattern.length - 1 && name.startsWith(pattern.slice(0, -1))) {
      return true;
    }
  }
  return false;
}
