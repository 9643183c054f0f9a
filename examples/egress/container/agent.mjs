import { createServer } from "node:http";

/** The container's program: it knows the provider's own address, and neither Gate nor a key. */
async function work() {
  const charge = await fetch("https://api.stripe.com/v1/charges/ch_1");
  const refund = await fetch("https://api.stripe.com/v1/refunds", {
    method: "POST",
    headers: {
      "Content-Type": "application/x-www-form-urlencoded",
      // A held refund gets 202; a repeat with the same key gets its outcome.
      "Idempotency-Key": "refund-of-ch_1",
    },
    body: "charge=ch_1&amount=900",
  });
  return { charge: charge.status, refund: [refund.status, await refund.json()] };
}

createServer(async (_request, response) => {
  try {
    response.end(JSON.stringify(await work()));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}).listen(8080);
