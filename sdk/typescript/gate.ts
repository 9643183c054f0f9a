import { GateError } from "./gate-error.ts";
import { localAgentKey } from "./local-key.ts";
import { inBothCases, knownOptions } from "./names.ts";
import { MAX_PAYLOAD_BYTES, type PayloadInput, wirePayload } from "./payload.ts";
import { proposalBody } from "./proposal.ts";
import { upstreamResponse } from "./response.ts";
import { environment, requireSupportedRuntime } from "./runtime.ts";
import { send, type WireRequest } from "./transport.ts";
import type {
  Answer,
  ApprovalListOptions,
  AuditTrail,
  BatchDecision,
  DecideOptions,
  EditOptions,
  ExecuteOptions,
  ExecutionOption,
  ExecutionOrder,
  Intent,
  IntentList,
  IntentOption,
  ListOptions,
  ProposeOptions,
  ProposeResult,
  ReportOptions,
  UpstreamResponse,
  WaitOptions,
  WaitResult,
  WebhookOptions,
} from "./types.ts";
import { waitUntilDecided } from "./wait.ts";

export { GateError } from "./gate-error.ts";
export type * from "./types.ts";
export { signReport } from "./sign-report.ts";
export type { PrivateKey, ReportClaims } from "./sign-report.ts";
export { verifyOrder } from "./verify-order.ts";
export type { PublicKeySet, VerifiedOrder, VerifyOrderOptions } from "./verify-order.ts";

export interface GateOptions {
  /** Gate's address, for example `http://localhost:4000`. Default: `GATE_ENDPOINT`. */
  readonly endpoint?: string | URL;
  /** The agent's key. Default: `GATE_API_KEY`; for a local server, the key that it stored for this user. */
  readonly apiKey?: string;
  /** A reviewer's key, for approving, rejecting and revoking. Default: `GATE_REVIEWER_KEY`, then the agent's key. */
  readonly reviewerKey?: string;
  /** Milliseconds for one request. Default: 30,000. */
  readonly timeoutMs?: number;
  /** Default: the runtime's own. */
  readonly fetch?: typeof globalThis.fetch;
  /** False: a payload that names a file is sent as plain text. Default: true. */
  readonly readFiles?: boolean;
  /** The SDK refuses larger payloads before sending. Default: 10 MiB, the server's own default. */
  readonly maxPayloadBytes?: number;
}

/** The type that each option of the constructor must have, where it is given. */
const CONSTRUCTOR_OPTIONS = {
  endpoint: isTextOrUrl,
  apiKey: isText,
  reviewerKey: isText,
  timeoutMs: (value: unknown) => typeof value === "number" && value > 0 && value < Infinity,
  fetch: (value: unknown) => typeof value === "function",
  readFiles: (value: unknown) => typeof value === "boolean",
  maxPayloadBytes: (value: unknown) => typeof value === "number" && value >= 0,
} as const satisfies Record<keyof GateOptions, (value: unknown) => boolean>;

const CONSTRUCTOR_NAMES: ReadonlySet<keyof GateOptions> = new Set(
  Object.keys(CONSTRUCTOR_OPTIONS) as (keyof GateOptions)[],
);

const DEFAULT_TIMEOUT_MS = 30_000;

/** People decide within minutes or hours; a caller that waits longer sets `timeout`. */
const DEFAULT_WAIT_MS = 300_000;

/** Each option of a decision and its name on the wire. */
const DECISION_WIRE_NAMES = {
  decision: "decision",
  reason: "reason",
  nonce: "nonce",
  decidedAt: "decided_at",
  digest: "digest",
  intentDigest: "intent_digest",
  onBehalfOfPrincipal: "on_behalf_of_principal",
} as const;

const DECIDE_OPTIONS = new Set([
  "intentId",
  "reason",
  "nonce",
  "decidedAt",
  "digest",
  "intentDigest",
  "onBehalfOfPrincipal",
] as const);
const BATCH_OPTIONS = new Set(["intentId", "decision", "digest", "reason", "onBehalfOfPrincipal"] as const);
const EDIT_OPTIONS = new Set([
  "intentId",
  "payload",
  "payloadName",
  "payloadMediaType",
  "recordCount",
  "estimatedValueUsd",
  "reason",
  "digest",
  "approve",
] as const);
const WAIT_OPTIONS = new Set(["intentId", "timeout", "signal", "followEdits"] as const);
const APPROVAL_LIST_OPTIONS = new Set([
  "group",
  "mine",
  "agent",
  "destination",
  "policy",
  "limit",
  "after",
] as const);
const LIST_OPTIONS = new Set([
  "status",
  "destination",
  "policy",
  "agent",
  "since",
  "until",
  "limit",
  "after",
] as const);
const REPORT_OPTIONS = new Set([
  "executionId",
  "status",
  "result",
  "executedAt",
  "retryable",
  "executionToken",
] as const);

