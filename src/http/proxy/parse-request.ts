import { holdsAgentCredential, isAgentCredential } from "../../core/outbound/header-allow-list.ts";
import { combined, isHeaderValue, type Header } from "../../core/outbound/header-names.ts";
import type { HttpWrite } from "../../core/outbound/http-write.ts";
import type { PathProblem } from "../../core/outbound/path.ts";
import { isRead } from "../../core/outbound/reads.ts";
import { outboundHeaders, type HeaderProblem } from "../../core/outbound/headers.ts";
import { targetOf, type TargetProblem } from "../../core/outbound/target.ts";
import type { GateContext } from "../middleware/context.ts";
import { refuse } from "../problem/problem.ts";
import type { ProxyAgent } from "./authenticate-agent.ts";
import type { ProxyRoute } from "./route.ts";
import { requireSendable } from "./forwardable.ts";
import { slotOf } from "../../core/registry/injection.ts";

/** A request as it would be sent on, but for its body. */
export interface ProxiedRequest {
  readonly http: HttpWrite;
  /** The agent's own credentials, where Gate puts in none: sent on, and never kept. */
  readonly agentCredentials: readonly Header[];
  readonly isRead: boolean;
  /** The one that is sent on: what the upstream does not hear is not what the body is read by. */
  readonly contentType: string | null;
  /** What the agent calls the request, so that sending it twice makes one write; null: it does not say. */
  readonly idempotencyKey: string | null;
}

const MAX_KEY_CHARACTERS = 200;

/** Reads the request strictly, or refuses it with the reason. */
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
    allow: upstream.headers,
  });
  if (!outbound.ok) return refuseHeaders(outbound.error);
  const hasBody = c.req.raw.body !== null;
  const { path, query, url } = target.value;
  const named = upstream.idempotencyHeader ?? "idempotency-key";
  const isReading = isRead({ method, path, query, hasBody }, upstream.reads);
  // Under one credential the provider takes two agents for one: what it knows a repeat by names the intent, not the
  // agent's own word, by which one of them could be told what became of the other's write.
  const isGates = slot === null ? null : upstream.idempotencyHeader;
  const sent = outbound.value.filter(([name]) => !isAgentCredential(name) && name !== isGates);
  return {
    http: {
      method,
      url,
      headers: isReading ? sent : uncoded(sent),
      slot,
      idempotencyHeader: upstream.idempotencyHeader,
    },
    agentCredentials: outbound.value.filter(([name]) => isAgentCredential(name)),
    isRead: isReading,
    contentType: sent.find(([name]) => name === "content-type")?.[1] ?? null,
    idempotencyKey: keyOf(headers.get(named) ?? headers.get("Idempotency-Key")),
  };
}

/** The answer to a write is read and kept here: RFC 9110 section 12.5.3. */
function uncoded(headers: readonly Header[]): readonly Header[] {
  return combined([
    ...headers.filter(([name]) => name !== "accept-encoding"),
    ["accept-encoding", "identity"],
  ]);
}

function keyOf(written: string | null): string | null {
  if (written === null || written === "") return null;
  if (written.length <= MAX_KEY_CHARACTERS && isHeaderValue(written)) return written;
  return refuse({
    status: 400,
    code: "invalid_idempotency_key",
    detail: `An idempotency key has ${MAX_KEY_CHARACTERS} characters at most.`,
  });
}

const WHY_NO_TARGET = {
  malformed: "it is not a URL that requests have",
  userinfo: "it names a user",
  fragment: "it has a fragment, which never travels",
  prefix: "it does not lead to this destination",
  credential:
    "its query holds a credential, which would be kept with it; send it in a header, or give it to Gate",
  gate_key: "it holds a key of Gate's, which would stand in the upstream's logs",
  relative: "it does not begin with a slash",
  too_long: "it is too long",
  character: "it has a character that no path has",
  broken_escape: "it has a % without two hexadecimal digits",
  encoding: "what is escaped in it is no UTF-8",
  control_character: "it has a control character",
  empty_segment: "it has two slashes in a row",
  dot_segment: "it contains a dot segment",
  hidden_slash: "it has an escaped slash or a backslash",
  parameters: "it has a semicolon, behind which servers read differently",
  double_encoding: "it is escaped twice",
  lookalike: "it has a character that some servers take for a dot or a slash",
} as const satisfies Record<TargetProblem | PathProblem | "credential", string>;

function refuseTarget(problem: keyof typeof WHY_NO_TARGET): never {
  return refuse({
    status: 400,
    code: "path_refused",
    detail: `The path was refused: ${WHY_NO_TARGET[problem]}.`,
    more: { problem },
  });
}

const WHY_NO_HEADERS = {
  override: "one of them tells the server to do something else than the request says",
  malformed: "one of them is no header of HTTP",
  repeated: "one that may be there once is there twice",
  too_large: "they are longer than 32 KiB",
} as const satisfies Record<HeaderProblem, string>;

function refuseHeaders(problem: HeaderProblem): never {
  return refuse({
    status: problem === "too_large" ? 431 : 400,
    code: "headers_refused",
    detail: `The headers are not sent on: ${WHY_NO_HEADERS[problem]}.`,
    more: { problem },
  });
}
