import type { Rules } from "../core/policy/evaluate.ts";
import type { History, HistoryNeed } from "../core/policy/history.ts";
import type { InForce, IntentCommand } from "../core/intent/command.ts";
import type { NumberedNote } from "../core/intent/entries.ts";
import type { Fate } from "../core/intent/counter-effect.ts";
import type { Phase } from "../core/intent/phase.ts";
import type { IntentRow } from "../core/intent/read-model.ts";
import type { Refusal } from "../core/intent/refusal.ts";
import type { IntentState, Terms } from "../core/intent/state.ts";
import type { JsonObject } from "../core/base/json.ts";
import type { SwitchReason, SwitchTarget } from "../core/policy/kill-switch.ts";
import type { Entry } from "../core/ledger/entry.ts";
import type { HttpWrite } from "../core/outbound/http-write.ts";
import type { Header } from "../core/outbound/header-names.ts";
import type { PutInFailure } from "../core/outbound/inject-and-mask.ts";
import type { Principal, PrincipalStatus, Role } from "../core/identity/principal.ts";
import type { Result } from "../core/base/result.ts";
import type { CodeFlow, Credentials, Sessions, TokenVerifier } from "./identity.ts";
import type { Log } from "./tlog.ts";
import type { Mandates } from "./mandates.ts";
import type { Deliveries, SendOutgoing, Webhooks } from "./notifications.ts";
import type { CallUpstream, Reads } from "./upstream.ts";
import type { VaultFailure } from "./vault.ts";

/** The queryable copy of the truth. Every method either did all of it or throws. */
export interface Ledger {
  /**
   * Entries of one intent with the row they lead to, in one transaction. Appending again what is there is
   * harmless; a different entry at a taken place fails it all.
   */
  append(entries: readonly Entry[], row: IntentRow): Promise<void>;
}

/** A fresh intent, as the use case made it. Payload and JSON cross the object's border as bytes and text. */
export interface Proposal {
  readonly terms: Terms;
  readonly salt: Uint8Array;
  /** JSON text of the ask. */
  readonly ask: string;
  /** JSON text of the decision. */
  readonly decision: string;
  readonly payload: {
    readonly kind: "none" | "content" | "reference";
    readonly bytes: Uint8Array;
    readonly name: string | null;
    readonly mediaType: string | null;
  };
  /** True: what is approved at once is begun at once by whoever proposes, and goes to D1 with that. */
  readonly attended: boolean;
}

export interface ProposeReply {
  /** True: this key was used before, and nothing new was made. */
  readonly repeated: boolean;
  readonly state: IntentState;
}

export interface Acted {
  readonly state: IntentState;
  /** False when what was asked for held already. */
  readonly changed: boolean;
}

/** All that is known of one intent, for those who may see it. */
export interface Dossier {
  readonly state: IntentState;
  readonly entries: readonly Entry[];
  readonly notes: readonly NumberedNote[];
  /** What commitments are made with; another one once the intent was erased. */
  readonly salt: Uint8Array;
  /** What was asked and how it was decided; null once it was erased. */
  readonly case: {
    /** JSON text of the ask. */
    readonly ask: string;
    /** JSON text of the decision. */
    readonly decision: string;
    readonly payload: {
      readonly kind: "none" | "content" | "reference";
      readonly bytes: number;
      readonly name: string | null;
      readonly mediaType: string | null;
    };
  } | null;
}

/** A write that Gate may send now: ordered, claimed, and on the ledger. */
export interface Sending {
  readonly state: IntentState;
  /** Id of the order it is sent under. */
  readonly order: string;
  readonly http: HttpWrite;
  /** The payload's bytes; null where there are none, or the caller holds them. */
  readonly body: Uint8Array | null;
}

