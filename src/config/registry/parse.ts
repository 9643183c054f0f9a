import type { z } from "zod";
import { digestOf, sha256Hex } from "../../core/base/digest.ts";
import type { Destination, Person, Registry } from "../../core/registry/registry.ts";
import { err, ok } from "../../core/base/result.ts";
import type { Result } from "../../core/base/result.ts";
import { channelOf } from "./channels.ts";
import { checkChannels } from "./check-channels.ts";
import { checkCredentials, credentialFrom, oauth2Names } from "./credentials.ts";
import { checkDestinations } from "./check-destinations.ts";
import { problemsOf } from "../yaml/messages.ts";
import { REGISTRY_FILE, type WrittenDestination } from "./schema.ts";
import { credentialOf, executeOf, executorOf, timeoutOf } from "./sending.ts";
import { checkSignIn, NO_SIGN_IN, signInOf } from "./sign-in.ts";
import { checkVaults, vaultsOf } from "./vaults.ts";
import { readYaml } from "../yaml/source.ts";
import type { PolicyProblem, YamlSource } from "../yaml/source.ts";

/** Used without a registry file: no people, and every unbound destination is blocked. */
export const EMPTY_REGISTRY: Registry = empty("block");

/** Same for the local server, which allows unbound destinations so that one policy file is enough to begin. */
export const EMPTY_LOCAL_REGISTRY: Registry = empty("allow");

function empty(unboundDestinations: Registry["unboundDestinations"]): Registry {
  return {
    hash: sha256Hex(""),
    unboundDestinations,
    unknownHosts: "block",
    people: new Map(),
    groups: new Map(),
    destinations: new Map(),
    credentials: new Map(),
    vaults: {},
    channels: new Map(),
    signIn: NO_SIGN_IN,
  };
}

/**
 * Parses `gate.yaml` as strictly as policies. `crossCheck` compares it with the policies.
 *
 * @param unbound default of `unbound_destinations`; `allow` is for the local server only
 */
export function parseRegistry(
  file: string,
  text: string,
  unbound: Registry["unboundDestinations"] = "block",
): Result<Registry, readonly PolicyProblem[]> {
  const source = readYaml(file, text);
  if (!source.ok) return source;
  const parsed = REGISTRY_FILE.safeParse(source.value.value);
  if (!parsed.success) return err(sorted(problemsOf(source.value, parsed.error.issues)));
  const problems = [
    ...checkReferences(source.value, parsed.data),
    ...checkPeople(source.value, parsed.data.people ?? {}),
    ...checkSecrets(source.value, parsed.data),
    ...checkPeopleAccess(source.value, parsed.data),
  ];
  if (problems.length > 0) return err(sorted(problems));
  const { people, groups, destinations, credentials, vaults, channels } = parsed.data;
  return ok({
    hash: sha256Hex(text),
    unboundDestinations: parsed.data.unbound_destinations ?? unbound,
    unknownHosts: parsed.data.unknown_hosts ?? "block",
    people: mapOf(people, personOf),
    groups: mapOf(groups, (_id, members) => new Set(members)),
    destinations: mapOf(destinations, destinationOf),
    credentials: mapOf(credentials, (_name, credential) => credentialFrom(credential)),
    vaults: vaultsOf(vaults),
    channels: mapOf(channels, channelOf),
    signIn: signInOf(parsed.data.sign_in),
  });
}

type WrittenRegistry = z.output<typeof REGISTRY_FILE>;
type WrittenPeople = NonNullable<WrittenRegistry["people"]>;

function mapOf<W, T>(
  written: Readonly<Record<string, W>> | undefined,
  make: (key: string, value: W) => T,
): ReadonlyMap<string, T> {
  return new Map(Object.entries(written ?? {}).map(([key, value]) => [key, make(key, value)]));
}

function personOf(id: string, { name, email, slack }: WrittenPeople[string]): Person {
  return { id, name, email: email?.toLowerCase() ?? null, slack: slack ?? null };
}

