/**
 * Release notes from the commits since a tag, grouped by area.
 *
 *     node scripts/release-notes.ts                 since the latest tag
 *     node scripts/release-notes.ts v0.1.0          since that tag
 *     node scripts/release-notes.ts v0.1.0 v0.2.0   between two tags
 *
 * A paragraph of a commit's body that begins with `Breaking:` becomes an entry under "Breaking changes".
 */
import { execFileSync } from "node:child_process";

export interface Commit {
  /** Abbreviated. */
  readonly hash: string;
  readonly subject: string;
  readonly body: string;
}

/** `area: imperative`, as CONTRIBUTING.md requires. */
const SCOPED = /^([a-z][a-z0-9-]*): (\S.*)$/;

/** The section for commits whose subject names no area. */
const UNSCOPED = "other";

const BREAKING = /^Breaking:\s*(.+(?:\n(?!\s*$|[A-Z][A-Za-z-]*:).+)*)/gm;

/** Markdown; empty for no commits. Areas in alphabetical order, commits of an area oldest first. */
export function releaseNotes(commits: readonly Commit[]): string {
  const breaking: string[] = [];
  const areas = new Map<string, string[]>();
  for (const commit of commits) {
    const [, area = UNSCOPED, subject = commit.subject] = SCOPED.exec(commit.subject) ?? [];
    for (const [, note = ""] of commit.body.matchAll(BREAKING)) {
      breaking.push(`- **${area}**: ${note.replaceAll(/\s*\n\s*/g, " ").trim()} (${commit.hash})`);
    }
    const lines = areas.get(area) ?? [];
    areas.set(area, [...lines, `- ${subject} (${commit.hash})`]);
  }
  const named = [...areas.keys()].filter((area) => area !== UNSCOPED).toSorted();
  const sections = [...named, ...(areas.has(UNSCOPED) ? [UNSCOPED] : [])].map(
    (area) => `### ${area}\n\n${(areas.get(area) ?? []).join("\n")}\n`,
  );
  if (breaking.length > 0) sections.unshift(`### Breaking changes\n\n${breaking.join("\n")}\n`);
  return sections.join("\n");
}

/** Control characters that commit messages never contain: between a commit's fields, and after each commit. */
const FIELD = "\x1f";
const END = "\x1e";

/** Parses the output of `git log --format=${LOG_FORMAT}`. */
export function parseLog(log: string): readonly Commit[] {
  return log
    .split(END)
    .map((record) => record.trimStart())
    .filter((record) => record !== "")
    .map((record) => {
      const [hash = "", subject = "", body = ""] = record.split(FIELD);
      return { hash, subject, body: body.trim() };
    });
}

const LOG_FORMAT = "%h%x1f%s%x1f%b%x1e";

function main([since, until = "HEAD"]: readonly string[]): number {
  const from = since ?? latestTag();
  if (from === null) {
    console.error(
      "There is no tag yet. Name the first commit: node scripts/release-notes.ts <commit> [<commit>]",
    );
    return 2;
  }
  const log = git(["log", "--no-merges", "--reverse", `--format=${LOG_FORMAT}`, `${from}..${until}`]);
  process.stdout.write(releaseNotes(parseLog(log)));
  return 0;
}

function latestTag(): string | null {
  const [tag] = git(["tag", "--merged", "HEAD", "--sort=-version:refname", "--list", "v*"]).split("\n");
  return tag === undefined || tag === "" ? null : tag;
}

function git(args: readonly string[]): string {
  return execFileSync("git", args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
