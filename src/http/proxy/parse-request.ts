import { holdsAgentCredential, isAgentCredential } from "../../core/outbound/agent-credentials.ts";
import { combined, isHeaderValue, type Header } from "../../core/outbound/header-names.ts";
import type { HttpWrite } from "../../core/outbound/http-write.ts";
import type { PathProblem } from "../../core/outbound/path.ts";
import { isRead } from "../../core/outbound/reads.ts";
import {
  IDENTITY,
  outboundHeaders,
  type HeaderProblem,
  type HeaderRefusal,
} from "../../core/outbound/headers.ts";
import { mayChangeRead } from "../../core/outbound/request-header-table.ts";
import { targetOf, type TargetProblem } from "../../core/outbound/target.ts";
import type { GateContext } from "../middleware/context.ts";
import { publicOrigin } from "../middleware/origin.ts";
import { refuse } from "../problem/problem.ts";
import type { ProxyAgent } from "./authenticate-agent.ts";
import type { ProxyRoute } from "./route.ts";
import { requireSendable } from "./forwardable.ts";
import { listedHeaders } from "../../core/registry/registry.ts";
import { slotOf } from "../../core/registry/injection.ts";

/** A request as it would be forwarded, without its body. */
export interface ProxiedRequest {
  readonly http: HttpWrite;
  /** The agent's own credentials, where Gate injects none: forwarded, never stored. */
  readonly agentCredentials: readonly Header[];
  /** Names of headers that the agent sent and the upstream doesn't get as they were sent. */
  readonly droppedHeaders: readonly string[];
  readonly isRead: boolean;
  /** From the forwarded headers: Gate must read the body by the same type as the upstream (parser differential). */
  readonly contentType: string | null;
  /** The agent's idempotency key, by which a repeat makes no second write; null: it sent none. */
  readonly idempotencyKey: string | null;
}

const MAX_KEY_CHARACTERS = 200;

/** Parses the request strictly, or refuses it with the reason. */
export function parseProxiedRequest(c: GateContext, route: ProxyRoute, agent: ProxyAgent): ProxiedRequest {
  const { method, headers } = c.req.raw;
  const { entry, upstream, prefix } = route;
  requireSendable(c.req.raw);
  const target = targetOf(prefix, upstream.url, c.req.raw.url);
  if (!target.ok) return refuseTarget(target.error);
  if (holdsAgentCredential(target.value.query)) return refuseTarget("credential");
  const slot = entry.credential === null ? null : slotOf(entry.credential.injection);
  const outbound = outboundHeaders([...headers], {
    gateHeaders: agent.gateHeaders,
    injection: slot,
    listed: upstream.headers,
    dropped: upstream.dropHeaders ?? [],
    hosts: [c.req.raw.url, publicOrigin(c) ?? c.req.raw.url].map((address) => new URL(address).host),
  });
  if (!outbound.ok) return refuseHeaders(outbound.error);
  const { forwarded } = outbound.value;
  const hasBody = c.req.raw.body !== null;
  const { path, query, url } = target.value;
  const named = upstream.idempotencyHeader ?? "idempotency-key";
  // With an injected credential all agents share one account, and one agent's idempotency key could return the response
  // to another's write: Gate replaces that header by the intent's own key.
  const replacedHeader = slot === null ? null : upstream.idempotencyHeader;
  const sent = forwarded.filter(([name]) => !isAgentCredential(name) && name !== replacedHeader);
  const isReading =
    isRead({ method, path, query, hasBody }, upstream.reads) && !mayChangeRead(sent, listedHeaders(upstream));
  const replaced = forwarded.filter(([name]) => name === replacedHeader).map(([name]) => name);
  const read: ProxiedRequest = {
    http: { method, url, headers: sent, slot, idempotencyHeader: upstream.idempotencyHeader },
    agentCredentials: forwarded.filter(([name]) => isAgentCredential(name)),
    droppedHeaders: [...outbound.value.dropped, ...replaced].toSorted(),
    isRead: true,
    contentType: sent.find(([name]) => name === "content-type")?.[1] ?? null,
    idempotencyKey: keyOf(headers.get(named) ?? headers.get("Idempotency-Key")),
  };
  return isReading ? read : asWrite(read);
}

/** Gate reads and stores the response to a write, so it must be uncompressed (RFC 9110 section 12.5.3). */
export function asWrite(request: ProxiedRequest): ProxiedRequest {
  const { http, droppedHeaders } = request;
  const coding = http.headers.find(([name]) => name === IDENTITY[0])?.[1] ?? IDENTITY[1];
  const others = http.headers.filter(([name]) => name !== IDENTITY[0]);
  return {
    ...request,
    http: { ...http, headers: combined([...others, IDENTITY]) },
    droppedHeaders: coding === IDENTITY[1] ? droppedHeaders : [...droppedHeaders, IDENTITY[0]].toSorted(),
    isRead: false,
  };
}

function keyOf(written: string | null): string | null {
  if (written === null) return null;
  const isKey = written !== "" && written.length <= MAX_KEY_CHARACTERS && isHeaderValue(written);
  if (isKey) return written;
  return refuse({
    status: 400,
    code: "invalid_idempotency_key",
    detail: `An idempotency key has 1 to ${MAX_KEY_CHARACTERS} characters; leave the header out to send none.`,
  });
}

const TARGET_PROBLEM_TEXT = {
  malformed: "it is not a valid request URL",
  userinfo: "it contains a user name or password",
  fragment: "it has a fragment, which HTTP requests do not carry",
  prefix: "it is not below this destination's prefix",
  credential:
    "its query contains a credential, which would be stored with the intent; send it in a header, or configure it in gate.yaml",
  gate_key: "it contains a Gate key, which would end up in the upstream's logs",
  relative: "it does not begin with a slash",
  too_long: "it is too long",
  character: "it has a character that is not allowed in a path",
  broken_escape: "it has a % without two hexadecimal digits",
  encoding: "its escapes do not decode to UTF-8",
  control_character: "it has a control character",
  empty_segment: "it has two slashes in a row",
  dot_segment: "it contains a dot segment",
  hidden_slash: "it has an escaped slash or a backslash",
  parameters: "it has a semicolon, which servers parse differently",
  double_encoding: "it is escaped twice",
  lookalike: "it has a character that some servers normalise to a dot or a slash",
} as const satisfies Record<TargetProblem | PathProblem | "credential", string>;

function refuseTarget(problem: keyof typeof TARGET_PROBLEM_TEXT): never {
  return refuse({
    status: 400,
    code: "path_refused",
    detail: `The path was refused: ${TARGET_PROBLEM_TEXT[problem]}.`,
    more: { problem },
  });
}

const HEADER_PROBLEM_TEXT = {
  override: "it chooses another method, path or host than the request's own",
  malformed: "it is not a valid HTTP header",
  repeated: "it may occur once and occurs twice",
  too_large: "all of them together are longer than 32 KiB",
} as const satisfies Record<HeaderProblem, string>;

function refuseHeaders({ problem, header }: HeaderRefusal): never {
  return refuse({
    status: problem === "too_large" ? 431 : 400,
    code: "headers_refused",
    detail: `${header === null ? "The headers were" : `The header \`${header}\` was`} refused: ${HEADER_PROBLEM_TEXT[problem]}.`,
    more: { problem, ...(header !== null && { header }) },
  });
}
