import type { OwnSecretRef } from "../../core/registry/secret-ref.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import { failed } from "./failure.ts";

type SecretsStoreRef = Extract<OwnSecretRef, { readonly scheme: "secrets-store" }>;

/** Nothing that a binding answers with. */
const LATE = Symbol("late");

/**
 * Cloudflare Secrets Store: one binding per secret, declared at deploy. Its `get` throws where there is no secret;
 * what it throws is looked at and never repeated.
 */
export async function storedSecret(
  ref: SecretsStoreRef,
  variables: object,
  timeoutMs: number,
): Promise<Result<string, VaultFailure>> {
  const binding: unknown = Object.hasOwn(variables, ref.binding)
    ? Reflect.get(variables, ref.binding)
    : undefined;
  if (binding === undefined) return failed("not_found", "there is no Secrets Store binding of this name");
  if (!isReadable(binding)) {
    return failed("invalid_response", "what has this name is no Secrets Store binding");
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), timeoutMs);
  });
  try {
    const value = await Promise.race([binding.get(), late]);
    if (value === LATE) return failed("timeout", "Secrets Store did not answer in time");
    return typeof value === "string"
      ? ok(value)
      : failed("invalid_response", "what has this name is no Secrets Store binding");
  } catch (error) {
    const isMissing = error instanceof Error && /not found/i.test(error.message);
    return isMissing
      ? failed(
          "not_found",
          "Secrets Store has no secret behind this binding (local and deployed ones are separate)",
        )
      : failed("unavailable", "Secrets Store did not give the secret");
  } finally {
    clearTimeout(timer);
  }
}

/** A KV namespace or an object's stub has a `get` too: it gives no text when asked without a key. */
function isReadable(binding: unknown): binding is { get(): Promise<unknown> } {
  const isObject = (typeof binding === "object" && binding !== null) || typeof binding === "function";
  return isObject && typeof Reflect.get(binding, "get") === "function";
}
