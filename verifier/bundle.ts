import { FLAG, HEX_32, list, nullable, oneOf, optional, record, text, whole, type Shaped } from "./shape.ts";

/*
 * The evidence of one intent, format `gate-evidence/v1`: one JSON object with exactly these members.
 *
 *   intent      its id
 *   erased      true once payload, free text and salt were destroyed; `disclosed` is then null
 *   entries     its whole chain, in order, without the MACs
 *   log         null while none of it is sealed, else a signed tree head and one inclusion proof per sealed entry
 *   keys        the deployment's public keys, for a reader who has none; they prove nothing about the bundle's origin
 *   policies    the texts of the policies that it was evaluated under; empty for programs
 *   decision    outcome and reason code, as the API shows them
 *   disclosed   the salt and the texts of its commitments, as far as the reader may see them; and, where Gate itself
 *               sends the write, the request that the digest covers, as its canonical text
 *   orders      the signed execution orders, one per `execution_requested`
 *   names       what the server calls those whose ids the entries name; no entry commits to names
 *
 * One proof per entry, although the last entry's hash covers all before it: an attacker could rewrite a chain whose
 * first entries were never in the log and have only its end sealed, and one proof would pass. With a proof each, every
 * entry shown is an entry of the log, in the order of the log. The cost is one hash per doubling of the log.
 */

export type Bundle = Extract<ReturnType<typeof BUNDLE>, { ok: true }>["value"];
export type BundleEntry = Bundle["entries"][number];
export type Disclosed = NonNullable<Bundle["disclosed"]>;
export type Order = Bundle["orders"][number];
export type Inclusion = NonNullable<Bundle["log"]>["inclusion"][number];
export type Jwk = Bundle["keys"]["jwks"]["keys"][number];

/** Just below V8's longest text. No number of entries is too high: memory and time are linear in the text's length. */
export const MAX_BUNDLE_CHARS = 2 ** 29 - 2 ** 20;

/** The limit for one entry of C2SP tlog-tiles. */
const MAX_ENTRY_CHARS = 65_535;
const MAX_NAME_CHARS = 1024;
const MAX_TEXT_CHARS = 1024 * 1024;
/** The largest payload that a deployment can allow, 24 MiB, in base64. */
const MAX_PAYLOAD_CHARS = 32 * 1024 * 1024;
const MAX_KEYS = 64;
const MAX_POLICIES = 256;
const MAX_ORDERS = 64;
const MAX_NOTE_CHARS = 512 * 1024;
const MAX_JWS_CHARS = 16 * 1024;

/** More than the height of a tree of 2^53 leaves. */
const MAX_PROOF_HASHES = 64;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const NAME = text(MAX_NAME_CHARS);
const HASH = text(44, BASE64);

export const ENTRY = record({
  intent: NAME,
  seq: whole(1),
  event: NAME,
  actor: NAME,
  at: whole(0),
  body: text(MAX_ENTRY_CHARS),
  prev: HEX_32,
  hash: HEX_32,
});

/** A public key as `/.well-known/jwks.json` lists it (RFC 8037). */
export const JWK = record({
  kty: oneOf("OKP"),
  crv: oneOf("Ed25519"),
  x: text(43, /^[A-Za-z0-9_-]{43}$/),
  kid: NAME,
  alg: oneOf("EdDSA", "Ed25519"),
  use: oneOf("sig"),
});

const BUNDLE = record({
  format: oneOf("gate-evidence/v1"),
  intent: NAME,
  erased: FLAG,
  entries: list(ENTRY),
  log: nullable(
    record({
      checkpoint: text(MAX_NOTE_CHARS),
      inclusion: list(record({ seq: whole(1), index: whole(0), proof: list(HASH, MAX_PROOF_HASHES) })),
    }),
  ),
  keys: record({ vkeys: list(NAME, MAX_KEYS), jwks: record({ keys: list(JWK, MAX_KEYS) }) }),
  policies: list(record({ id: NAME, hash: HEX_32, text: text(MAX_TEXT_CHARS) }), MAX_POLICIES),
  decision: record({ outcome: oneOf("approve", "hold", "block"), reason_code: NAME }),
  disclosed: nullable(
    record({
      salt: HEX_32,
      payload: nullable(
        record({
          digest: nullable(HEX_32),
          name: nullable(NAME),
          base64: nullable(text(MAX_PAYLOAD_CHARS, BASE64)),
        }),
      ),
      request: optional(text(MAX_TEXT_CHARS)),
      notes: list(
        record({
          seq: whole(1),
          kind: oneOf("note", "result", "facts", "proof"),
          text: text(MAX_TEXT_CHARS),
        }),
      ),
    }),
  ),
  orders: list(record({ order: NAME, jws: text(MAX_JWS_CHARS) }), MAX_ORDERS),
  names: optional(list(record({ id: NAME, name: NAME }))),
});

/** Rebuilds a bundle from a parsed JSON value; on error, the path of the first invalid member. */
export function parseBundle(value: unknown): Shaped<Bundle> {
  return BUNDLE(value, "bundle");
}
