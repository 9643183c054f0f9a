import type { OwnSecretRef } from "../../core/registry/secret-ref.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import { failed } from "./failure.ts";

type EnvRef = Extract<OwnSecretRef, { readonly scheme: "env" }>;

/** A variable or secret of the Worker. Other bindings and inherited members (`constructor`) are refused. */
export function envSecret(ref: EnvRef, variables: object): Result<string, VaultFailure> {
  const value: unknown = Object.hasOwn(variables, ref.name) ? Reflect.get(variables, ref.name) : undefined;
  if (typeof value === "string") return ok(value);
  return value === undefined
    ? failed("not_found", "there is no variable or secret of this name")
    : failed("invalid_response", "this name belongs to a binding, not to a variable or secret");
}
