/** A public key as a JWK (RFC 7517). */
export interface PublicKey {
  readonly kty?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly kid?: string;
}

/** Gate's own signature: Ed25519, under a key derived from the deployment's secret. */
export interface Signer {
  /** A compact JWS with an explicit `typ` (RFC 8725 section 3.11). */
  signJws(typ: string, claims: object): Promise<string>;
  signBytes(bytes: Uint8Array): Promise<{
    readonly kid: string;
    /** 32 bytes. */
    readonly publicKey: Uint8Array;
    /** 64 bytes. */
    readonly signature: Uint8Array;
  }>;
  /** Every key that ever signed, newest first. */
  publicKeys(): Promise<readonly PublicKey[]>;
}
