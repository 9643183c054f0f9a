import type { OwnSecretRef } from "../../core/registry/secret-ref.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import { failed } from "./failure.ts";

type SecretsStoreRef = Extract<OwnSecretRef, { readonly scheme: "secrets-store" }>;

/** Distinct from every value that a binding can return. */
const LATE = Symbol("late");

/**
 * Cloudflare Secrets Store: one binding per secret, declared at deploy. Its `get` throws where there is no secret; the
 * error's text is inspected and never passed on.
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
    return failed("invalid_response", NO_SECRETS_STORE);
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), timeoutMs);
  });
  try {
    const value = await Promise.race([binding.get(), late]);
    if (value === LATE) return failed("timeout", "Secrets Store did not answer in time");
    return typeof value === "string" ? ok(value) : failed("invalid_response", NO_SECRETS_STORE);
  } catch (error) {
    const isMissing = error instanceof Error && /not found/i.test(error.message);
    return isMissing
      ? failed(
          "not_found",
          "Secrets Store has no secret behind this binding (local and deployed ones are separate)",
        )
      : failed("unavailable", "Secrets Store failed to return the secret");
  } finally {
    clearTimeout(timer);
  }
}

const NO_SECRETS_STORE = "the binding of this name is not a Secrets Store secret";

/** KV namespaces and objects' stubs have a `get` too, which returns no text without a key. */
function isReadable(binding: unknown): binding is { get(): Promise<unknown> } {
  const isObject = (typeof binding === "object" && binding !== null) || typeof binding === "function";
  return isObject && typeof Reflect.get(binding, "get") === "function";
}
