import { Container, ContainerProxy } from "@cloudflare/containers";

interface Env {
  readonly AGENT: DurableObjectNamespace<Agent>;
  readonly GATE: Fetcher;
}

/** Takes what the container sends to where `outbound` says. The platform looks for it among the exports. */
export { ContainerProxy };

export class Agent extends Container<Env> {
  override defaultPort = 8080;
  override sleepAfter = "5m";
  /** Without this, everything that is not HTTP on ports 80 and 443 would leave past Gate. */
  override enableInternet = false;
  /** Without this, https would leave past Gate. The container has to trust the platform's certificate. */
  override interceptHttps = true;
  override envVars = { NODE_EXTRA_CA_CERTS: "/etc/cloudflare/certs/cloudflare-containers-ca.crt" };
}

// Assigned, not a static field: the class has a setter that registers it.
Agent.outbound = (request: Request, env: Env) => env.GATE.fetch(request);

export default {
  fetch: (request, env) => env.AGENT.getByName("one").fetch(request),
} satisfies ExportedHandler<Env>;
