import type { Operation } from "./operation.ts";
import { ADMIN_OPERATIONS } from "./operations/admin.ts";
import { APPROVAL_LINK_OPERATIONS } from "./operations/approval-links.ts";
import { APPROVAL_OPERATIONS } from "./operations/approvals.ts";
import { EXECUTION_OPERATIONS } from "./operations/executions.ts";
import { INTENT_OPERATIONS } from "./operations/intents.ts";
import { MANDATE_OPERATIONS } from "./operations/mandates.ts";
import { PAGE_OPERATIONS } from "./operations/pages.ts";
import { PRINCIPAL_OPERATIONS } from "./operations/principals.ts";
import { PROXY_OPERATIONS } from "./operations/proxy.ts";
import { PUBLIC_OPERATIONS } from "./operations/public.ts";
import { CALLBACK_OPERATIONS, SESSION_OPERATIONS } from "./operations/sessions.ts";
import { WEBHOOK_OPERATIONS } from "./operations/webhooks.ts";

/** Every route of Gate, the proxy's wildcard last. */
export const OPERATIONS: readonly Operation[] = [
  ...INTENT_OPERATIONS,
  ...APPROVAL_OPERATIONS,
  ...APPROVAL_LINK_OPERATIONS,
  ...MANDATE_OPERATIONS,
  ...EXECUTION_OPERATIONS,
  ...PRINCIPAL_OPERATIONS,
  ...ADMIN_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
  ...PUBLIC_OPERATIONS,
  ...SESSION_OPERATIONS,
  ...CALLBACK_OPERATIONS,
  ...PAGE_OPERATIONS,
  ...PROXY_OPERATIONS,
];
