import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { fromBase64Url, toBase64Url } from "../../core/base/base64url.ts";
import { canonicalJson } from "../../core/base/json.ts";
import { retryCall } from "./retry-call.ts";
import type { Intent, Intents } from "../../ports/intents.ts";

/** What an object's stub offers over RPC: the methods of an intent, but for its id. */
type Stub = Omit<Intent, "id">;

/** `int_` and the 32 bytes of an object's id in base64url. */
const INTENT_ID = /^int_([A-Za-z0-9_-]{43})$/;

/**
 * Intents as Durable Objects. The id of an intent is the id of its object, so finding one needs no table, and
 * two requests with one key always meet in the same object.
 */
export function intentObjects(namespace: DurableObjectNamespace): Intents {
  return {
    create() {
      // A named object pays a round-the-world check on first use; a unique id does not.
      return reach(namespace, namespace.newUniqueId());
    },
    forKey(agent, key) {
      return reach(namespace, namespace.idFromName(canonicalJson([agent, key])));
    },
    find(id) {
      const encoded = INTENT_ID.exec(id)?.[1];
      const bytes = encoded === undefined ? null : fromBase64Url(encoded);
      // Two texts can decode to the same bytes (the last character has spare bits): only one is the id.
      if (bytes?.length !== 32 || toBase64Url(bytes) !== encoded) return null;
      try {
        return reach(namespace, namespace.idFromString(bytesToHex(bytes)));
      } catch {
        return null;
      }
    },
  };
}

function reach(namespace: DurableObjectNamespace, id: DurableObjectId): Intent {
  const call = <T>(method: (stub: Stub) => Promise<T>): Promise<T> =>
    retryCall(() => method(namespace.get(id) as unknown as Stub));
  return {
    id: `int_${toBase64Url(hexToBytes(id.toString()))}`,
    propose: (proposal) => call((stub) => stub.propose(proposal)),
    handle: (command) => call((stub) => stub.handle(command)),
    beginSend: (inForce, attempt, hasBody) => call((stub) => stub.beginSend(inForce, attempt, hasBody)),
    finishSend: (report, response) => call((stub) => stub.finishSend(report, response)),
    response: () => call((stub) => stub.response()),
    getState: () => call((stub) => stub.getState()),
    getRecord: () => call((stub) => stub.getRecord()),
    payload: () => call((stub) => stub.payload()),
    async waitWhile(phase, timeoutMs) {
      const stub = namespace.get(id) as unknown as Stub;
      try {
        return await stub.waitWhile(phase, timeoutMs);
      } catch {
        // An object that restarts loses its waiters and nothing else. Not waited for again: the time is the caller's.
        return call((again) => again.getState());
      }
    },
    repeated: (by) => call((stub) => stub.repeated(by)),
    onDeadline: (at) => call((stub) => stub.onDeadline(at)),
  };
}
