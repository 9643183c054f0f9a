import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort, printedKey, ROOT, serve, temporaryFolder } from "../support/command.ts";
import { clientAt } from "../support/client.ts";
const POLICY = `id: small-imports
destinations: [salesforce.import]
allow_unmeasured: true
auto_approve_under: 100
`;

interface Bench {
  readonly policy: string;
  /** Proposes, and says with which status. */
  decide(recordCount: number): Promise<unknown>;
}

/** One server on policies of its own, without a registry that would bind its destinations. */
async function withServer(
  files: Readonly<Record<string, string>>,
  play: (bench: Bench, err: { text(): string; printed(text: string): Promise<void> }) => Promise<void>,
): Promise<void> {
  using home = temporaryFolder();
  const policyDir = join(home.path, "policies");
  cpSync(join(ROOT, "policies"), policyDir, { recursive: true });
  writeFileSync(join(home.path, "gate.yaml"), "unbound_destinations: allow\n");
  for (const [name, text] of Object.entries(files)) writeFileSync(join(policyDir, name), text);
  const port = await freePort();
  await using server = await serve({
    port,
    home: home.path,
    args: ["--policy-dir", policyDir, "--registry", join(home.path, "gate.yaml")],
  });
  const key = printedKey(server.out(), "agent");
  const bench: Bench = {
    policy: join(policyDir, "small-imports.yaml"),
    async decide(recordCount) {
      const proposal = {
        destination: "salesforce.import",
        policy: "small-imports",
        payload: "x.csv",
        recordCount,
      };
      return (await clientAt(port).call("POST", "/v1/intents", key, proposal)).body["status"];
    },
  };
  await play(bench, { text: () => server.err(), printed: (text) => server.printed(text) });
}

test("INV-14: an edited policy applies to the next intent, and a broken edit leaves the old one in force", async () => {
  await withServer({ "small-imports.yaml": POLICY }, async (bench, err) => {
    expect(await bench.decide(500)).toBe("pending_approval");
    writeFileSync(bench.policy, POLICY.replace("100", "1000"));
    await expect.poll(() => bench.decide(500)).toBe("approved");
    writeFileSync(bench.policy, POLICY.replace("auto_approve_under", "auto_aprove_under"));
    await err.printed("policies/small-imports.yaml: the last valid version stays active");
    expect(err.text()).toMatch(/^policies\/small-imports\.yaml:4:1: /m);
    expect(await bench.decide(500)).toBe("approved");
    writeFileSync(bench.policy, POLICY);
    await expect.poll(() => bench.decide(500)).toBe("pending_approval");
  });
});

test("INV-13: a deleted policy is unknown", async () => {
  await withServer({ "small-imports.yaml": POLICY }, async (bench, err) => {
    expect(await bench.decide(5)).toBe("approved");
    rmSync(bench.policy);
    await expect.poll(() => bench.decide(5)).toBe("blocked");
    await err.printed("policies/small-imports.yaml was removed");
  });
});

test("INV-14: a policy file that is broken at the start is reported and blocks only proposals that name it", async () => {
  const files = {
    "small-imports.yaml": POLICY.replace("id: small-imports", "id: [small-imports"),
    "other.yaml": POLICY.replace("id: small-imports", "id: other"),
  };
  await withServer(files, async (bench, err) => {
    expect(err.text()).toMatch(/^policies\/small-imports\.yaml:\d+:\d+: /m);
    expect(await bench.decide(5)).toBe("blocked");
    expect(readFileSync(bench.policy, "utf8")).toContain("[small-imports");
    writeFileSync(bench.policy, POLICY);
    await expect.poll(() => bench.decide(5)).toBe("approved");
  });
});
