import { z } from "zod";
import type { NumberedNote } from "../../../core/intent/entries.ts";
import { SHA256 } from "../shared/fields-schema.ts";

/** A ledger row as the log publishes it. */
export const ENTRY = z.object({
  intent: z.string(),
  seq: z.int(),
  event: z.string(),
  actor: z.string(),
  at: z.int().describe("Milliseconds since the epoch."),
  body: z.string().describe("RFC 8785 text."),
  prev: SHA256,
  hash: SHA256,
});

const JWK = z.object({
  kty: z.string().optional(),
  crv: z.string().optional(),
  x: z.string().optional(),
  kid: z.string().optional(),
  alg: z.literal("EdDSA"),
  use: z.literal("sig"),
});

const DISCLOSED = z.object({
  salt: z.string(),
  payload: z.object({
    digest: SHA256.nullable(),
    name: z.string().nullable(),
    base64: z.string().nullable(),
  }),
  request: z.string().optional().describe("Canonical JSON of the request that Gate sends."),
  notes: z.array(
    z.object({
      seq: z.int(),
      kind: z.enum(["note", "result", "facts", "proof"] satisfies readonly NumberedNote["kind"][]),
      text: z.string(),
    }),
  ),
});

/** Everything needed to verify one intent offline with Gate's public key; docs/ledger.md describes each member. */
export const EVIDENCE = z.object({
  format: z.literal("gate-evidence/v1"),
  intent: z.string(),
  erased: z.boolean(),
  entries: z.array(ENTRY),
  log: z
    .object({
      checkpoint: z.string().describe("A C2SP signed note."),
      inclusion: z.array(z.object({ seq: z.int(), index: z.int(), proof: z.array(z.string()) })),
    })
    .nullable(),
  keys: z.object({ vkeys: z.array(z.string()), jwks: z.object({ keys: z.array(JWK) }) }),
  policies: z
    .array(z.object({ id: z.string(), hash: SHA256, text: z.string() }))
    .describe("For people only."),
  decision: z.object({ outcome: z.string(), reason_code: z.string() }),
  disclosed: DISCLOSED.nullable().describe("Null: erased, or the reader may not see the payload."),
  orders: z.array(z.object({ order: z.string(), jws: z.string() })),
  names: z.array(z.object({ id: z.string(), name: z.string() })),
});
