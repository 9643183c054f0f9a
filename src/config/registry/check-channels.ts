import type { Json, JsonObject } from "../../core/base/json.ts";
import type { Person } from "../../core/registry/registry.ts";
import { nearest } from "../../core/base/nearest.ts";
import type { PolicyProblem, YamlSource } from "../yaml/source.ts";
import type { WrittenChannels } from "./channels.ts";
import { checkUpstream } from "./upstream.ts";

type WrittenChannel = WrittenChannels[string];

/** Placeholders of an e-mail channel's body. */
const PLACEHOLDERS = ["to", "from", "subject", "text", "html"];
const PLACEHOLDER = /\{([a-z_]{1,30})\}/g;

/** Names of the rest of the file. */
export interface Known {
  readonly people: ReadonlyMap<string, Pick<Person, "email">>;
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly credentials: ReadonlySet<string>;
  /** Those of them whose tokens Gate obtains. */
  readonly oauth2: ReadonlySet<string>;
}

/** Reports channels with unknown names, private addresses, or no possible recipient. */
export function checkChannels(
  source: YamlSource,
  channels: WrittenChannels,
  known: Known,
): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  for (const [id, written] of Object.entries(channels)) {
    const at = ["channels", id];
    for (const [field, credential] of secretsOf(written)) {
      const problem = storedSecretProblem(credential, known);
      if (problem !== null) problems.push(source.problemAt([...at, field], problem));
    }
    if ("url" in written && written.url !== undefined) {
      const problem = checkUpstream(written.url, written.allow_private ?? false);
      if (problem !== null) problems.push(source.problemAt([...at, "url"], problem));
    }
    written.for?.forEach((to, index) => {
      const problem = unreachable(to, written.type, known);
      if (problem !== null) problems.push(source.problemAt([...at, "for", index], problem));
    });
    if (written.type !== "email" || written.body === undefined) continue;
    const problem = checkBody(written.body);
    if (problem !== null) problems.push(source.problemAt([...at, "body"], problem));
  }
  return problems;
}

function secretsOf(written: WrittenChannel): readonly (readonly [string, string])[] {
  if (written.type !== "slack_app") return [["secret", written.secret]];
  return [
    ["token", written.token],
    ["signing_secret", written.signing_secret],
  ];
}

/** Null: the credential exists. The message leaves the name out, because it may be the secret itself. */
export function unknownCredential(
  credential: string,
  { credentials }: Pick<Known, "credentials">,
): string | null {
  if (credentials.has(credential)) return null;
  const near = nearest(credential, [...credentials]);
  const hint = near === null ? "" : `; did you mean \`${near}\`?`;
  return `no credential of this name under \`credentials\`${hint}`;
}

/** Null: the credential exists, and is a stored secret. Channels and issuers need one: an access token ends. */
export function storedSecretProblem(
  credential: string,
  known: Pick<Known, "credentials" | "oauth2">,
): string | null {
  const unknown = unknownCredential(credential, known);
  if (unknown !== null || !known.oauth2.has(credential)) return unknown;
  return "is a credential with `oauth2`, whose tokens are for destinations alone; name one with `ref`";
}

function unreachable(to: string, type: WrittenChannel["type"], known: Known): string | null {
  const members = known.groups.get(to);
  if (members !== undefined) {
    const isMailed = members.some((member) => (known.people.get(member)?.email ?? null) !== null);
    return type === "email" && !isMailed ? `no member of \`${to}\` has an \`email\` under \`people\`` : null;
  }
  const person = known.people.get(to);
  if (person === undefined) {
    const near = nearest(to, [...known.groups.keys(), ...known.people.keys()]);
    const hint = near === null ? "" : `; did you mean \`${near}\`?`;
    return `no group or person \`${to}\` under \`groups\` or \`people\`${hint}`;
  }
  if (type === "email" && person.email === null) return `\`${to}\` has no \`email\` under \`people\``;
  return null;
}

/** A message without recipient or text is never received, and would be noticed only by the missed approval. */
function checkBody(written: JsonObject): string | null {
  const named = new Set(
    textsOf(written).flatMap((each) => [...each.matchAll(PLACEHOLDER)].map(([, word = ""]) => word)),
  );
  for (const word of named) {
    if (PLACEHOLDERS.includes(word)) continue;
    const near = nearest(word, PLACEHOLDERS);
    const hint = near === null ? `known are ${PLACEHOLDERS.join(", ")}` : `did you mean \`{${near}}\`?`;
    return `body: \`{${word}}\` is not a placeholder; ${hint}`;
  }
  if (!named.has("to")) return "body must contain `{to}` where the recipient goes";
  if (!named.has("text") && !named.has("html")) {
    return "body must contain `{text}` or `{html}` where the message goes";
  }
  return null;
}

function textsOf(value: Json): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}
