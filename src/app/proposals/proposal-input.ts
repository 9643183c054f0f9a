import type { ProposalRequest } from "../../core/proposal/request.ts";
import type { Payload } from "../../core/proposal/payload.ts";
import { requestIdentity, type RequestIdentity } from "../../core/intent/request-identity.ts";
import type { EditOrigin } from "../../core/intent/terms.ts";
import type { Ports } from "../../ports/ports.ts";
import { digestOfBytes } from "../digest-bytes.ts";

/** A proposal as a door has parsed it. */
export interface ProposalInput {
  readonly request: ProposalRequest;
  readonly payload: Payload;
  /** The business key: one intent per agent and key, for ever. */
  readonly key: string | null;
  /** See `Proposal.attended`. */
  readonly attended?: boolean;
  /** Without a key: the id of the intent to create, so that a repeated request meets its first attempt. */
  readonly place?: string | null;
  /** True: the agent runs the write itself, so that a destination with another executor is refused. Not recorded. */
  readonly isRunByProposer?: boolean;
  /** Set for a reviewer's edit: the editor counts as the proposer, and the agent executes. */
  readonly edited?: EditOrigin;
}

export type GovernPorts = Pick<
  Ports,
  | "intents"
  | "rules"
  | "counters"
  | "turns"
  | "switches"
  | "deriveToken"
  | "acceptedTokens"
  | "principals"
  | "mandates"
  | "linkedIdentities"
  | "roster"
  | "settings"
>;

/** The digests by which Gate recognises a repeated request and a repeated payload. */
export async function identify(
  { request, payload }: Pick<ProposalInput, "request" | "payload">,
  { acceptedTokens }: Pick<GovernPorts, "acceptedTokens">,
): Promise<RequestIdentity> {
  const digest = payload.kind === "content" ? await digestOfBytes(payload.bytes) : null;
  return requestIdentity(request, payload, digest, (text) => acceptedTokens("subject", text));
}
