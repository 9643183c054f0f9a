import { ContainerProxy, getSandbox, Sandbox } from "@cloudflare/sandbox";

interface Env {
  readonly SANDBOX: DurableObjectNamespace<AgentSandbox>;
  readonly GATE: Fetcher;
  readonly AGENT_KEYS: string;
}

/** Routes a sandbox's requests to its handler. The platform requires this export. */
export { ContainerProxy };

export class AgentSandbox extends Sandbox<Env> {
  override enableInternet = false;
  override interceptHttps = true;
}

// The default: nothing leaves a sandbox before its agent is set.
AgentSandbox.outbound = () => Response.json({ code: "no_agent" }, { status: 403 });

AgentSandbox.outboundHandlers = {
  /** Adds the agent's key outside the sandbox, and replaces a key that the code sent. */
  throughGate(request: Request, env: Env, { params }: { params?: unknown }) {
    const headers = new Headers(request.headers);
    headers.set("X-Gate-Key", keyOf(env, String(params)));
    return env.GATE.fetch(new Request(request, { headers }));
  },
};

function keyOf({ AGENT_KEYS }: Env, name: string): string {
  const keys = new Map(Object.entries(JSON.parse(AGENT_KEYS) as Record<string, string>));
  return keys.get(name) ?? "";
}

/** Code as a model would write it: it knows the provider's own address, and neither Gate nor a key. */
const COMMAND = `curl -sS https://api.stripe.com/v1/refunds -H 'Idempotency-Key: refund-of-ch_1' -d charge=ch_1 -d amount=900`;

export default {
  async fetch(_request, env) {
    const name = "ana";
    const sandbox = getSandbox(env.SANDBOX, name);
    await sandbox.setOutboundHandler("throughGate", name);
    const { stdout, stderr, exitCode } = await sandbox.exec(COMMAND);
    return Response.json({ stdout, stderr, exitCode });
  },
} satisfies ExportedHandler<Env>;
