import { err, ok, type Result } from "../base/result.ts";

/** Location of one secret, never the secret itself. One scheme per kind of vault. */
export type SecretRef = OwnSecretRef | VaultSecretRef;

/** A secret of the deployment itself. Credentials for a vault must be one, or a vault would be needed to open it. */
export type OwnSecretRef =
  /** `env://NAME`: a variable or secret of the Worker. */
  | { readonly scheme: "env"; readonly name: string }
  /** `secrets-store://BINDING`: Cloudflare Secrets Store. */
  | { readonly scheme: "secrets-store"; readonly binding: string };

/** A secret in a vault, fetched over HTTP for each use. */
export type VaultSecretRef =
  /** `op://vault/item/[section/]field`: 1Password, each part by name or id, in any case of letters. */
  | {
      readonly scheme: "op";
      readonly vault: string;
      readonly item: string;
      readonly section: string | null;
      readonly field: string;
    }
  /** `vault://mount/path#key[?version=N]`: HashiCorp Vault or OpenBao. `path` begins with the mount. */
  | {
      readonly scheme: "vault";
      readonly path: string;
      readonly key: string;
      readonly version: number | null;
    }
  /** `aws-sm://name[#key][?stage=S|?version=V]`: AWS Secrets Manager, by name or ARN. */
  | {
      readonly scheme: "aws-sm";
      readonly name: string;
      /** A member of the secret, which is then a JSON object; null: the whole secret. */
      readonly key: string | null;
      readonly stage: string | null;
      readonly version: string | null;
    }
  /** `azkv://vault/secret[/version]`: Azure Key Vault. */
  | {
      readonly scheme: "azkv";
      readonly vault: string;
      readonly secret: string;
      readonly version: string | null;
    }
  /** `doppler://project/config/NAME`. */
  | {
      readonly scheme: "doppler";
      readonly project: string;
      readonly config: string;
      readonly name: string;
    };

/** Longer than any real reference; bounds the input of the patterns below. */
const MAX_REF_CHARS = 500;

/**
 * Parses a reference. Nothing is decoded, trimmed or completed: two texts never name one secret, and Gate resolves the
 * same path that a reviewer of `gate.yaml` reads.
 *
 * @returns an error that tells the operator what to write instead. It never quotes the text: an operator may have
 * pasted the secret itself, which must not reach a log
 */
export function parseSecretRef(text: string): Result<SecretRef, string> {
  if (text.length > MAX_REF_CHARS) return err(`a reference has at most ${MAX_REF_CHARS} characters`);
  const scheme = /^([a-z-]+):\/\//.exec(text)?.[1];
  const rest = text.slice((scheme ?? "").length + "://".length);
  switch (scheme) {
    case "env":
      return parseOwn(rest, "env://NAME", (name) => ({ scheme: "env", name }));
    case "secrets-store":
      return parseOwn(rest, "secrets-store://BINDING", (binding) => ({ scheme: "secrets-store", binding }));
    case "op":
      return parseOnePassword(rest);
    case "vault":
      return parseHashicorp(rest);
    case "aws-sm":
      return parseAws(rest);
    case "azkv":
      return parseAzure(rest);
    case "doppler":
      return parseDoppler(rest);
    default:
      return err(
        "write where the secret is, not the secret: op://vault/item/field, vault://mount/path#key, " +
          "aws-sm://name, azkv://vault/secret, doppler://project/config/NAME, secrets-store://BINDING or env://NAME",
      );
  }
}

/** The text that `parseSecretRef` reads as this reference. */
export function secretRefText(ref: SecretRef): string {
  switch (ref.scheme) {
    case "env":
      return `env://${ref.name}`;
    case "secrets-store":
      return `secrets-store://${ref.binding}`;
    case "op":
      return `op://${[ref.vault, ref.item, ref.section, ref.field].filter((part) => part !== null).join("/")}`;
    case "vault":
      return `vault://${ref.path}#${ref.key}${ref.version === null ? "" : `?version=${ref.version}`}`;
    case "aws-sm":
      return `aws-sm://${ref.name}${ref.key === null ? "" : `#${ref.key}`}${awsChoice(ref.stage, ref.version)}`;
    case "azkv":
      return `azkv://${ref.vault}/${ref.secret}${ref.version === null ? "" : `/${ref.version}`}`;
    case "doppler":
      return `doppler://${ref.project}/${ref.config}/${ref.name}`;
  }
}

function awsChoice(stage: string | null, version: string | null): string {
  if (stage !== null) return `?stage=${stage}`;
  return version === null ? "" : `?version=${version}`;
}

const VARIABLE_NAME = /^[A-Z_][A-Z0-9_]*$/;

function parseOwn<R>(name: string, form: string, make: (name: string) => R): Result<R, string> {
  if (!VARIABLE_NAME.test(name)) {
    return err(`write ${form}: capital letters, digits and underscores, not beginning with a digit`);
  }
  // The secret is sent to an upstream, whose operator could forge Gate's tokens with Gate's own secret.
  if (name.startsWith("GATE_")) {
    return err(
      "names beginning with GATE_ are reserved for Gate's own secrets, which are never sent; use another name",
    );
  }
  return ok(make(name));
}

/** 1Password: an item with other characters is written by its id. A blank at either end is taken for a mistake. */
const ONE_PASSWORD_PART = /^[A-Za-z0-9\-_.](?:[A-Za-z0-9\-_. ]*[A-Za-z0-9\-_.])?$/;

