import { listsName } from "../core/registry/name-patterns.ts";
import type { Policy, PolicyRules } from "../core/policy/policy.ts";
import type { Destination, Registry } from "../core/registry/registry.ts";
import { nearest } from "../core/base/nearest.ts";
import { readYaml } from "./yaml/source.ts";
import type { Path, PolicyProblem } from "./yaml/source.ts";
import type { Executor } from "../core/registry/executor.ts";

/** A parsed file, with its text for the lines and columns of problems. */
export interface PolicyFile {
  readonly file: string;
  readonly text: string;
  readonly policy: Policy;
}

export interface RegistryFile {
  readonly file: string;
  readonly text: string;
  readonly registry: Registry;
}

/**
 * Reports contradictions between valid files: bound policies that don't exist, don't list the destination or require
 * another executor, and approvers that the registry does not have.
 */
export function crossCheck(
  policies: readonly PolicyFile[],
  registry: RegistryFile | null,
): readonly PolicyProblem[] {
  if (registry === null) return [];
  const byId = new Map(policies.map((file) => [file.policy.id, file]));
  return [
    ...[...registry.registry.destinations.values()].flatMap((entry) =>
      checkBinding(entry, byId, problemsIn(registry.file, registry.text)),
    ),
    ...policies.flatMap((file) => checkPeople(file, registry.registry)),
  ];
}

const SENT_BY_GATE: ReadonlySet<string> = new Set(["gate", "forward"] satisfies Executor[]);

type Place = (path: Path, message: string) => PolicyProblem;

function problemsIn(file: string, text: string): Place {
  const source = readYaml(file, text);
  if (source.ok) return (path, message) => source.value.problemAt(path, message);
  return (_path, message) => ({ file, line: 1, column: 1, message });
}

function checkBinding(
  entry: Destination,
  byId: ReadonlyMap<string, PolicyFile>,
  place: Place,
): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  let executor = entry.executor;
  let executorBy = "the destination";
  entry.policies.forEach((id, index) => {
    const at = ["destinations", entry.name, "policies", index];
    const policy = byId.get(id)?.policy;
    if (policy === undefined) {
      const near = nearest(id, [...byId.keys()]);
      const hint = near === null ? "" : `; did you mean \`${near}\`?`;
      problems.push(place(at, `there is no policy \`${id}\`${hint}`));
      return;
    }
    if (!variants(policy).some((rules) => listsName(rules.destinations, entry.name))) {
      problems.push(
        place(at, `the policy ${id} does not list ${entry.name}, so everything would be blocked`),
      );
    }
    const wanted = policy.base.executor;
    if (policy.mode === "shadow" || wanted === null) return;
    if (SENT_BY_GATE.has(wanted) && entry.upstream === null) {
      const message = `the policy ${id} says execution: ${wanted}, and there is no upstream to send to`;
      problems.push(place(at, message));
    }
    if (executor !== null && executor !== wanted) {
      const message = `the policy ${id} says execution: ${wanted}, and ${executorBy} says ${executor}`;
      problems.push(place(at, message));
    }
    executor ??= wanted;
    executorBy = `the policy ${id}`;
  });
  return problems;
}

function checkPeople({ file, text, policy }: PolicyFile, registry: Registry): readonly PolicyProblem[] {
  const place = problemsIn(file, text);
  const problems: PolicyProblem[] = [];
  const knows = (name: string) => registry.groups.has(name) || registry.people.has(name);
  if (policy.owner !== null && !knows(policy.owner)) {
    problems.push(place(["owner"], unknown("person or group", policy.owner, registry)));
  }
  for (const rules of variants(policy)) {
    const at = pathOf(rules, "approvers");
    rules.approvers.groups.forEach((group, index) => {
      if (registry.groups.has(group)) return;
      problems.push(place([...at, "groups", index], unknown("group", group, registry)));
    });
    rules.approvers.people.forEach((person, index) => {
      if (registry.people.has(person)) return;
      problems.push(place([...at, "people", index], unknown("person", person, registry)));
    });
    for (const { to } of rules.escalate) {
      if (!knows(to)) {
        problems.push(place(pathOf(rules, "escalate"), unknown("person or group", to, registry)));
      }
    }
    const enough = eligible(rules, registry);
    if (enough !== null && enough < rules.approvers.require) {
      const message = `${rules.approvers.require} must approve, and only ${enough} are named`;
      problems.push(place(at, message));
    }
    if (enough !== null && enough < rules.approvers.rejections) {
      const message = `${rules.approvers.rejections} must reject, and only ${enough} are named: a rejection would be impossible`;
      problems.push(place(at, message));
    }
  }
  const seen = new Set<string>();
  return problems.filter(({ line, column, message }) => {
    const key = `${line}:${column}:${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Number of persons that the policy names; null: it admits every reviewer, or names an unknown group. */
function eligible({ approvers }: PolicyRules, registry: Registry): number | null {
  if (approvers.groups.length === 0 && approvers.people.length === 0) return null;
  const persons = new Set(approvers.people);
  for (const group of approvers.groups) {
    const members = registry.groups.get(group);
    if (members === undefined) return null;
    for (const member of members) persons.add(member);
  }
  return persons.size;
}

function variants(policy: Policy): readonly PolicyRules[] {
  return [policy.base, ...policy.environments.values()];
}

function pathOf(rules: PolicyRules, field: "approvers" | "escalate"): Path {
  return rules.fields.get(field)?.path.split(".") ?? [field];
}

function unknown(what: string, name: string, registry: Registry): string {
  const near = nearest(name, [...registry.groups.keys(), ...registry.people.keys()]);
  return `gate.yaml has no ${what} \`${name}\`${near === null ? "" : `; did you mean \`${near}\`?`}`;
}
