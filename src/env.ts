import { BUNDLED } from "../.generated/bundled.ts";
import { forgetSilence } from "../durable-objects/dispatch/audience.ts";
import { agentCounters } from "./adapters/objects/agent-counters.ts";
import { bodySlots } from "./adapters/body-slots.ts";
import { codeFlow } from "./adapters/oidc/code-flow.ts";
import { d1LinkedIdentities } from "./adapters/d1/linked-identities.ts";
import { dispatchObject } from "./adapters/objects/deliveries.ts";
import { requestIntents } from "./adapters/objects/request-intents.ts";
import { requestReads } from "./adapters/d1/request-reads.ts";
import { requestCounter } from "./adapters/request-counter.ts";
import { d1IdempotentAnswers } from "./adapters/d1/idempotent-answers.ts";
import { d1IntentIndex } from "./adapters/d1/intent-index.ts";
import { intentObjects } from "./adapters/objects/intent-objects.ts";
import { issuerDocuments } from "./adapters/oidc/issuer-documents.ts";
import { logObject } from "./adapters/objects/tlog.ts";
import { d1Mandates } from "./adapters/d1/mandates.ts";
import { localRules } from "./adapters/local-rules.ts";
import { d1RecheckSweeps } from "./adapters/d1/recheck-sweeps.ts";
import { d1Restoration } from "./adapters/d1/restoration.ts";
import { restoredAtOf, type RestoredVariable } from "./core/base/restored-at.ts";
import { d1Nonces } from "./adapters/d1/nonces.ts";
import { sendOutgoing } from "./adapters/outgoing.ts";
import { d1Principals } from "./adapters/d1/principals.ts";
import { registryChain } from "./adapters/d1/registry-chain.ts";
import { publishedKeys } from "./adapters/signing/published-keys.ts";
import { ruleBook } from "./adapters/d1/policy-texts.ts";
import { registrySecrets, type RegistrySecrets } from "./adapters/vault/registry-secrets.ts";
import { d1Roster } from "./adapters/d1/roster.ts";
import { d1Sessions } from "./adapters/d1/sessions.ts";
import { ed25519Signer } from "./adapters/signing/signer.ts";
import { d1Switches } from "./adapters/d1/switches.ts";
import { turns } from "./adapters/turns.ts";
import { tokenVerifier } from "./adapters/oidc/token-verifier.ts";
import { fetchSecret } from "./adapters/vault/fetch-secret.ts";
import { d1Webhooks } from "./adapters/d1/webhooks.ts";
import { d1Reads } from "./adapters/d1/read-counts.ts";
import { callUpstream } from "./adapters/upstream/call.ts";
import { digestsInForce, keysInForce, type Secrets, secretsOf } from "./core/base/key-derivation.ts";
import { compileCandidate, compileRuleSet, type RuleSet } from "./config/rule-set.ts";
import { bodyLimitsOf } from "./core/base/body-limits.ts";
import { requestLimitsOf } from "./core/base/request-limits.ts";
import type { Ports, TokenKind } from "./ports/ports.ts";
import type { Roster } from "./ports/roster.ts";
import type { RuleBook } from "./ports/rules.ts";
import { settingsOf, type SettingVariables } from "./settings.ts";

/** Bindings of some deployments only. */
interface Optional extends Pick<SettingVariables, "LOCAL_SIGN_IN">, RestoredVariable {
  /** The local server, which watches the policy directory. */
  readonly LOCAL?: Fetcher;
  /** Earlier values of `GATE_SECRET`, newest first, separated by commas. */
  readonly GATE_SECRET_PREVIOUS?: string;
}

type Bindings = Env & Optional;

/** Dependencies of several groups of ports. */
interface Shared {
  readonly deploymentSecrets: Secrets;
  /** When the data were restored from a backup; null: never. */
  readonly restoredAt: number | null;
  readonly chain: ReturnType<typeof registryChain>;
  readonly book: RuleBook;
  readonly roster: Roster;
  readonly secrets: RegistrySecrets;
}

/** The rules bundled at deploy, compiled on first use: start-up time is limited on the platform. */
let bundled: RuleSet | undefined;

/** Ports by environment: an isolate has one, so its ports are built once. */
const portsByEnv = new WeakMap<object, Ports>();

/** Builds the ports from the platform's bindings; nothing else in `src` reads bindings. */
export function portsOf(env: Bindings): Ports {
  const ports = portsByEnv.get(env) ?? makePorts(env);
  portsByEnv.set(env, ports);
  return ports;
}

function makePorts(env: Bindings): Ports {
  const settings = settingsOf(env);
  const shared = sharedOf(env);
  return {
    ...intentPorts(env, shared),
    ...identityPorts(env, shared),
    ...signingPorts(env, shared),
    ...notificationPorts(env, shared),
    ...upstreamPorts(env, shared),
    settings,
    ahead: () => undefined,
    requestReads: (ports) => ({
      ...requestReads(env.DB, ports),
      intents: requestIntents(ports.intents),
    }),
  };
}

function sharedOf(env: Bindings): Shared {
  const deploymentSecrets = secretsOf(env);
  const roster = d1Roster(env.DB);
  const candidate: RuleBook["candidate"] = (texts) => compileCandidate(texts, unboundOf(env));
  const book = ruleBook(env.DB, rulesOf(env), candidate, roster);
  return {
    deploymentSecrets,
    restoredAt: restoredAtOf(env),
    chain: registryChain(env.DB, () => keysInForce(deploymentSecrets, "entry-mac")[0]),
    book,
    roster,
    secrets: registrySecrets(async () => (await book.current()).registry, fetchSecret, {
      send: sendOutgoing,
      variables: env,
      now: Date.now,
    }),
  };
}

