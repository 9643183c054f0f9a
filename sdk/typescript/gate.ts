export type { CallOptions } from "./call-options.ts";
export { connect } from "./connect.ts";
export type { ApiRequest, Connection, GateOptions } from "./connection.ts";
export { Gate } from "./client.ts";
export { GateError, GateOptionError, GateUnavailableError } from "./gate-error.ts";
export type { GateErrorDetail, GateLinks } from "./gate-error.ts";
export { guard } from "./guard.ts";
export type { Guarded, GuardOptions } from "./guard.ts";
export {
  GateBlockedError,
  GateDuplicateError,
  GateExpiredError,
  GateFailedError,
  GateIndeterminateError,
  GatePendingError,
  GateRejectedError,
} from "./guard-errors.ts";
export type { Routes } from "./generated/routes.ts";
export { request } from "./request.ts";
export type { RouteArguments, RouteOptions } from "./request.ts";
export type * from "./types.ts";
