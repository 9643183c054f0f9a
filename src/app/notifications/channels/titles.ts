import type { DeliveryRecord } from "../../../ports/notifications.ts";

/** The title of a message. */
export function titleOf({ kind, to }: Pick<DeliveryRecord, "kind" | "to">): string {
  switch (kind) {
    case "held":
      return "Approval needed";
    case "reminder":
      return "Still waiting";
    case "escalation":
      return to === null ? "Escalated" : `Escalated to ${to}`;
    case "decided":
    case "event":
    case "test":
      return "Gate";
  }
}