/**
 * A client of Gate. Options may be written in camelCase or snake_case; every response has both.
 *
 * Every verdict resolves, also `blocked`: read `status`. A call that Gate refused or that failed throws a
 * {@link GateError}.
 */
export class Gate {
  readonly #endpoint: URL;
  readonly #options: Omit<GateOptions, "endpoint">;

  /** @throws {GateError} `invalid_option` */
  constructor(options: GateOptions = {}) {
    requireSupportedRuntime();
    const { endpoint = environment("GATE_ENDPOINT"), ...rest } = constructorOptions(options);
    this.#endpoint = endpointOf(endpoint);
    this.#options = rest;
  }

  /** Proposes a write. `blocked` and `duplicate_blocked` resolve like any other verdict. */
  async propose(options: ProposeOptions): Promise<ProposeResult> {
    return this.#proposal("/v1/intents", options);
  }

  /** Evaluates a proposal without creating an intent. */
  async check(options: ProposeOptions): Promise<ProposeResult> {
    return this.#proposal("/v1/intents?dry_run=true", options);
  }

  /** Approves a held intent, with the reviewer's key. */
  async approve(options: DecideOptions): Promise<Answer> {
    return this.#decide("approve", options);
  }

  async reject(options: DecideOptions): Promise<Answer> {
    return this.#decide("reject", options);
  }

  /** Up to 100 decisions in one call; `results` has one result for each, in the same order. */
  async batch(decisions: readonly BatchDecision[]): Promise<Answer> {
    const body = {
      decisions: decisions.map((decision) => {
        const { intentId, ...rest } = knownOptions(decision, BATCH_OPTIONS);
        return { intentId: requireId(intentId, "intentId"), ...decisionBody(rest) };
      }),
    };
    return this.#reviewer({ method: "POST", path: "/v1/approvals/batch", body, repeatable: false });
  }

  /** Replaces a held intent's payload, where the policy allows edits: that creates a successor. */
  async edit(options: EditOptions): Promise<Answer> {
    const { intentId, payload, payloadName, payloadMediaType, ...rest } = knownOptions(options, EDIT_OPTIONS);
    if (payload === undefined) throw new GateError("payload is required", { code: "invalid_option" });
    const { readFiles = true, maxPayloadBytes = MAX_PAYLOAD_BYTES } = this.#options;
    const sent = await wirePayload(payload as PayloadInput, { readFiles, maxBytes: maxPayloadBytes });
    const body = {
      ...sent,
      ...rest,
      ...(payloadName === undefined ? {} : { payload_name: payloadName }),
      ...(payloadMediaType === undefined ? {} : { payload_media_type: payloadMediaType }),
    };
    const path = `${intentPath({ intentId: String(intentId ?? "") })}/edit`;
    return this.#reviewer({ method: "POST", path, body, repeatable: false });
  }

  /** Pending intents, newest first, with the reviewer's key. */
  async approvals(options: ApprovalListOptions = {}): Promise<Answer> {
    const path = `/v1/approvals${queryOf(knownOptions(options, APPROVAL_LIST_OPTIONS))}`;
    return this.#reviewer({ method: "GET", path, repeatable: true });
  }

  /** Groups of similar pending intents, the largest first. */
  async approvalGroups(): Promise<Answer> {
    return this.#reviewer({ method: "GET", path: "/v1/approvals/groups", repeatable: true });
  }

  async cancelApproval(options: DecideOptions): Promise<Answer> {
    return this.#decide("cancel-approval", options);
  }

  /** Stops an intent that was held, approved or ordered, with the reviewer's key. */
  async revoke(options: DecideOptions): Promise<Answer> {
    return this.#decide("revoke", options);
  }

