/** A version's first two numbers. */
export type NodeVersion = readonly [major: number, minor: number];

/** The oldest Node that a range such as `>=22.12` allows: the package's `engines` is the only place that says it. */
export function oldestOf(range: string): NodeVersion {
  return numbersOf(range.replace(/^>=\s*/, ""));
}

export function isSupported(version: string, [major, minor]: NodeVersion): boolean {
  const [ownMajor, ownMinor] = numbersOf(version.replace(/^v/, ""));
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

function numbersOf(version: string): NodeVersion {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return [major, minor];
}
