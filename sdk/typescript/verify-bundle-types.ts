/** Public keys obtained from Gate beforehand, not from the bundle. */
export interface TrustedKeys {
  /** Keys of the log, `name+id+base64`, as `/.well-known/gate` publishes them; several after a rotation. */
  readonly vkeys: readonly string[];
  /** Keys of `/.well-known/jwks.json`. */
  readonly jwks: readonly { readonly kty: string; readonly [member: string]: unknown }[];
  /** Public keys of runners that sign their reports: Ed25519, base64url. */
  readonly reporters?: readonly string[];
}

export interface BundleOptions {
  /** The log's origin line; null: the origin must be the name of the signing key. */
  readonly origin?: string | null;
}

/** What one check of a bundle found. */
export interface BundleFinding {
  readonly name: string;
  readonly status: "holds" | "fails" | "not_shown";
  /** One sentence for people. */
  readonly words: string;
}

export interface BundleReport {
  /** `broken`: a finding fails. `incomplete`: none fails, but the signed log is not shown to contain the intent. */
  readonly verdict: "proven" | "incomplete" | "broken";
  readonly findings: readonly BundleFinding[];
}

/**
 * Verifies the evidence of one intent, offline. Never throws, whatever its input.
 *
 * @param bundle JSON text, or the parsed value; repeated members can be detected in the text only
 * @param trusted null: no key is known beforehand, so that the bundle proves nothing of its origin
 */
export type VerifyBundle = (
  bundle: unknown,
  trusted: TrustedKeys | null,
  options?: BundleOptions,
) => Promise<BundleReport>;