  /** Withdraws one of the agent's own intents. */
  async withdraw(options: IntentOption): Promise<Answer> {
    return this.#agent({
      method: "POST",
      path: `${intentPath(options)}/withdraw`,
      body: {},
      repeatable: false,
    });
  }

  /**
   * Resolves once a person has decided, or the intent has expired: read `status`. The server holds each call open, so
   * the response comes with the decision. Transient failures are retried.
   *
   * @throws {GateError} `timeout` when no decision came in time; the signal's reason when that aborts
   */
  async wait(intent: string | (IntentOption & WaitOptions), options: WaitOptions = {}): Promise<WaitResult> {
    const named = typeof intent === "string" ? { intentId: intent } : intent;
    const given = { ...knownOptions(named, WAIT_OPTIONS), ...knownOptions(options, WAIT_OPTIONS) };
    const { timeout = DEFAULT_WAIT_MS, signal, followEdits = true } = given;
    if (typeof timeout !== "number" || !(timeout >= 0)) {
      throw new GateError("timeout is a number of milliseconds", { code: "invalid_option" });
    }
    return waitUntilDecided({
      intentId: requireId(given.intentId, "intentId"),
      timeoutMs: timeout,
      followEdits: followEdits === true,
      signal: signal as AbortSignal | undefined,
      poll: async (intentId, seconds, until) => {
        const path = `${intentPath({ intentId })}/wait?timeout=${seconds}`;
        const body = await this.#agent({ method: "GET", path, repeatable: false, signal: until });
        const { successor_id: successor } = body;
        return {
          answer: body as unknown as WaitResult,
          decided: body["decided"] === true,
          successor: typeof successor === "string" ? successor : null,
        };
      },
    });
  }

  /** The one-time order for an approved intent. A repeated call returns the same order until it ends. */
  async execute(options: ExecuteOptions): Promise<ExecutionOrder> {
    const { mode } = options;
    const body = mode === undefined ? {} : { mode };
    const path = `${intentPath(options)}/execute`;
    return (await this.#agent({ method: "POST", path, body, repeatable: true })) as unknown as ExecutionOrder;
  }

  /** Reports the outcome of an order, authenticated by the order's token instead of the agent's key. */
  async report(options: ReportOptions): Promise<ExecutionOrder> {
    const { executionId, executionToken, executedAt, ...rest } = knownOptions(options, REPORT_OPTIONS);
    const path = executionPath({ executionId: String(executionId ?? "") });
    const key = typeof executionToken === "string" ? executionToken : await this.#tokenOf(path);
    const body = { ...rest, ...(executedAt === undefined ? {} : { executed_at: executedAt }) };
    // Not repeatable: a second report is refused, and this one may have arrived.
    const request = { method: "POST", path: `${path}/report`, key, body, repeatable: false } as const;
    return (await this.#send(request)) as unknown as ExecutionOrder;
  }

  async getExecution(options: ExecutionOption): Promise<ExecutionOrder> {
    return (await this.#read(executionPath(options))) as unknown as ExecutionOrder;
  }

  /** The intent in full, with its ledger in `auditTrail`. */
  async verify(options: IntentOption): Promise<Intent> {
    return this.getIntent(options);
  }

  async getIntent(options: IntentOption): Promise<Intent> {
    return (await this.#read(intentPath(options))) as unknown as Intent;
  }

  async audit(options: IntentOption): Promise<AuditTrail> {
    return (await this.#read(`${intentPath(options)}/audit`)) as unknown as AuditTrail;
  }

  async decision(options: IntentOption): Promise<Answer> {
    return this.#read(`${intentPath(options)}/decision`);
  }

  /**
   * The upstream's response to a write that Gate sent.
   *
   * @throws {GateError} `no_response`: there is none (yet); the message says why
   */
  async response(intent: string | IntentOption): Promise<UpstreamResponse> {
    const path = intentPath(typeof intent === "string" ? { intentId: intent } : intent);
    return upstreamResponse(await this.#read(`${path}/response?format=json`));
  }

  /** Intents, newest first; an agent sees its own. */
  async list(options: ListOptions = {}): Promise<IntentList> {
    const path = `/v1/intents${queryOf(knownOptions(options, LIST_OPTIONS))}`;
    return (await this.#read(path)) as unknown as IntentList;
  }

  /** A one-time link for fetching an approved intent's payload. */
  async deliver(options: IntentOption): Promise<Answer> {
    const body = { intentId: intentIdOf(options) };
    return this.#agent({ method: "POST", path: "/v1/deliver", body, repeatable: false });
  }

  /** Registers a URL to which Gate sends one intent's decision, once, signed with the secret. */
  async registerWebhook(options: WebhookOptions): Promise<Answer> {
    const { url, secret } = options;
    const body = { intentId: intentIdOf(options), url, secret };
    return this.#agent({ method: "POST", path: "/v1/webhooks/register", body, repeatable: false });
  }

  /** The deployment's capabilities; needs no key. */
  async discover(): Promise<Answer> {
    return this.#send({ method: "GET", path: "/.well-known/gate", key: null, repeatable: true });
  }

  async #proposal(path: string, options: ProposeOptions): Promise<ProposeResult> {
    const body = await proposalBody(options, this.#options);
    return (await this.#agent({ method: "POST", path, body, repeatable: false })) as unknown as ProposeResult;
  }

  async #decide(verb: string, options: DecideOptions): Promise<Answer> {
    const { intentId, ...rest } = knownOptions(options, DECIDE_OPTIONS);
    const path = `${intentPath({ intentId: String(intentId ?? "") })}/${verb}`;
    return this.#reviewer({ method: "POST", path, body: decisionBody(rest), repeatable: false });
  }

  async #tokenOf(path: string): Promise<string> {
    const { execution_token: token } = await this.#read(path);
    if (typeof token === "string") return token;
    throw new GateError("this key cannot read the order's token: pass executionToken", {
      code: "no_execution_token",
    });
  }

  #read(path: string): Promise<Record<string, unknown>> {
    return this.#agent({ method: "GET", path, repeatable: true });
  }

  async #reviewer(request: Omit<WireRequest, "key">): Promise<Record<string, unknown>> {
    const key = this.#options.reviewerKey ?? environment("GATE_REVIEWER_KEY") ?? (await this.#agentKey());
    return this.#send({ ...request, key });
  }

  async #agent(request: Omit<WireRequest, "key">): Promise<Record<string, unknown>> {
    return this.#send({ ...request, key: await this.#agentKey() });
  }

  async #agentKey(): Promise<string> {
    // Read for each request: a local server that restarts with new data has a new key.
    const key = this.#options.apiKey ?? environment("GATE_API_KEY") ?? (await localAgentKey(this.#endpoint));
    if (key !== null && key !== "") return key;
    throw new GateError(
      "no API key: pass apiKey, set GATE_API_KEY, or start a local server (`npx zehrava-gate`), which stores one",
      { code: "no_api_key" },
    );
  }

  async #send(request: WireRequest): Promise<Record<string, unknown>> {
    const body = await send(
      {
        endpoint: this.#endpoint,
        timeoutMs: this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        // An arrow function: some runtimes throw "Illegal invocation" unless `fetch` is called on the global object.
        fetch: this.#options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      },
      request,
    );
    return inBothCases(body);
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isTextOrUrl(value: unknown): boolean {
  return typeof value === "string" || value instanceof URL;
}

/** An unknown option is an error: with a misspelt `apikey` dropped silently, another key would be used. */
function constructorOptions(options: GateOptions): GateOptions {
  if (typeof options !== "object" || options === null) {
    throw new GateError("Gate takes one object of options", { code: "invalid_option" });
  }
  const given = knownOptions(options, CONSTRUCTOR_NAMES);
  for (const [name, value] of Object.entries(given)) {
    if (CONSTRUCTOR_OPTIONS[name as keyof GateOptions](value)) continue;
    throw new GateError(`${name} can't be ${value === null ? "null" : `this ${typeof value}`}`, {
      code: "invalid_option",
    });
  }
  return given as GateOptions;
}

function endpointOf(endpoint: string | URL | undefined): URL {
  if (endpoint === undefined || endpoint === "") {
    throw new GateError("endpoint is required", { code: "invalid_option" });
  }
  const url = URL.canParse(String(endpoint)) ? new URL(endpoint) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new GateError(`endpoint must be an http or https URL: ${String(endpoint)}`, {
      code: "invalid_option",
    });
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new GateError("endpoint must not contain credentials, a query or a fragment", {
      code: "invalid_option",
    });
  }
  return url;
}

function decisionBody(decision: Partial<Record<keyof typeof DECISION_WIRE_NAMES, unknown>>): object {
  const { digest, intentDigest } = decision;
  if (digest !== undefined && intentDigest !== undefined && digest !== intentDigest) {
    throw new GateError("digest and intentDigest differ", { code: "invalid_option" });
  }
  const named = Object.entries(decision).map(([name, value]) => [
    DECISION_WIRE_NAMES[name as keyof typeof DECISION_WIRE_NAMES],
    value,
  ]);
  return Object.fromEntries(named) as object;
}

function queryOf(values: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) query.set(name, String(value));
  return query.size === 0 ? "" : `?${query.toString()}`;
}

function intentIdOf(options: IntentOption): string {
  const { intentId, intent_id: snake } = options;
  return requireId(intentId ?? snake, "intentId");
}

function intentPath(options: IntentOption): string {
  return `/v1/intents/${encodeURIComponent(intentIdOf(options))}`;
}

function executionPath(options: ExecutionOption): string {
  const { executionId, execution_id: snake } = options;
  return `/v1/executions/${encodeURIComponent(requireId(executionId ?? snake, "executionId"))}`;
}

/** Refuses an empty id and dot segments, with which the URL would address another resource. */
function requireId(id: unknown, name: string): string {
  if (typeof id === "string" && id !== "" && id !== "." && id !== "..") return id;
  throw new GateError(`${name} is required`, { code: "invalid_option" });
}
