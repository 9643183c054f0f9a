import { Container, ContainerProxy } from "@cloudflare/containers";

interface Env {
  readonly AGENT: DurableObjectNamespace<Agent>;
  readonly GATE: Fetcher;
}

/** Routes the container's requests to `outbound`. The platform requires this export. */
export { ContainerProxy };

export class Agent extends Container<Env> {
  override defaultPort = 8080;
  override sleepAfter = "5m";
  /** Otherwise all traffic except HTTP on ports 80 and 443 would bypass Gate. */
  override enableInternet = false;
  /** Otherwise https would bypass Gate. The container must trust the platform's certificate. */
  override interceptHttps = true;
  override envVars = { NODE_EXTRA_CA_CERTS: "/etc/cloudflare/certs/cloudflare-containers-ca.crt" };
}

// An assignment, not a static field: the base class registers the handler in a setter.
Agent.outbound = (request: Request, env: Env) => env.GATE.fetch(request);

export default {
  fetch: (request, env) => env.AGENT.getByName("one").fetch(request),
} satisfies ExportedHandler<Env>;
