import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { fromBase64Url, toBase64Url } from "../../core/base/base64url.ts";
import { canonicalJson } from "../../core/base/json.ts";
import { retryCall } from "./retry-call.ts";
import type { Intent, Intents } from "../../ports/intents.ts";

/** RPC methods of an intent's object: all of `Intent` without its id. */
type Stub = Omit<Intent, "id">;

/** `int_` and an object's id: 32 bytes in base64url. */
const INTENT_ID = /^int_([A-Za-z0-9_-]{43})$/;

/**
 * Intents as Durable Objects. An intent's id is its object's id, so lookup needs no table, and requests with the same
 * idempotency key always reach the same object.
 */
export function intentObjects(namespace: DurableObjectNamespace): Intents {
  return {
    create() {
      // First use of a named object costs a global lookup; a unique id does not.
      return intentAt(namespace, namespace.newUniqueId());
    },
    forKey(agent, key) {
      return intentAt(namespace, namespace.idFromName(canonicalJson([agent, key])));
    },
    find(id) {
      const encoded = INTENT_ID.exec(id)?.[1];
      const bytes = encoded === undefined ? null : fromBase64Url(encoded);
      // Base64url's last character has spare bits, so two texts can decode to the same bytes: only one is the id.
      if (bytes?.length !== 32 || toBase64Url(bytes) !== encoded) return null;
      try {
        return intentAt(namespace, namespace.idFromString(bytesToHex(bytes)));
      } catch {
        return null;
      }
    },
  };
}

function intentAt(namespace: DurableObjectNamespace, id: DurableObjectId): Intent {
  const call = <T>(method: (stub: Stub) => Promise<T>): Promise<T> =>
    retryCall(() => method(namespace.get(id) as unknown as Stub));
  return {
    id: `int_${toBase64Url(hexToBytes(id.toString()))}`,
    propose: (proposal) => call((stub) => stub.propose(proposal)),
    handle: (command) => call((stub) => stub.handle(command)),
    beginSend: (bindings, attempt, hasBody) => call((stub) => stub.beginSend(bindings, attempt, hasBody)),
    finishSend: (report, response) => call((stub) => stub.finishSend(report, response)),
    recheck: (change) => call((stub) => stub.recheck(change)),
    response: () => call((stub) => stub.response()),
    getState: () => call((stub) => stub.getState()),
    getRecord: () => call((stub) => stub.getRecord()),
    payload: () => call((stub) => stub.payload()),
    payloadPiece: (index) => call((stub) => stub.payloadPiece(index)),
    async waitWhile(phase, timeoutMs) {
      const stub = namespace.get(id) as unknown as Stub;
      try {
        return await stub.waitWhile(phase, timeoutMs);
      } catch {
        // A restarted object loses its waiters and nothing else. No second wait, which could exceed the caller's
        // timeout.
        return call((again) => again.getState());
      }
    },
    repeated: (by) => call((stub) => stub.repeated(by)),
    onDeadline: (at) => call((stub) => stub.onDeadline(at)),
  };
}
