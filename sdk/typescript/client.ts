import type {
  Answer,
  AuditTrail,
  ExecutionOrder,
  Intent,
  IntentList,
  IntentRow,
  ProposeResult,
  UpstreamResponse,
  WaitResult,
  WriteResult,
} from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import { connect } from "./connect.ts";
import type { Connection, GateOptions } from "./connection.ts";
import { batch, decide, edit } from "./decisions.ts";
import { claim, execute, getExecution, heartbeat, report } from "./executions.ts";
import type { Routes } from "./generated/routes.ts";
import { guard, type Guarded, type GuardOptions } from "./guard.ts";
import type {
  ApprovalListOptions,
  BatchDecision,
  DecideOptions,
  EditOptions,
  ExecuteOptions,
  ExecutionOption,
  HeldOrderOption,
  IntentOption,
  ListOptions,
  ProposeOptions,
  ReportOptions,
  WaitOptions,
  WebhookOptions,
} from "./options.ts";
import { pageOf, rows } from "./pages.ts";
import { intentIdOf, intentPath } from "./paths.ts";
import { check, propose } from "./proposals.ts";
import { getIntent, readOf, response, result } from "./reads.ts";
import { request, type RouteArguments } from "./request.ts";
import { wait } from "./wait.ts";

/**
 * A client of Gate. Options may be written in camelCase or snake_case; every member of a response can be read in both.
 *
 * Every verdict resolves, also `blocked`: read `status`. A call that Gate refused or that failed throws a `GateError`; a
 * wrong option throws a `GateOptionError`, which is a `TypeError`. Every method takes a `signal` and a `timeoutMs` last.
 */
export class Gate {
  readonly #at: Connection;

  /** @throws {GateOptionError} */
  constructor(options: GateOptions = {}) {
    this.#at = connect(options);
  }

