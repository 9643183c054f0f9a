import { ContainerProxy, getSandbox, Sandbox } from "@cloudflare/sandbox";

interface Env {
  readonly SANDBOX: DurableObjectNamespace<AgentSandbox>;
  readonly GATE: Fetcher;
  readonly AGENT_KEYS: string;
}

/** Takes what a sandbox sends to where its handler says. The platform looks for it among the exports. */
export { ContainerProxy };

export class AgentSandbox extends Sandbox<Env> {
  override enableInternet = false;
  override interceptHttps = true;
}

// Until it is said whose sandbox it is, nothing leaves it.
AgentSandbox.outbound = () => Response.json({ code: "no_agent" }, { status: 403 });

AgentSandbox.outboundHandlers = {
  /** The key is put in here, outside of the sandbox; one that its code shows is replaced. */
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
