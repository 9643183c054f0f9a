/**
 * Writes test/vectors/benign: ordinary bodies, the same ones every time. `node test/support/benign/write.ts`.
 */
import { writeFileSync } from "node:fs";
import type { BenignBody } from "./entry.ts";
import { slack, stripe, tokenForms, twilio } from "./form-requests.ts";
import {
  google,
  hubspot,
  jira,
  notion,
  octokit,
  postgrest,
  salesforce,
  sendgrid,
  shopify,
  zendesk,
} from "./json-requests.ts";
import { texts, uploads } from "./other-requests.ts";
import { MadeUp } from "./random.ts";
import { samples } from "./samples.ts";
import { crmExports, excel, sheets, stripeExports } from "./spreadsheets.ts";

const FOLDER = new URL("../../vectors/benign/", import.meta.url);

/** A seed for each file, so that a change of one source leaves the others as they are. */
const FILES: Readonly<Record<string, (made: MadeUp) => readonly BenignBody[]>> = {
  excel,
  sheets,
  "crm-exports": crmExports,
  "stripe-exports": stripeExports,
  "form-sdks": (made) => [...stripe(made), ...slack(made), ...twilio(made), ...tokenForms(made)],
  "json-sdks": (made) =>
    [octokit, sendgrid, hubspot, salesforce, zendesk, jira, notion, shopify, postgrest, google].flatMap(
      (make) => make(made),
    ),
  others: (made) => [...uploads(made), ...texts(made), ...samples()],
};

for (const [at, [name, make]] of Object.entries(FILES).entries()) {
  const bodies = make(new MadeUp(at + 1));
  const lines = bodies.map((body) => `  ${JSON.stringify(body)}`);
  writeFileSync(new URL(`${name}.json`, FOLDER), `[\n${lines.join(",\n")}\n]\n`);
  console.log(`${name}: ${bodies.length} bodies`);
}
