import { BUNDLED } from "../.generated/bundled.ts";
import { version } from "../package.json";
import { agentCounters } from "./adapters/objects/agent-counters.ts";
import { codeFlow } from "./adapters/oidc/code-flow.ts";
import { d1Credentials } from "./adapters/d1/linked-identities.ts";
import { dispatchObject } from "./adapters/objects/deliveries.ts";
import { floodLimit } from "./adapters/flood-limit.ts";
import { d1IdempotentAnswers } from "./adapters/d1/idempotent-answers.ts";
import { d1IntentIndex } from "./adapters/d1/intent-index.ts";
import { intentObjects } from "./adapters/objects/intent-objects.ts";
import { issuerDocuments } from "./adapters/oidc/issuer-documents.ts";
import { logObject } from "./adapters/objects/tlog.ts";
import { d1Mandates } from "./adapters/d1/mandates.ts";
import { localRules } from "./adapters/local-rules.ts";
import { d1Nonces } from "./adapters/d1/nonces.ts";
import { sendOutgoing } from "./adapters/outgoing.ts";
import { d1Principals } from "./adapters/d1/principals.ts";
import { registryChain } from "./adapters/d1/registry-chain.ts";
import { publishedKeys } from "./adapters/signing/published-keys.ts";
import { ruleBook } from "./adapters/d1/policy-texts.ts";
import { registrySecrets } from "./adapters/vault/registry-secrets.ts";
import { d1Sessions } from "./adapters/d1/sessions.ts";
import { ed25519Signer } from "./adapters/signing/signer.ts";
import { d1Switches } from "./adapters/d1/switches.ts";
import { tokenVerifier } from "./adapters/oidc/token-verifier.ts";
import { fetchSecret } from "./adapters/vault/fetch-secret.ts";
import { d1Webhooks } from "./adapters/d1/webhooks.ts";
import { d1Reads } from "./adapters/d1/read-counts.ts";
import { callUpstream } from "./adapters/upstream/call.ts";
import { isOverride } from "./core/outbound/header-allow-list.ts";
import { hmacHex } from "./core/base/digest.ts";
import { deriveKey, secretsOf } from "./core/base/key-derivation.ts";
import { compileRules, type RuleSet } from "./config/rule-set.ts";
import type { Ports } from "./ports/ports.ts";

/** Bindings that only some deployments have. */
interface Optional {
  /** The local server: it watches the policy directory. */
  readonly LOCAL?: Fetcher;
  /** Secrets that were `GATE_SECRET` before, newest first, separated by commas. */
  readonly GATE_SECRET_PREVIOUS?: string;
  /** "true": people of the registry sign in without a key. Set by the local server alone, when it was told to. */
  readonly LOCAL_SIGN_IN?: string;
}

const DEFAULT_MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;
const DEFAULT_MAX_RESPONSE_BYTES = 1024 * 1024;
const DEFAULT_KEY_HEADER = "x-gate-key";

/** The rules bundled at deploy, compiled on first use: start-up time is limited on the platform. */
let bundled: RuleSet | undefined;

/** One isolate sees one environment: its ports are made once. */
const made = new WeakMap<object, Ports>();

/** Turns what the platform hands over into the ports; nothing else in `src` reads bindings. */
export function portsOf(env: Env & Optional): Ports {
  const known = made.get(env) ?? makePorts(env);
  made.set(env, known);
  return known;
}

/**
 * An origin, because links, forms and cookies are its whole host's; null: messages carry no links.
 *
 * @throws {Error} for anything else: whoever follows a broken link decides nothing, and nobody notices
 */
function publicUrlOf(written: string | undefined): string | null {
  if (written === undefined || written === "") return null;
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new Error("GATE_PUBLIC_URL must be an address such as https://gate.example.com, or empty");
}

/** @throws {Error} for what is no header's name, or one that says something else */
function keyHeaderOf(written: string | undefined): string {
  if (written === undefined || written === "") return DEFAULT_KEY_HEADER;
  const name = written.toLowerCase();
  if (/^x-[a-z0-9-]{1,60}$/.test(name) && !isOverride(name)) return name;
  throw new Error("GATE_KEY_HEADER must be the name of a header of its own, such as X-Gate-Key");
}

