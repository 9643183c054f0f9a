/** How a destination's credential is put into a request. */
export type Injection =
  /** RFC 6750 section 2.1. */
  | { readonly kind: "bearer" }
  /** RFC 7617; `user` null: the secret is `user:password` already. */
  | { readonly kind: "basic"; readonly user: string | null }
  /** `{secret}` stands for the secret, once. */
  | { readonly kind: "header"; readonly name: string; readonly format: string }
  | { readonly kind: "query"; readonly name: string };

export function slotOf(injection: Injection): InjectionSlot {
  switch (injection.kind) {
    case "bearer":
    case "basic":
      return { in: "header", name: "authorization" };
    case "header":
      return { in: "header", name: injection.name.toLowerCase() };
    case "query":
      return { in: "query", name: injection.name };
  }
}

/** Where Gate puts the credential in; the digest covers this and never the value. */
export type InjectionSlot =
  | { readonly in: "header"; readonly name: string }
  | { readonly in: "query"; readonly name: string };
