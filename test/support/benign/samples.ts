import { readFileSync } from "node:fs";
import { AUTO, type BenignBody } from "./entry.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

/** The payloads of the product page and of the examples, as agents send them. */
export function samples(): readonly BenignBody[] {
  const api = (name: string, rest: Omit<BenignBody, "name" | "request">): BenignBody => ({
    name,
    request: null,
    ...rest,
  });
  const lead = (at: number) => `lead.${at}@example.com,Lead,${at},Example Ltd.`;
  const rows = Array.from({ length: 847 }, (_, at) => lead(at + 1)).join("\n");
  return [
    api("product page, 847 leads", {
      mediaType: null,
      file: "leads.csv",
      destination: "salesforce.import",
      text: `email,first_name,last_name,company\n${rows}\n`,
      holds: { records: 847 },
    }),
    api("product page, routine reply", {
      mediaType: null,
      file: "reply-routine.txt",
      destination: "zendesk.reply",
      text: read("examples/reply-routine.txt"),
      holds: { records: 1 },
    }),
    api("product page, leads of the examples", {
      mediaType: null,
      file: "leads.csv",
      destination: "salesforce.import",
      text: read("examples/leads.csv").split("\n").slice(0, 60).join("\n"),
      holds: { records: 59 },
    }),
    api("product page, payouts", {
      mediaType: null,
      file: "payout_batch.csv",
      destination: "netsuite.payout",
      text: read("examples/payouts.csv").split("\n").slice(0, 40).join("\n"),
      holds: { records: 3 },
    }),
    api("product page, call of a lead", {
      mediaType: "application/json",
      file: null,
      destination: "kaicalls.call",
      text: read("examples/lead-call.json"),
      holds: { records: 1 },
    }),
    api("README, one inline object", {
      mediaType: "application/json",
      file: null,
      hints: AUTO,
      text: '{"to":"grace@example.com","subject":"Welcome","body":"Your workspace is ready."}',
      holds: { records: 1 },
    }),
  ];
}