/** Where `gate.yaml` does not say it; see `Registry.unboundDestinations`. */
function unboundOf({ LOCAL }: Bindings): "allow" | "block" {
  return LOCAL === undefined ? "block" : "allow";
}

function rulesOf({ LOCAL }: Bindings): () => Promise<RuleSet> {
  return LOCAL === undefined
    ? async () => (bundled ??= compileRuleSet({ ...BUNDLED, broken: [] }, "block"))
    : localRules(LOCAL, (texts) => compileRuleSet(texts, "allow"));
}

type IntentPorts = Pick<
  Ports,
  | "intents"
  | "counters"
  | "index"
  | "rules"
  | "sweeps"
  | "nonces"
  | "restoration"
  | "switches"
  | "idempotency"
  | "mandates"
  | "countRequest"
  | "streamOfLength"
  | "turns"
  | "bodySlots"
  | "readSlots"
>;

function intentPorts(env: Bindings, { deploymentSecrets, restoredAt, chain, book }: Shared): IntentPorts {
  return {
    intents: intentObjects(env.INTENTS),
    counters: agentCounters(env.AGENTS),
    index: d1IntentIndex(env.DB),
    rules: book,
    sweeps: d1RecheckSweeps(env.DB, env.EVENTS),
    nonces: d1Nonces(env.DB, restoredAt),
    restoration: d1Restoration(env.DB, chain, restoredAt),
    switches: d1Switches(env.DB, chain),
    idempotency: d1IdempotentAnswers(env.DB, () => keysInForce(deploymentSecrets, "idempotent-answer")),
    mandates: d1Mandates(env.DB, chain, () => keysInForce(deploymentSecrets, "mandate-reason")),
    countRequest: requestCounter(env.FLOOD, requestLimitsOf(env)),
    streamOfLength: (bytes) => new FixedLengthStream(bytes),
    turns: turns(),
    bodySlots: bodySlots(bodyLimitsOf(env).largeBodies),
    readSlots: bodySlots(bodyLimitsOf(env).largeBodies),
  };
}

type IdentityPorts = Pick<
  Ports,
  "principals" | "linkedIdentities" | "roster" | "sessions" | "tokens" | "signIn"
>;

function identityPorts(
  env: Bindings,
  { deploymentSecrets, restoredAt, chain, secrets, roster }: Shared,
): IdentityPorts {
  const adminKey = env.GATE_ADMIN_KEY || null;
  const signInKeys = () => keysInForce(deploymentSecrets, "sign-in");
  const documents = issuerDocuments(sendOutgoing);
  const tokens = tokenVerifier(documents);
  return {
    principals: d1Principals(env.DB, chain, adminKey),
    linkedIdentities: d1LinkedIdentities(env.DB, chain),
    roster,
    sessions: d1Sessions(env.DB, adminKey, signInKeys, restoredAt),
    tokens,
    signIn: codeFlow({
      db: env.DB,
      documents,
      tokens,
      send: sendOutgoing,
      secret: secrets.secret,
      sealKeys: signInKeys,
      restoredAt,
    }),
  };
}

type SigningPorts = Pick<Ports, "signer" | "log" | "deriveToken" | "acceptedTokens">;

function signingPorts(env: Bindings, { deploymentSecrets, restoredAt, chain }: Shared): SigningPorts {
  const seeds = () => keysInForce(deploymentSecrets, "signing-key");
  const signer = ed25519Signer(seeds, publishedKeys(env.DB, chain));
  const acceptedTokens: Ports["acceptedTokens"] = (kind, subject) =>
    digestsInForce(keysInForce(deploymentSecrets, `${kind}-token`), sinceRestore(kind, subject, restoredAt));
  return {
    signer,
    log: logObject(env.LOGS, env.DB, signer, env.GATE_ORIGIN),
    deriveToken: (kind, subject) => acceptedTokens(kind, subject)[0],
    acceptedTokens,
  };
}

/** Tokens that give their holder something; the others are digests that Gate looks up. */
const GRANTS: ReadonlySet<TokenKind> = new Set(["execution", "delivery", "link", "interaction"]);

/**
 * A restore voids what was handed out before it: a token that was used since the backup would live again. So the time of
 * the restore is part of the MAC.
 */
function sinceRestore(kind: TokenKind, subject: string, restoredAt: number | null): string {
  return restoredAt !== null && GRANTS.has(kind) ? `restored ${restoredAt}\n${subject}` : subject;
}

type NotificationPorts = Pick<Ports, "deliveries" | "webhooks" | "sendOutgoing">;

function notificationPorts(env: Bindings, { deploymentSecrets, chain }: Shared): NotificationPorts {
  return {
    deliveries: dispatchObject(env.DISPATCH, env.DB, forgetSilence),
    webhooks: d1Webhooks(env.DB, chain, () => keysInForce(deploymentSecrets, "webhook-secret")),
    sendOutgoing: sendOutgoing,
  };
}

type UpstreamPorts = Pick<Ports, "callUpstream" | "reads" | "secret" | "checkSecret">;

function upstreamPorts(env: Bindings, { secrets }: Shared): UpstreamPorts {
  return {
    callUpstream: callUpstream(secrets.credential),
    reads: d1Reads(env.DB),
    secret: secrets.secret,
    checkSecret: secrets.check,
  };
}
