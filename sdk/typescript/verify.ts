/*
 * The entry `zehrava-gate-client/verify`: what can be verified without trusting whoever sent it. The build makes its
 * declarations of these lines.
 */

export { GateError, GateOptionError, GateUnavailableError } from "./gate-error.ts";
export { signReport } from "./sign-report.ts";
export type { PrivateKey, ReportClaims } from "./sign-report.ts";
export { verifyBundle } from "./verify-bundle.ts";
export type {
  BundleFinding,
  BundleOptions,
  BundleReport,
  TrustedKeys,
  VerifyBundle,
} from "./verify-bundle-types.ts";
export { verifyOrder } from "./verify-order.ts";
export type { PublicKeySet, VerifiedOrder, VerifyOrderOptions } from "./verify-order.ts";
export { verifyWebhook } from "./verify-webhook.ts";
export type { VerifiedWebhook, VerifyWebhookOptions } from "./verify-webhook.ts";
