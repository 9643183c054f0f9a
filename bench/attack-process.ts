import { attack, type AttackName, type Statuses, type Target } from "./attack-kinds.ts";

/*
 * One attack in a process of its own, so that the victim's times are not those of a busy client. At the message "stop"
 * it tells which responses it got, and ends with all its connections.
 */

export interface AttackOrder {
  readonly name: AttackName;
  readonly target: Target;
}

const statuses: Statuses = new Map();

process.on("message", (message: AttackOrder | "stop") => {
  if (message === "stop") process.send?.([...statuses], () => process.exit(0));
  else void attack(message.name, message.target, statuses);
});