function destinationOf(name: string, written: WrittenDestination): Destination {
  const records = written.records ?? "auto";
  const upstream = written.upstream;
  const entry: Omit<Destination, "configHash"> = {
    name,
    policies: [...new Set(written.policies ?? [])],
    measure: {
      records:
        records === "auto" || records === "single" ? { kind: records } : { kind: "path", path: records },
      amount: written.amount ?? null,
      recipients: written.recipients ?? null,
    },
    executor: executorOf(written),
    runners: written.runners ?? [],
    claimRequired: written.claim === "required",
    proofRequired: written.proof === "required",
    idempotent: written.idempotent ?? false,
    riskWeight: written.risk_weight ?? null,
    upstream:
      upstream === undefined
        ? null
        : {
            url: upstream.replace(/\/$/, ""),
            prefix: written.prefix ?? null,
            reads: written.reads ?? [],
            allowPrivate: written.allow_private ?? false,
            timeoutMs: timeoutOf(written),
            ...(written.idle_seconds !== undefined && { idleMs: written.idle_seconds * 1000 }),
            headers: written.headers ?? [],
            ...(written.drop_headers !== undefined && { dropHeaders: written.drop_headers }),
            idempotencyHeader: written.idempotency_header ?? null,
          },
    credential: credentialOf(written),
    execute: executeOf(written),
  };
  return { ...entry, configHash: digestOf(entry) };
}

/** Reports unknown names, and destinations whose keys contradict each other. */
function checkReferences(source: YamlSource, written: WrittenRegistry): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const people = new Set(Object.keys(written.people ?? {}));
  for (const [group, members] of Object.entries(written.groups ?? {})) {
    if (people.has(group)) {
      problems.push(
        source.problemAtKey(["groups", group], `${group} is a person's id, too; names must differ`),
      );
    }
    members.forEach((member, index) => {
      if (people.has(member)) return;
      problems.push(source.problemAt(["groups", group, index], `no person \`${member}\` under \`people\``));
    });
  }
  const known = {
    runners: new Set(Object.keys(written.runners ?? {})),
    credentials: new Set(Object.keys(written.credentials ?? {})),
    oauth2: oauth2Names(written.credentials),
  };
  return [...problems, ...checkDestinations(source, written.destinations ?? {}, known)];
}

/**
 * An account belongs to one person: with a shared one, two people would be one vote, or a user could choose a person.
 */
function checkPeople(source: YamlSource, people: WrittenPeople): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const taken = new Map<string, string>();
  for (const [id, { email, slack }] of Object.entries(people)) {
    for (const [field, account] of [
      ["email", email?.toLowerCase()],
      ["slack", slack],
    ] as const) {
      if (account === undefined) continue;
      const other = taken.get(account);
      if (other !== undefined) {
        problems.push(source.problemAt(["people", id, field], `${account} belongs to ${other} already`));
      }
      taken.set(account, id);
    }
  }
  return problems;
}

function checkSecrets(source: YamlSource, { credentials, vaults = {} }: WrittenRegistry) {
  const types = new Set(Object.values(vaults).map(({ type }) => type));
  return [
    ...checkVaults(source, vaults),
    ...(credentials === undefined ? [] : checkCredentials(source, credentials, types)),
  ];
}

function checkPeopleAccess(source: YamlSource, written: WrittenRegistry): readonly PolicyProblem[] {
  const known = {
    people: mapOf(written.people, personOf),
    groups: mapOf(written.groups, (_id, members) => members),
    credentials: new Set(Object.keys(written.credentials ?? {})),
    oauth2: oauth2Names(written.credentials),
  };
  return [
    ...(written.sign_in === undefined ? [] : checkSignIn(source, written.sign_in, known)),
    ...(written.channels === undefined ? [] : checkChannels(source, written.channels, known)),
  ];
}

function sorted(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
