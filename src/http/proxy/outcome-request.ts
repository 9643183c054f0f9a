import type { Header } from "../../core/outbound/header-names.ts";
import type { ProxyRoute } from "./route.ts";

/** The connection that asks what came of a write, and how long it stays. */
export interface Asked {
  readonly method: string;
  readonly route: ProxyRoute;
  /** See `Incoming.own`. */
  readonly own: readonly Header[];
  /** Null: the intent has it. */
  body: Uint8Array | null;
  readonly waitMs: number;
  /** True: the same was asked before, and what came of that may be worth another attempt. */
  readonly isRepeat: boolean;
}
