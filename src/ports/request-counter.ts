import type { RequestClass } from "../core/base/request-limits.ts";

/**
 * Counts one request of a key, or of an order.
 *
 * @returns null: it is within the limit; else the milliseconds until the next one is
 */
export type CountRequest = (requestClass: RequestClass, key: string) => Promise<number | null>;