/** What an upstream answered to a write, as the agent gets it: masked, and its body cut off where it is too long. */
export interface KeptResponse {
  readonly status: number;
  /** Lower case. */
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  /** True: there was more of it. */
  readonly truncated: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** One intent, wherever its object lives. */
export interface Intent {
  readonly id: string;
  propose(proposal: Proposal): Promise<Result<ProposeReply, Refusal>>;
  act(command: IntentCommand): Promise<Result<Acted, Refusal>>;
  /**
   * Orders and claims a write that Gate sends; the ledger has it when this resolves.
   *
   * @param attempt a text of the caller's own: the same attempt, asked for again, is told the same
   * @param hasBody true: the caller holds the payload's bytes, and is not told them again
   */
  begin(inForce: InForce, attempt: string, hasBody: boolean): Promise<Result<Sending, Refusal>>;
  /** Reports what came of it, and keeps the answer, in one commit. */
  finish(
    report: Extract<IntentCommand, { type: "report" }>,
    response: KeptResponse | null,
  ): Promise<Result<Acted, Refusal>>;
  /** Null: there is none, or none any more. */
  response(): Promise<KeptResponse | null>;
  look(): Promise<IntentState | null>;
  dossier(): Promise<Dossier | null>;
  payload(): Promise<Uint8Array | null>;
  /** Records that an equal proposal came again, without a key, and was answered with this intent. */
  repeated(by: string): Promise<IntentState | null>;
  /** The state once it has left this phase, or as it is when the time is over; null: never proposed. */
  waitWhile(phase: Phase, timeoutMs: number): Promise<IntentState | null>;
  /** `at`: the deadline that the queue's message was sent for, where it says so. */
  tick(at?: number | null): Promise<void>;
}

export interface Intents {
  /** An intent nobody has used yet. */
  fresh(): Intent;
  /** The one intent of this agent and key, used or not. */
  keyed(agent: string, key: string): Intent;
  /** Null for text that names no intent of this deployment; no object is made to find out. */
  find(id: string): Intent | null;
}

/** The message that makes a deadline happen in time. */
export interface DeadlineMessage {
  readonly type: "deadline";
  readonly intent: string;
  /** Milliseconds since the epoch: the deadline it is about, which may be over or moved when it arrives. */
  readonly at: number;
}

/** Says that a write waits to be sent. */
export interface SendMessage {
  readonly type: "send";
  readonly intent: string;
}

/** An intent about to be decided, as its agent's counters see it. */
export interface Reservation {
  readonly intent: string;
  readonly destination: string;
  /** What makes two proposals the same: the payload's digest, or the request's where there is no payload. */
  readonly subject: string;
  readonly records: number;
  readonly cents: number;
  /** Ids of the policies it counts under. */
  readonly policies: readonly string[];
  /** When it stops counting, should nobody confirm it. Milliseconds since the epoch. */
  readonly lapsesAt: number;
  /** The intent whose place this one takes, which counts no more; null: none. */
  readonly replaces: string | null;
}

/** What became of an intent: it counts on, it gave back what it took, or a person said no to it. */
export interface Settlement {
  readonly intent: string;
  readonly fate: Fate;
  readonly subject: string;
  readonly at: number;
}

/** The exact counters of agents. */
export interface AgentCounters {
  of(agent: string): {
    /** Counts what came before this intent, and from now on this intent too. */
    reserve(reservation: Reservation, need: HistoryNeed): Promise<History>;
    /** Counts, and leaves no trace. */
    peek(reservation: Reservation, need: HistoryNeed): Promise<History>;
    release(intent: string): Promise<void>;
    settle(settlement: Settlement): Promise<void>;
  };
}

export interface IntentFilter {
  /** Null: any. An empty list matches nothing. */
  readonly phases: readonly Phase[] | null;
  readonly agent: string | null;
  /** Null: any. An empty list matches nothing. */
  readonly destinations: readonly string[] | null;
  readonly policy: string | null;
  /** See `Terms.group`. */
  readonly group: string | null;
  /** Milliseconds since the epoch: at or after, and before. */
  readonly since: number | null;
  readonly until: number | null;
  /** The last row of the page before. */
  readonly after: { readonly createdAt: number; readonly id: string } | null;
  /** 1 to 200. */
  readonly limit: number;
}

export interface Metrics {
  readonly byPhase: ReadonlyMap<string, number>;
  /** Attempts that were answered with an earlier intent. */
  readonly duplicates: number;
  /** Mean time from proposal to a person's approval; null while there is none. */
  readonly approvalLatencyMs: number | null;
}

/** Lists and counts of intents. */
export interface IntentIndex {
  /** Newest first. */
  list(filter: IntentFilter): Promise<readonly IntentRow[]>;
  /** Counts over all intents, or over one agent's. */
  metrics(agent: string | null): Promise<Metrics>;
  /** Pending intents that are alike, the largest groups first. */
  groups(limit: number): Promise<readonly PendingGroup[]>;
}

export interface PendingGroup {
  readonly group: string;
  readonly count: number;
  readonly agent: string;
  readonly destination: string;
  readonly policy: string;
  /** Sums over those whose numbers are known; null: none is. */
  readonly records: number | null;
  readonly valueCents: number | null;
  /** Milliseconds since the epoch. */
  readonly oldest: number;
  /** Null: they wait on without a deadline. */
  readonly nextDeadline: number | null;
}

export type NewPrincipal = Omit<Principal, "status">;

export interface Principals {
  /** Who holds this key. `cached` may be up to 10 s old: only for answers that lead to nothing by themselves. */
  byKey(key: string, age: "fresh" | "cached"): Promise<Principal | null>;
  get(id: string): Promise<Principal | null>;
  /** By its name, exactly as it was registered. */
  named(name: string): Promise<Principal | null>;
  /** Oldest first. */
  list(page: { readonly after: string | null; readonly limit: number }): Promise<readonly Principal[]>;
  /** Names are unique; `actor` is who did it, for the ledger. */
  register(principal: NewPrincipal, key: string, actor: string): Promise<Result<void, "name_taken">>;
  setStatus(id: string, status: PrincipalStatus, actor: string): Promise<void>;
  setRole(id: string, role: Role, actor: string): Promise<void>;
  /** The key its reports are verified with; null takes it back. Base64url of 32 bytes. */
  setReportKey(id: string, publicKey: string | null, actor: string): Promise<void>;
  /** Every key it had stops; the new one is the only one. */
  rotateKey(id: string, key: string, actor: string): Promise<void>;
}

/** The policies and the registry in force now. */
export interface RuleBook {
  current(): Promise<Rules>;
  /** Ids of all policies that could be named, broken ones included. */
  ids(): Promise<readonly string[]>;
  /** The text behind a policy hash that decided something; null when it never did. */
  text(hash: string): Promise<{ readonly id: string; readonly text: string } | null>;
  /** Keeps the texts of these policies by hash, before anything is decided on them. */
  keep(hashes: readonly string[]): Promise<void>;
}

/** Numbers that make a decision impossible to replay. */
export interface Nonces {
  issue(principal: string, now: number): Promise<{ readonly nonce: string; readonly expiresAt: number }>;
  use(
    nonce: string,
    principal: string,
    now: number,
  ): Promise<Result<void, "nonce_unknown" | "nonce_expired">>;
}

/** A kill switch that is engaged. */
export interface EngagedSwitch extends SwitchTarget {
  /** 1 for the first time it was engaged; one more with every change. */
  readonly version: number;
  readonly reason: SwitchReason;
  /** A number in somebody's tracker. */
  readonly ticket: string | null;
  /** Id of the principal who threw it. */
  readonly actor: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Kill switches. Whatever can't be read throws: nothing is let through on a guess. */
export interface Switches {
  /** All that are engaged. `cached` may be up to 10 s old: only for proposals, which lead to nothing by themselves. */
  engaged(age: "fresh" | "cached"): Promise<readonly EngagedSwitch[]>;
  /** What is engaged already stays as it is. `actor` is who did it, for the ledger. */
  engage(
    wanted: SwitchTarget,
    why: Pick<EngagedSwitch, "reason" | "ticket">,
    actor: string,
  ): Promise<Result<{ readonly changed: boolean; readonly state: EngagedSwitch }, "too_many_switches">>;
  /** Lifting what is not engaged changes nothing; version 0 was never engaged. */
  lift(wanted: SwitchTarget, actor: string): Promise<{ readonly changed: boolean; readonly version: number }>;
}

/** A request that carries an Idempotency-Key. */
export interface KeyedRequest {
  /** Whose key it is; another principal's equal key is another key. */
  readonly principal: string;
  readonly key: string;
  /** All that makes two requests the same. */
  readonly subject: string;
  /** An unused intent's id: where a proposal is made, should this be the first attempt. */
  readonly intent: string;
}

/** What a keyed request was answered, its secrets left out. */
export interface KeptAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: JsonObject;
  /** Members of the body that were left out, and are null in it. */
  readonly withheld: readonly string[];
}

/** The right to carry a keyed request out. */
export interface KeyedAttempt {
  /** Where a proposal under this key is made, the same for every attempt. */
  readonly intent: string;
  /** True: an earlier attempt ended without an answer, and may have done its work. */
  readonly again: boolean;
  /** Keeps the answer for at least 24 hours from now. */
  keep(answer: KeptAnswer): Promise<void>;
  /** Lets the same request try again at once. `undone`: this one had no effect, so the key is as good as new. */
  release(undone: boolean): Promise<void>;
}

export type Begun =
  | { readonly kind: "first"; readonly attempt: KeyedAttempt }
  | { readonly kind: "kept"; readonly answer: KeptAnswer }
  | { readonly kind: "in_flight" }
  /** The key was used for another request. */
  | { readonly kind: "reused" };

/** Answers by Idempotency-Key. Of many equal requests at once, one is the first. */
export interface IdempotentAnswers {
  begin(request: KeyedRequest): Promise<Begun>;
}

/** A public key as RFC 7517 writes it. */
export interface PublicKey {
  readonly kty?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly kid?: string;
}

/** Gate's own signature: Ed25519, under a key derived from the deployment's secret. */
export interface Signer {
  /** A compact JWS with this explicit type. */
  signJws(typ: string, claims: object): Promise<string>;
  signBytes(bytes: Uint8Array): Promise<{
    readonly kid: string;
    /** 32 bytes. */
    readonly publicKey: Uint8Array;
    /** 64 bytes. */
    readonly signature: Uint8Array;
  }>;
  /** Every key that ever signed, newest first. */
  publicKeys(): Promise<readonly PublicKey[]>;
}

/** `subject` and `group` name what payloads are or look like, so that nobody else can tell what that was. */
export type TokenKind = "execution" | "delivery" | "subject" | "link" | "interaction" | "group";

/** Everything the doors and the use case reach the world through. */
export interface Ports {
  readonly intents: Intents;
  readonly counters: AgentCounters;
  readonly index: IntentIndex;
  readonly principals: Principals;
  readonly rules: RuleBook;
  readonly nonces: Nonces;
  readonly switches: Switches;
  readonly answers: IdempotentAnswers;
  readonly signer: Signer;
  readonly log: Log;
  readonly credentials: Credentials;
  readonly sessions: Sessions;
  readonly tokens: TokenVerifier;
  readonly signIn: CodeFlow;
  readonly mandates: Mandates;
  readonly deliveries: Deliveries;
  readonly webhooks: Webhooks;
  readonly send: SendOutgoing;
  readonly call: CallUpstream;
  readonly reads: Reads;
  /** A credential of the registry, fetched now; null: it is not to be had. */
  secret(name: string): Promise<string | null>;
  /** Can this credential be had and put in now? It is fetched as for a use, and forgotten. */
  checkSecret(name: string): Promise<Result<void, VaultFailure | PutInFailure>>;
  /** False once an agent has proposed more than the flood limit within a minute. */
  allowProposal(agent: string): Promise<boolean>;
  /** A one-time token, derived anew each time it is needed and never stored. */
  token(kind: TokenKind, subject: string): string;
  /** The same under the deployment's earlier secrets: a token given out before a change of secret still counts. */
  earlierTokens(kind: TokenKind, subject: string): readonly string[];
  readonly settings: {
    readonly maxPayloadBytes: number;
    /** How much of an upstream's answer to a write is kept. */
    readonly maxResponseBytes: number;
    /** Header in which agents may show their key, lower case; `Authorization` stays free. */
    readonly keyHeader: string;
    readonly publicFeed: boolean;
    /** How this deployment names itself in what it signs. */
    readonly origin: string;
    readonly version: string;
    /** Where people reach this Gate, for links in messages; null: the operator did not say. */
    readonly publicUrl: string | null;
    /** True: the local server was told to let people of the registry sign in without a key, for development. */
    readonly localSignIn: boolean;
  };
}