  /** Proposes a write. `blocked` and `duplicate_blocked` resolve like any other verdict. */
  propose(options: ProposeOptions, call?: CallOptions): Promise<ProposeResult> {
    return propose(this.#at, options, call);
  }

  /** Evaluates a proposal without creating an intent. */
  check(options: ProposeOptions, call?: CallOptions): Promise<ProposeResult> {
    return check(this.#at, options, call);
  }

  /** Turns a function into one that runs only after Gate allowed the call, once for each key (docs/guard.md). */
  guard<Args extends readonly unknown[], Result>(
    fn: (...args: Args) => Result,
    options: GuardOptions<Args>,
  ): Guarded<Args, Result> {
    return guard(this.#at, fn, options);
  }

  /** Approves a held intent, with the reviewer's key. */
  approve(options: DecideOptions, call?: CallOptions): Promise<Answer> {
    return decide(this.#at, "approve", options, call);
  }

  reject(options: DecideOptions, call?: CallOptions): Promise<Answer> {
    return decide(this.#at, "reject", options, call);
  }

  cancelApproval(options: DecideOptions, call?: CallOptions): Promise<Answer> {
    return decide(this.#at, "cancel-approval", options, call);
  }

  /** Stops an intent that was held, approved or ordered, with the reviewer's key. */
  revoke(options: DecideOptions, call?: CallOptions): Promise<Answer> {
    return decide(this.#at, "revoke", options, call);
  }

  /** Up to 100 decisions in one call; `results` has one result for each, in the same order. */
  batch(decisions: readonly BatchDecision[], call?: CallOptions): Promise<Answer> {
    return batch(this.#at, decisions, call);
  }

  /** Replaces a held intent's payload, where the policy allows edits: that creates a successor. */
  edit(options: EditOptions, call?: CallOptions): Promise<Answer> {
    return edit(this.#at, options, call);
  }

  /** One page of pending intents, newest first, with the reviewer's key. */
  async approvals(options: ApprovalListOptions = {}, call: CallOptions = {}): Promise<Answer> {
    return pageOf(this.#at, "approvals", options, call);
  }

  /** Every pending intent, newest first, with the reviewer's key. */
  pending(
    options: ApprovalListOptions = {},
    call: CallOptions = {},
  ): AsyncGenerator<IntentRow, void, undefined> {
    return rows(this.#at, "approvals", options, call);
  }

  /** Groups of similar pending intents, the largest first. */
  async approvalGroups(call: CallOptions = {}): Promise<Answer> {
    return this.#at.send({ ...call, method: "GET", path: "/v1/approvals/groups", as: "reviewer" });
  }

  /** Withdraws one of the agent's own intents. */
  async withdraw(options: IntentOption, call: CallOptions = {}): Promise<Answer> {
    return this.#at.send({ ...call, method: "POST", path: `${intentPath(options)}/withdraw`, body: {} });
  }

  /** Resolves once a person has decided, or the intent has expired: read `status`. */
  wait(intent: string | (IntentOption & WaitOptions), options?: WaitOptions): Promise<WaitResult> {
    return wait(this.#at, intent, options);
  }

  /** The one-time order for an approved intent. A repeated call returns the same order until it ends. */
  execute(options: ExecuteOptions, call?: CallOptions): Promise<ExecutionOrder> {
    return execute(this.#at, options, call);
  }

  /** Claims an order: the point of no return, after which its holder writes. */
  claim(options: HeldOrderOption, call?: CallOptions): Promise<ExecutionOrder> {
    return claim(this.#at, options, call);
  }

  /** Extends a claim. */
  heartbeat(options: HeldOrderOption, call?: CallOptions): Promise<ExecutionOrder> {
    return heartbeat(this.#at, options, call);
  }

  /** Reports the outcome of an order, authenticated by the order's token instead of the agent's key. */
  report(options: ReportOptions, call?: CallOptions): Promise<ExecutionOrder> {
    return report(this.#at, options, call);
  }

  getExecution(options: ExecutionOption, call?: CallOptions): Promise<ExecutionOrder> {
    return getExecution(this.#at, options, call);
  }

  /** The intent in full, with its ledger in `auditTrail`. */
  verify(intent: string | IntentOption, call?: CallOptions): Promise<Intent> {
    return getIntent(this.#at, intent, call);
  }

  getIntent(intent: string | IntentOption, call?: CallOptions): Promise<Intent> {
    return getIntent(this.#at, intent, call);
  }

  async audit(intent: string | IntentOption, call?: CallOptions): Promise<AuditTrail> {
    return (await readOf(this.#at, intent, "/audit", call)) as unknown as AuditTrail;
  }

  decision(intent: string | IntentOption, call?: CallOptions): Promise<Answer> {
    return readOf(this.#at, intent, "/decision", call);
  }

  /** The evidence bundle, for `verifyBundle` of `zehrava-gate-client/verify`. */
  evidence(intent: string | IntentOption, call?: CallOptions): Promise<Answer> {
    return readOf(this.#at, intent, "/evidence", call);
  }

  /** What the worker reported of the agent's own write. */
  result(intent: string | IntentOption, call?: CallOptions): Promise<WriteResult> {
    return result(this.#at, intent, call);
  }

  /** The upstream's response to a write that Gate sent. */
  response(intent: string | IntentOption, call?: CallOptions): Promise<UpstreamResponse> {
    return response(this.#at, intent, call);
  }

  /** One page of intents, newest first; an agent sees its own. */
  async list(options: ListOptions = {}, call: CallOptions = {}): Promise<IntentList> {
    return (await pageOf(this.#at, "intents", options, call)) as unknown as IntentList;
  }

  /** Every intent, newest first; an agent sees its own. */
  intents(options: ListOptions = {}, call: CallOptions = {}): AsyncGenerator<IntentRow, void, undefined> {
    return rows(this.#at, "intents", options, call);
  }

  /** A one-time link for fetching an approved intent's payload. */
  async deliver(options: IntentOption, call: CallOptions = {}): Promise<Answer> {
    const body = { intentId: intentIdOf(options) };
    return this.#at.send({ ...call, method: "POST", path: "/v1/deliver", body });
  }

  /** Registers a URL to which Gate sends one intent's decision, once, signed with the secret. */
  async registerWebhook(options: WebhookOptions, call: CallOptions = {}): Promise<Answer> {
    const { url, secret } = options;
    const body = { intentId: intentIdOf(options), url, secret };
    return this.#at.send({ ...call, method: "POST", path: "/v1/webhooks/register", body });
  }

  /** The deployment's capabilities; needs no key. */
  async discover(call: CallOptions = {}): Promise<Answer> {
    return this.#at.send({ ...call, method: "GET", path: "/.well-known/gate", as: { key: null } });
  }

  /** Any route by its name, `"POST /v1/switches"`, with the limits, repeats and errors of all other calls. */
  request<Route extends keyof Routes>(
    route: Route,
    ...options: RouteArguments<Route>
  ): Promise<Routes[Route]["answer"]> {
    return request(this.#at, route, ...options);
  }
}
