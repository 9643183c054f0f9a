import { expect, test } from "vitest";
import {
  freePort,
  lockOf,
  printedKey,
  type RunningCommand,
  serve,
  temporaryFolder,
} from "../support/command.ts";
import { clientAt } from "../support/client.ts";
/** Enough to have several proposals in every stage of their way when the power goes. */
const CONNECTIONS = 8;
const ACKNOWLEDGED_BEFORE_THE_CRASH = 40;
/** However fast the machine, the load ends. */
const MAX_PROPOSALS_PER_CONNECTION = 200;

interface LedgerEntry {
  readonly seq: number;
  readonly event_type: string;
  readonly prev_hash: string;
  readonly entry_hash: string;
}

const proposal = (key: string) => ({
  destination: "salesforce.import",
  policy: "crm-low-risk",
  payload: "email\nada@example.com\n",
  payload_name: "leads.csv",
  idempotency_key: key,
});

/** Proposes from several connections until the server is gone; says which keys were acknowledged, with their ids. */
async function load(port: number, agentKey: string, onAcknowledged: (count: number) => void) {
  const acknowledged = new Map<string, string>();
  const unanswered: string[] = [];
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      for (let at = 0; at < MAX_PROPOSALS_PER_CONNECTION; at += 1) {
        const key = `${connection}-${at}`;
        try {
          const { status, body } = await clientAt(port).call("POST", "/v1/intents", agentKey, proposal(key));
          expect(status).toBe(200);
          acknowledged.set(key, String(body["intentId"]));
          onAcknowledged(acknowledged.size);
        } catch (error) {
          if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
          unanswered.push(key);
          return;
        }
      }
    }),
  );
  return { acknowledged, unanswered };
}

async function missingFromList(
  port: number,
  agentKey: string,
  ids: Iterable<string>,
): Promise<readonly string[]> {
  const missing = new Set(ids);
  let after = "";
  for (let page = 0; page < 20; page += 1) {
    const { body } = await clientAt(port).call("GET", `/v1/intents?limit=200${after}`, agentKey);
    for (const { id } of body["intents"] as readonly { readonly id: string }[]) missing.delete(id);
    if (typeof body["next"] !== "string") break;
    after = `&after=${encodeURIComponent(body["next"])}`;
  }
  return [...missing];
}

/** Server and runtime at once: as when the machine loses its power. */
async function crash(server: RunningCommand, home: string): Promise<void> {
  const { runtime } = lockOf(home);
  server.process.kill("SIGKILL");
  process.kill(runtime.pid, "SIGKILL");
  await server.finished;
}

test("INV-20: after a crash under load no acknowledged command is lost and none is partial", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  let agentKey: string;
  let left: Awaited<ReturnType<typeof load>>;
  {
    await using server = await serve({ port, home: home.path });
    agentKey = printedKey(server.out(), "agent");
    let crashed: Promise<void> | null = null;
    left = await load(port, agentKey, (count) => {
      if (count >= ACKNOWLEDGED_BEFORE_THE_CRASH) crashed ??= crash(server, home.path);
    });
    expect(crashed).not.toBeNull();
    await crashed;
  }
  expect(left.unanswered).toHaveLength(CONNECTIONS);

  await using _server = await serve({ port, home: home.path });
  for (const [key, id] of left.acknowledged) {
    const { body } = await clientAt(port).call("GET", `/v1/intents/${id}`, agentKey);
    expect(body, key).toMatchObject({ status: "approved", idempotency_key: key });
    const trail = body["auditTrail"] as readonly LedgerEntry[];
    expect(trail.map(({ event_type: event }) => event)).toEqual(["proposed", "policy_checked", "approved"]);
    for (const [index, entry] of trail.entries()) {
      expect(entry.seq).toBe((trail[0]?.seq ?? 0) + index);
      if (index > 0) expect(entry.prev_hash).toBe(trail[index - 1]?.entry_hash);
    }
  }
  // The intents' own alarms bring to the ledger what had not got there.
  await expect
    .poll(() => missingFromList(port, agentKey, left.acknowledged.values()), {
      timeout: 30_000,
      interval: 500,
    })
    .toEqual([]);
  // An unacknowledged intent is stored whole or not at all: repeated, it is decided, or known as decided.
  for (const key of left.unanswered) {
    const { status, body } = await clientAt(port).call("POST", "/v1/intents", agentKey, proposal(key));
    if (status === 409) {
      expect(body).toMatchObject({ status: "duplicate_blocked", existingStatus: "approved" });
    } else expect(body).toMatchObject({ status: "approved" });
  }
});
