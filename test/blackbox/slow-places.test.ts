import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/command.ts";
import { startGate, text } from "../support/gate.ts";

/* Places that never answer, and one that does, over real connections. */

const WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** As many as one worker has connections at once. */
const HANGING = 6;

const GIVE_UP_MS = 60_000;
const LOOK_AGAIN_MS = 20;

async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + GIVE_UP_MS;
  while (!isSo()) {
    if (Date.now() > end) throw new Error("it never came to that");
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

test("INV-30: receivers that leave Gate without an answer delay no others", async () => {
  /** Requests left without an answer, each with whether Gate still waits for it. */
  const hanging: { waits: boolean }[] = [];
  /** Intents notified at the receiver that answers, each with how many hanging requests Gate still waited for. */
  const received = new Map<string, number>();
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url === "/answers") {
        const { data } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
          readonly data: { readonly intent_id: string };
        };
        received.set(data.intent_id, hanging.slice(0, HANGING).filter(({ waits }) => waits).length);
        response.writeHead(204).end();
        return;
      }
      const one = { waits: true };
      hanging.push(one);
      request.socket.on("close", () => (one.waits = false));
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const at = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;

  using folder = temporaryFolder();
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  writeFileSync(
    join(policies, "asked.yaml"),
    "id: asked\ndestinations: [crm.slow, crm.asked]\nrequire_approval: always\n",
  );
  const places = Array.from({ length: HANGING }, (_, number) => {
    const url = `${at}/hangs/${number}`;
    return `  hangs-${number}: { type: webhook, url: "${url}", secret: whsec, destinations: [crm.slow], allow_private: true }`;
  });
  const registry = join(folder.path, "gate.yaml");
  writeFileSync(
    registry,
    `people: { ana: { name: Ana Diaz, email: ana@example.com } }
destinations: { crm.slow: { policies: [asked] }, crm.asked: { policies: [asked] } }
credentials: { whsec: { ref: env://TEST_WHSEC } }
channels:
${places.join("\n")}
  answers: { type: webhook, url: "${at}/answers", secret: whsec, destinations: [crm.asked], allow_private: true }
`,
  );
  await using gate = await startGate({
    args: ["--registry", registry, "--policy-dir", policies],
    env: { TEST_WHSEC: WHSEC },
  });
  const agent = await gate.register("agent");
  const propose = async (destination: string, row: number) => {
    const request = { destination, policy: "asked", payload: JSON.stringify({ row }), recordCount: 1 };
    return text((await gate.call("POST", "/v1/intents", agent.key, request)).body, "intentId");
  };

  await propose("crm.slow", 1);
  await until(() => hanging.length >= HANGING);
  const intent = await propose("crm.asked", 2);
  await until(() => received.has(intent));
  expect(received.get(intent)).toBe(HANGING);
  receiver.closeAllConnections();
  receiver.close();
}, 120_000);