function parseOnePassword(rest: string): Result<SecretRef, string> {
  if (rest.includes("?")) {
    return err(
      "write op://vault/item/field without `?…`: one-time passwords and key formats can't be injected",
    );
  }
  const parts = rest.split("/");
  if (!parts.every((part) => ONE_PASSWORD_PART.test(part) && !isDots(part))) {
    return err(
      "write op://vault/item/[section/]field, each by name or id: letters, digits, `-`, `_`, `.` and blanks inside; " +
        "write an item whose name has other characters by its id",
    );
  }
  const [vault, item, third, fourth, more] = parts;
  if (vault === undefined || item === undefined || third === undefined || more !== undefined) {
    return err("write op://vault/item/field or op://vault/item/section/field");
  }
  const [section, field] = fourth === undefined ? [null, third] : [third, fourth];
  return ok({ scheme: "op", vault, item, section, field });
}

/** Without characters that have a meaning in a URL's path, so that every parser reads the same path. */
const PATH_PART = /^[A-Za-z0-9_.@+=:-]+$/;

const HASHICORP_FORM =
  "write vault://mount/path#key or vault://mount/path#key?version=N: letters, digits and `_ . @ + = : -`, no `%`";

function parseHashicorp(rest: string): Result<SecretRef, string> {
  const found = /^([^#?]+)#([^#?]+)(?:\?version=([1-9]\d{0,8}))?$/.exec(rest);
  const [, path = "", key = "", version] = found ?? [];
  const parts = path.split("/");
  if (parts.length < 2 || !parts.every(isPathPart) || !PATH_PART.test(key)) {
    return err(rest.includes("#") ? HASHICORP_FORM : `${HASHICORP_FORM}; the key is required`);
  }
  return ok({ scheme: "vault", path, key, version: version === undefined ? null : Number(version) });
}

/** One part of a Secrets Manager name, between slashes. */
const AWS_NAME_PART = /^[A-Za-z0-9_+=.@-]+$/;

/** Before the name of a secret that a service of AWS manages: `rds!db-…`, `events!connection/…`. Nobody else may use it. */
const AWS_SERVICE = /^[a-z][a-z0-9-]*!/;

const AWS_ARN = /^arn:aws(?:-[a-z]+)*:secretsmanager:[a-z0-9-]+:\d{12}:secret:(.+)$/;

/** A staging label, AWS's own or the operator's. */
const AWS_STAGE = /^[A-Za-z0-9_+=.@-]{1,256}$/;

const AWS_VERSION = /^[A-Za-z0-9-]{32,64}$/;

function parseAws(rest: string): Result<SecretRef, string> {
  const found = /^([^#?]+)(?:#([^#?]+))?(?:\?(stage|version)=([^#?&]+))?$/.exec(rest);
  const [, name = "", key, which, chosen = ""] = found ?? [];
  if (found === null || !isAwsName(name) || (key !== undefined && !PATH_PART.test(key))) {
    return err(
      "write aws-sm://name, the name or ARN of the secret (letters, digits and `/ _ + = . @ -`; one that a service of AWS " +
        "manages begins with `rds!` and the like), then #key for a member of its JSON, then ?stage=S or ?version=V; a name that begins with a slash is written by its ARN",
    );
  }
  if (which === "stage" && !AWS_STAGE.test(chosen)) {
    return err("write the stage by its name: ?stage=AWSCURRENT, ?stage=AWSPREVIOUS or one of yours");
  }
  if (which === "version" && !AWS_VERSION.test(chosen)) {
    return err("write the version by its id, 32 to 64 letters, digits and `-`: ?version=…");
  }
  return ok({
    scheme: "aws-sm",
    name,
    key: key ?? null,
    stage: which === "stage" ? chosen : null,
    version: which === "version" ? chosen : null,
  });
}

/** A name that begins with a slash can't be distinguished from an empty part, except at the end of an ARN. */
function isAwsName(name: string): boolean {
  const inArn = AWS_ARN.exec(name)?.[1];
  const own = (inArn ?? name).replace(AWS_SERVICE, "");
  const parts = (inArn === undefined ? own : own.replace(/^\//, "")).split("/");
  return parts.every((part) => AWS_NAME_PART.test(part) && !isDots(part));
}

/** Becomes part of a host name. Azure's rule: 3 to 24 letters, digits and single hyphens. */
const AZURE_VAULT = /^(?=.{3,24}$)[A-Za-z](?:-?[A-Za-z0-9])*$/;

const AZURE_SECRET = /^[0-9A-Za-z-]{1,127}$/;

const AZURE_VERSION = /^[0-9a-f]{32}$/;

function parseAzure(rest: string): Result<SecretRef, string> {
  const [vault = "", secret = "", version, more] = rest.split("/");
  const isVersion = version === undefined || AZURE_VERSION.test(version);
  if (!AZURE_VAULT.test(vault) || !AZURE_SECRET.test(secret) || !isVersion || more !== undefined) {
    return err(
      "write azkv://vault/secret or azkv://vault/secret/version: the vault's name (not its host), the secret's name " +
        "in letters, digits and `-`, the version's 32 hexadecimal digits",
    );
  }
  return ok({ scheme: "azkv", vault, secret, version: version ?? null });
}

const DOPPLER_SLUG = /^[A-Za-z0-9_-]+$/;

function parseDoppler(rest: string): Result<SecretRef, string> {
  const [project = "", config = "", name = "", more] = rest.split("/");
  if (
    !DOPPLER_SLUG.test(project) ||
    !DOPPLER_SLUG.test(config) ||
    !VARIABLE_NAME.test(name) ||
    more !== undefined
  ) {
    return err(
      "write doppler://project/config/NAME: letters, digits, `-` and `_`, the name in capital letters",
    );
  }
  return ok({ scheme: "doppler", project, config, name });
}

function isPathPart(part: string): boolean {
  return PATH_PART.test(part) && !isDots(part);
}

/** Dot segments, which a URL parser resolves to the parent path. */
function isDots(part: string): boolean {
  return part === "." || part === "..";
}
