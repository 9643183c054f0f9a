/* The part of `oidc-provider` that the tests use; the package has no types of its own. */

declare module "oidc-provider" {
  import type { RequestListener } from "node:http";

  interface StoredToken {
    readonly isExpired: boolean;
    save(): Promise<string>;
    destroy(): Promise<void>;
  }

  interface TokenModel {
    new (properties: Record<string, unknown>): StoredToken;
    find(value: string): Promise<StoredToken | undefined>;
  }

  interface TokenContext {
    body: unknown;
    readonly oidc: {
      readonly client: object;
      readonly params: Readonly<Record<string, string | undefined>>;
    };
  }

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    callback(): RequestListener;
    registerGrantType(
      name: string,
      handler: (context: TokenContext, next: () => Promise<void>) => Promise<void>,
      parameters: readonly string[],
    ): void;
    on(event: string, listener: (...values: unknown[]) => void): this;
    readonly Client: { find(id: string): Promise<object | undefined> };
    readonly Grant: new (properties: Record<string, unknown>) => {
      addOIDCScope(scope: string): void;
      save(): Promise<string>;
    };
    readonly ClientCredentials: TokenModel;
    readonly AccessToken: TokenModel;
    readonly RefreshToken: TokenModel;
  }

  export const errors: { readonly InvalidGrant: new (message: string) => Error };
}
