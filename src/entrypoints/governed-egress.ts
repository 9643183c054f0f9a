import { WorkerEntrypoint } from "cloudflare:workers";
import { portsOf } from "../env.ts";
import type { EgressProps } from "../http/egress/agent.ts";
import { createEgress } from "../http/egress/app.ts";

const egress = createEgress();

/**
 * Governs the outbound requests of a container, a sandbox or a Dynamic Worker by the rules of the reverse proxy.
 * Workers of the same account reach it by a service binding (docs/egress.md); it has no public route.
 */
export class GovernedEgress extends WorkerEntrypoint<Env, EgressProps> {
  override fetch(request: Request): Response | Promise<Response> {
    return egress.fetch(request, portsOf(this.env), this.ctx);
  }
}