/**
 * A payload and an answer go to their intent's object in one call each, and the platform takes 32 MiB: a write would be
 * sent, and what came of it never recorded.
 */
const MAX_SIZE_BYTES = 24 * 1024 * 1024;

/** @throws {Error} for what is no size, or one that could not be kept */
function sizeOf(name: string, written: string | undefined, otherwise: number): number {
  if (written === undefined || written === "") return otherwise;
  const bytes = /^\d{1,9}$/.test(written) ? Number(written) : 0;
  if (bytes > 0 && bytes <= MAX_SIZE_BYTES) return bytes;
  throw new Error(`${name} must be a number of bytes from 1 to ${MAX_SIZE_BYTES}`);
}

/** C2SP signed-note: a key's name has no blank and no plus sign. */
const ORIGIN = /^[^\s+\p{Cc}]{1,200}$/u;

function makePorts(env: Env & Optional): Ports {
  if (!ORIGIN.test(env.GATE_ORIGIN)) {
    throw new Error("GATE_ORIGIN must be a name without blanks and plus signs");
  }
  const [secret, ...previous] = secretsOf(env);
  const macKey = () => deriveKey(secret, "entry-mac");
  const chain = registryChain(env.DB, macKey);
  const { LOCAL } = env;
  const rules =
    LOCAL === undefined
      ? async () => (bundled ??= compileRules({ ...BUNDLED, broken: [] }, "block"))
      : localRules(LOCAL, (texts) => compileRules(texts, "allow"));
  const book = ruleBook(env.DB, rules);
  const signer = ed25519Signer(secret, previous, publishedKeys(env.DB, chain));
  const secrets = registrySecrets(async () => (await book.current()).registry, fetchSecret, {
    send: sendOutgoing,
    variables: env,
    now: Date.now,
  });
  const signInKey = () => deriveKey(secret, "sign-in");
  const documents = issuerDocuments(sendOutgoing);
  const tokens = tokenVerifier(documents);
  return {
    intents: intentObjects(env.INTENTS),
    counters: agentCounters(env.AGENTS),
    index: d1IntentIndex(env.DB),
    principals: d1Principals(env.DB, chain, env.GATE_ADMIN_KEY || null),
    rules: book,
    nonces: d1Nonces(env.DB),
    switches: d1Switches(env.DB, chain),
    answers: d1IdempotentAnswers(env.DB, [secret, ...previous]),
    signer,
    log: logObject(env.LOGS, env.DB, signer, env.GATE_ORIGIN),
    credentials: d1Credentials(env.DB, chain),
    sessions: d1Sessions(env.DB, env.GATE_ADMIN_KEY || null, signInKey),
    tokens,
    signIn: codeFlow({
      db: env.DB,
      documents,
      tokens,
      send: sendOutgoing,
      secret: secrets.secret,
      sealKey: signInKey,
    }),
    mandates: d1Mandates(env.DB, chain),
    deliveries: dispatchObject(env.DISPATCH, env.DB),
    webhooks: d1Webhooks(env.DB, chain, [secret, ...previous]),
    send: sendOutgoing,
    call: callUpstream(secrets.fetched),
    reads: d1Reads(env.DB),
    secret: secrets.secret,
    checkSecret: secrets.check,
    allowProposal: floodLimit(env.FLOOD),
    token: (kind, subject) => hmacHex(deriveKey(secret, `${kind}-token`), subject),
    earlierTokens: (kind, subject) =>
      previous.map((each) => hmacHex(deriveKey(each, `${kind}-token`), subject)),
    settings: {
      maxPayloadBytes: sizeOf("MAX_PAYLOAD_BYTES", env.MAX_PAYLOAD_BYTES, DEFAULT_MAX_PAYLOAD_BYTES),
      maxResponseBytes: sizeOf("MAX_RESPONSE_BYTES", env.MAX_RESPONSE_BYTES, DEFAULT_MAX_RESPONSE_BYTES),
      keyHeader: keyHeaderOf(env.GATE_KEY_HEADER),
      origin: env.GATE_ORIGIN,
      publicFeed: String(env.PUBLIC_FEED_ENABLED) === "true",
      version,
      publicUrl: publicUrlOf(env.GATE_PUBLIC_URL),
      localSignIn: env.LOCAL_SIGN_IN === "true",
    },
  };
}
