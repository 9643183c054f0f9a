import type { Assurance } from "../../core/identity/assurance.ts";
import { recipientOfLink } from "../../core/identity/recipient.ts";
import { voterOf } from "../../core/identity/people.ts";
import type { Voter } from "../../core/identity/voter.ts";
import type { Person, Registry } from "../../core/registry/registry.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { ExternalIdentity } from "../../ports/identity.ts";
import type { Ports } from "../../ports/ports.ts";
import { principalOfPerson, type AccountFailure } from "./account.ts";
import type { NotReviewer } from "./voter-for.ts";

/** An account of another system, after the door has verified that system's signature. */
export type FederatedAccount =
  /** Received an approval link that Gate signed. */
  | { readonly system: "link"; readonly person: string }
  | { readonly system: "slack"; readonly team: string; readonly user: string }
  /** Answered through an approval provider, whose assurance the registry sets. */
  | {
      readonly system: "provider";
      readonly provider: string;
      readonly assurance: Assurance;
      readonly person: string;
    };

export type FederatedVoterFailure = AccountFailure | NotReviewer;

/** The voter behind an account: a person of the registry, linked, active, and still a reviewer. */
export async function federatedVoter(
  account: FederatedAccount,
  ports: Pick<Ports, "rules" | "linkedIdentities">,
): Promise<Result<Voter, FederatedVoterFailure>> {
  const { registry } = await ports.rules.current();
  const principal = await principalOfPerson(identityOf(account), personOf(account, registry), ports);
  if (!principal.ok) return principal;
  if (principal.value.role !== "reviewer") return err({ kind: "not_reviewer" });
  return ok(voterOf(principal.value, assuranceOf(account), registry));
}

/** Slack users are found by Slack's ids alone: a user chooses the name that Slack displays. */
function personOf(account: FederatedAccount, { people }: Registry): Person | undefined {
  if (account.system !== "slack") return people.get(account.person);
  const id = slackId(account);
  return [...people.values()].find(({ slack }) => slack === id);
}

/** A Slack account as `gate.yaml` writes it. */
export function slackId({ team, user }: { readonly team: string; readonly user: string }): string {
  return `${team}/${user}`;
}

function identityOf(account: FederatedAccount): ExternalIdentity {
  switch (account.system) {
    case "slack":
      return { kind: "slack", issuer: account.team, subject: account.user };
    case "provider":
    case "link":
      // One principal for both: suspending it stops the person's links and their answers to every provider.
      return recipientOfLink(account.person);
  }
}

function assuranceOf(account: FederatedAccount): Assurance {
  return account.system === "provider" ? account.assurance : account.system;
}
