import { parseJsonPath } from "../../core/proposal/measure/parse-json-path.ts";
import type { WrittenDestination } from "./schema.ts";
import { unknownCredential } from "./check-channels.ts";
import { checkSending, type FieldPath } from "./check-sending.ts";
import { ABOUT_AN_UPSTREAM } from "./sending.ts";
import { checkUpstream } from "./upstream.ts";
import type { Path, PolicyProblem, YamlSource } from "../yaml/source.ts";

/** Names that destinations may refer to. */
export interface KnownNames {
  readonly runners: ReadonlySet<string>;
  readonly credentials: ReadonlySet<string>;
  /** Those of them whose tokens Gate obtains. */
  readonly oauth2: ReadonlySet<string>;
}

/** Reports contradictions within and between the entries of `destinations`. */
export function checkDestinations(
  source: YamlSource,
  destinations: Readonly<Record<string, WrittenDestination>>,
  known: KnownNames,
): readonly PolicyProblem[] {
  const entries = Object.entries(destinations);
  return [
    ...entries.flatMap(([name, entry]) => {
      const place = placeOf(source, name);
      return [
        ...checkNames(entry, known, place),
        ...checkPaths(entry, place),
        ...checkAddress(entry, place),
        ...checkExecutor(entry, place),
        ...checkSending(entry, place),
      ];
    }),
    ...checkPrefixes(source, entries),
  ];
}

function placeOf(source: YamlSource, name: string): FieldPath {
  const below = (where: Path): Path => ["destinations", name, ...where];
  return {
    at: (where, message) => source.problemAt(below(where), message),
    atKey: (where, message) => source.problemAtKey(below(where), message),
  };
}

function checkNames(
  { runners, credential, inject }: WrittenDestination,
  known: KnownNames,
  { at }: FieldPath,
): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  runners?.forEach((runner, index) => {
    if (known.runners.has(runner)) return;
    problems.push(at(["runners", index], `no runner \`${runner}\` under \`runners\``));
  });
  const problem = credential === undefined ? null : unknownCredential(credential, known);
  if (problem !== null) problems.push(at(["credential"], problem));
  const isPair = inject === "basic" || (typeof inject === "object" && "basic" in inject);
  if (credential !== undefined && known.oauth2.has(credential) && isPair) {
    const message = "an access token of `oauth2` is no part of a pair; leave `inject` out for a bearer token";
    problems.push(at(["inject"], message));
  }
  return problems;
}

function checkPaths(entry: WrittenDestination, { at }: FieldPath): readonly PolicyProblem[] {
  return pathsOf(entry).flatMap(([where, path]) => {
    const select = parseJsonPath(path);
    return select.ok ? [] : [at(where, `the path can't be used: ${select.error}`)];
  });
}

function pathsOf({ records, amount, recipients }: WrittenDestination): readonly [Path, string][] {
  const paths: [Path, string][] = [];
  if (records !== undefined && records !== "auto" && records !== "single") paths.push([["records"], records]);
  if (recipients !== undefined) paths.push([["recipients"], recipients]);
  if (amount !== undefined) paths.push([["amount", "path"], amount.path]);
  if (amount !== undefined && "path" in amount.currency) {
    paths.push([["amount", "currency", "path"], amount.currency.path]);
  }
  return paths;
}

function checkAddress(entry: WrittenDestination, { at, atKey }: FieldPath): readonly PolicyProblem[] {
  if (entry.upstream !== undefined) {
    const problem = checkUpstream(entry.upstream, entry.allow_private ?? false);
    return problem === null ? [] : [at(["upstream"], problem)];
  }
  const problems = ABOUT_AN_UPSTREAM.filter((field) => entry[field] !== undefined).map((field) =>
    atKey([field], `${field} needs an upstream, and there is none`),
  );
  if (entry.executor === "gate" || entry.executor === "forward") {
    const message = `executor: ${entry.executor} sends to an upstream, and there is none`;
    problems.push(at(["executor"], message));
  }
  return problems;
}

/** Exactly one executor executes a write. */
function checkExecutor(
  { executor, runners, prefix, execute, upstream }: WrittenDestination,
  { at, atKey }: FieldPath,
): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  if (runners !== undefined && executor !== undefined && executor !== "runner") {
    problems.push(at(["runners"], `runners are named, and the executor is ${executor}`));
  }
  if (runners !== undefined && (executor ?? "runner") === "runner") {
    for (const [field, written] of Object.entries({ prefix, execute })) {
      if (written === undefined) continue;
      const message = `runners are named, and \`${field}\` has Gate send the write itself; remove one`;
      problems.push(at(["runners"], message));
    }
  } else if (prefix !== undefined && (executor === "runner" || executor === "external_pull")) {
    const message = `Gate itself sends requests that come by a prefix, and the executor is ${executor}; remove one`;
    problems.push(atKey(["prefix"], message));
  }
  if (execute !== undefined && runners === undefined && executor !== undefined && executor !== "gate") {
    const message = `\`execute\` is the request that Gate sends, and the executor is ${executor}; remove one`;
    problems.push(atKey(["execute"], message));
  }
  if (executor === "gate" && upstream !== undefined && execute === undefined && prefix === undefined) {
    const message =
      "executor: gate has nothing to send; add `execute` for the request, or a `prefix` for proxied requests";
    problems.push(at(["executor"], message));
  }
  return problems;
}

/** Prefixes may lie below one another, where the longest counts; equal ones would be ambiguous. */
function checkPrefixes(source: YamlSource, entries: readonly (readonly [string, WrittenDestination])[]) {
  const problems: PolicyProblem[] = [];
  const prefixes = new Map<string, string>();
  for (const [name, { prefix }] of entries) {
    if (prefix === undefined) continue;
    const other = prefixes.get(prefix);
    if (other !== undefined) {
      const at = ["destinations", name, "prefix"];
      problems.push(source.problemAt(at, `${prefix} is the prefix of ${other} already`));
    }
    prefixes.set(prefix, name);
  }
  return problems;
}
