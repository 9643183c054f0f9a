import type { Turns } from "./turns.ts";
import type { InjectionFailure } from "../core/outbound/inject-and-mask.ts";
import type { Result } from "../core/base/result.ts";
import type { CodeFlow, LinkedIdentities, Sessions, TokenVerifier } from "./identity.ts";
import type { TransparencyLog } from "./tlog.ts";
import type { Mandates } from "./mandates.ts";
import type { Deliveries, SendOutgoing, Webhooks } from "./notifications.ts";
import type { CallUpstream, Reads } from "./upstream.ts";
import type { VaultFailure } from "./vault.ts";
import type { BodySlots } from "./body-slots.ts";
import type { CountRequest } from "./request-counter.ts";
import type { Intents } from "./intents.ts";
import type { AgentCounters } from "./counters.ts";
import type { IntentIndex } from "./intent-index.ts";
import type { Principals } from "./principals.ts";
import type { RecheckSweeps } from "./recheck-sweeps.ts";
import type { RequestReads } from "./request-reads.ts";
import type { Roster } from "./roster.ts";
import type { RuleBook } from "./rules.ts";
import type { Restoration } from "./restoration.ts";
import type { Nonces } from "./nonces.ts";
import type { Switches } from "./switches.ts";
import type { IdempotentAnswers } from "./idempotency.ts";
import type { Settings } from "./settings.ts";
import type { Signer } from "./signer.ts";

/** `subject`, `group` and `shape` are keyed: a plain digest of a guessable payload could be found by trying candidates. */
export type TokenKind =
  | "execution"
  | "delivery"
  | "subject"
  | "link"
  | "interaction"
  | "group"
  | "shape"
  | "credential";

/** All side effects of doors and use cases. */
export interface Ports {
  readonly intents: Intents;
  readonly counters: AgentCounters;
  readonly index: IntentIndex;
  readonly principals: Principals;
  readonly rules: RuleBook;
  readonly sweeps: RecheckSweeps;
  readonly restoration: Restoration;
  readonly nonces: Nonces;
  readonly switches: Switches;
  readonly idempotency: IdempotentAnswers;
  readonly signer: Signer;
  readonly log: TransparencyLog;
  readonly linkedIdentities: LinkedIdentities;
  readonly roster: Roster;
  readonly sessions: Sessions;
  readonly tokens: TokenVerifier;
  readonly signIn: CodeFlow;
  readonly mandates: Mandates;
  readonly deliveries: Deliveries;
  readonly webhooks: Webhooks;
  readonly sendOutgoing: SendOutgoing;
  readonly callUpstream: CallUpstream;
  readonly reads: Reads;
  /** A stored secret of the registry, fetched now. */
  secret(name: string): Promise<Result<string, VaultFailure>>;
  /**
   * Whether this credential can be fetched and injected now, and when an access token ends (null: a stored secret). It
   * is fetched as for a use, and forgotten.
   */
  checkSecret(name: string): Promise<Result<number | null, VaultFailure | InjectionFailure>>;
  readonly countRequest: CountRequest;
  /** A stream whose length a response tells its client: one that breaks off is seen to. */
  readonly streamOfLength: (bytes: number) => TransformStream<Uint8Array, Uint8Array>;
  readonly turns: Turns;
  readonly bodySlots: BodySlots;
  /** The same for stored bodies that are being read: who reads slowly keeps nobody from sending. */
  readonly readSlots: BodySlots;
  /** HMAC of the subject under the deployment's current secret, hexadecimal: to issue a token, or to store a digest. */
  deriveToken(kind: TokenKind, subject: string): string;
  /**
   * The same under every secret in force, the current one's first: to verify a token, or to look a digest up. A look-up
   * of the current one's alone would fail open after a rotation.
   */
  acceptedTokens(kind: TokenKind, subject: string): readonly [string, ...string[]];
  readonly settings: Settings;
  readonly ahead: RequestReads["ahead"];
  /** For one request, out of the ports that read each time. */
  requestReads(ports: Omit<RequestReads, "ahead">): RequestReads;
}
