import { toBase64Url } from "../../core/base/base64url.ts";
import { digestOf } from "../../core/base/digest.ts";
import { ID_PREFIX, nameKey, type Principal } from "../../core/identity/principal.ts";
import type { Person } from "../../core/registry/registry.ts";
import { err, ok } from "../../core/base/result.ts";
import type { ExternalIdentity, LinkedIdentities, LinkedIdentity } from "../../ports/identity.ts";
import { PLAIN, insertPrincipal, isNameTaken, principalOf, type PrincipalRow } from "./principal-rows.ts";
import { coalescedRead } from "./coalesced-read.ts";
import { leasesEnd } from "./read-lease.ts";
import type { RegistryChain } from "./registry-chain.ts";

const ID_BYTES = 16;

/** Of a principal's name, which has two parts and 128 characters at most. */
const MAX_NAME_PART = 56;

/** Attempts when one account signs in in several browsers at once: the later ones find the link of the first. */
const TRIES = 4;

interface LinkedRow extends PrincipalRow {
  readonly pinned_person: string;
}

interface LinkRow {
  readonly account: string | null;
  readonly principal_id: string;
}

const LINKED = "SELECT n.person AS pinned_person, p.* FROM pins n JOIN principals p ON p.id = n.principal_id";

const BY_ACCOUNT = `${LINKED} WHERE n.account = ?1`;

/**
 * Everything that a person does without signing in is one identity. Rows of version 0.1 have one for each provider
 * instead, as issuer; theirs is used where the person has no other.
 */
const LINK_FIRST = "ORDER BY issuer = 'gate' DESC, issuer LIMIT 1";

const BY_LINK = `${LINKED} WHERE n.kind = 'link' AND n.person = ?1 AND n.account IS NOT NULL ${LINK_FIRST}`;

const LINK_OF_RECIPIENT = `
  SELECT account, principal_id FROM pins WHERE kind = 'link' AND person = ?1 ${LINK_FIRST}`;

/** The principals that are one with this one. */
const SAME = `
  SELECT ?1 AS id UNION SELECT m.principal_id FROM pins n JOIN pins m ON m.kind = 'link' AND m.person = n.person
  WHERE n.kind = 'link' AND n.principal_id = ?1`;

const LINK_OF_PRINCIPAL = "SELECT kind, issuer, account FROM pins WHERE principal_id = ?1";

const LINK_OF_PERSON =
  "SELECT account, principal_id FROM pins WHERE kind = ?1 AND issuer = ?2 AND person = ?3";

const INSERT_LINK = `
  INSERT INTO pins (kind, issuer, person, account, principal_id, pinned_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)`;

const LINK_AGAIN = "UPDATE pins SET account = ?2, pinned_at = ?3 WHERE principal_id = ?1";

const UNLINK = `UPDATE pins SET account = NULL WHERE principal_id IN (SELECT id FROM (${SAME}))`;

/** Without its row, the person of a revoked principal gets a new principal at the next sign-in, not the revoked one. */
const DELETE_LINK_OF_REVOKED = `
  DELETE FROM pins WHERE principal_id IN (SELECT id FROM (${SAME}))
  AND (SELECT status FROM principals WHERE id = pins.principal_id) = 'revoked'`;

/** @param chain records links and unlinks on the ledger, in the same transaction */
export function d1LinkedIdentities(db: D1Database, chain: RegistryChain): LinkedIdentities {
  async function find(identity: ExternalIdentity): Promise<LinkedIdentity | null> {
    const sought =
      identity.kind === "link"
        ? db.prepare(BY_LINK).bind(identity.subject)
        : db.prepare(BY_ACCOUNT).bind(accountOf(identity));
    const [row] = await coalescedRead<LinkedRow>(db, sought);
    return row === undefined ? null : { person: row.pinned_person, principal: principalOf(row) };
  }

  /** Links once; throws, or finds the link, when a concurrent call made it first. */
  async function link(identity: ExternalIdentity, person: Person, tried: number): Promise<"done" | "taken"> {
    const { kind, issuer } = identity;
    const account = accountOf(identity);
    const sought =
      kind === "link"
        ? db.prepare(LINK_OF_RECIPIENT).bind(person.id)
        : db.prepare(LINK_OF_PERSON).bind(kind, issuer, person.id);
    const known = await sought.first<LinkRow>();
    if (known !== null && known.account !== null) return known.account === account ? "done" : "taken";
    const now = Date.now();
    if (known !== null) {
      const { principal_id: id } = known;
      const again = db.prepare(LINK_AGAIN).bind(id, account, now);
      await chain.commit("credential_pinned", id, { principal: id, kind, account }, [again]);
      return "done";
    }
    const principal = reviewerFor(identity, person, tried, now);
    const folded = nameKey(principal.name);
    if (folded === null) throw new Error("invariant: a reviewer's generated name is a valid principal name");
    const { id, role } = principal;
    await chain.commit("credential_pinned", id, { principal: id, role, kind, account }, [
      insertPrincipal(db, principal, folded),
      db.prepare(INSERT_LINK).bind(kind, issuer, person.id, account, id, now),
    ]);
    return "done";
  }

  return {
    async linkOf(principal) {
      const [row] = await coalescedRead<Pick<ExternalIdentity, "kind" | "issuer"> & Pick<LinkRow, "account">>(
        db,
        db.prepare(LINK_OF_PRINCIPAL).bind(principal),
      );
      return row === undefined
        ? null
        : { kind: row.kind, issuer: row.issuer, isLinked: row.account !== null };
    },

    find,

    async resolveOrLink(identity, person) {
      for (let tried = 0; ; tried += 1) {
        const found = await find(identity);
        if (found !== null) {
          return found.person === person.id ? ok(found.principal) : err("identity_already_linked");
        }
        if (tried >= TRIES) throw new Error("invariant: a linked identity is found after it was linked");
        try {
          if ((await link(identity, person, tried)) === "taken") return err("identity_already_linked");
        } catch (error) {
          if (!isRace(error)) throw error;
        }
      }
    },

    async unlink(principal, actor) {
      const known = await db
        .prepare(
          `SELECT 1 FROM pins WHERE principal_id IN (SELECT id FROM (${SAME})) AND account IS NOT NULL`,
        )
        .bind(principal)
        .first();
      if (known === null) {
        // Whoever unlinked it may have done so just now.
        await leasesEnd();
        return false;
      }
      await chain.commit("credential_unpinned", actor, { principal }, [
        db.prepare(UNLINK).bind(principal),
        db.prepare(DELETE_LINK_OF_REVOKED).bind(principal),
      ]);
      await leasesEnd();
      return true;
    },
  };
}

/** Digest by which D1 identifies an account. */
export function accountOf({ kind, issuer, subject }: ExternalIdentity): string {
  return digestOf([kind, issuer, subject]);
}

function isRace(error: unknown): boolean {
  const text = String(error);
  return (
    isNameTaken(error) ||
    text.includes("this person is pinned to an account") ||
    text.includes("UNIQUE constraint failed: pins")
  );
}

/** A principal without a key, which authenticates by its linked account alone. */
function reviewerFor(
  identity: ExternalIdentity,
  person: Person,
  tried: number,
  createdAt: number,
): Omit<Principal, "status"> {
  const id = ID_PREFIX.reviewer + toBase64Url(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
  // Another principal may have the plain name: a registered one, or one of another issuer at the same host.
  const suffix = tried === 0 ? "" : ` ${id.slice(-6)}`;
  return {
    id,
    role: "reviewer",
    name: `${person.id.slice(0, MAX_NAME_PART)} (${issuerLabel(identity).slice(0, MAX_NAME_PART)})${suffix}`,
    person: person.id,
    ...PLAIN,
    keyEpoch: 0,
    createdAt,
  };
}

function issuerLabel({ kind, issuer }: ExternalIdentity): string {
  switch (kind) {
    case "oidc":
      return URL.canParse(issuer) ? new URL(issuer).host : issuer;
    case "slack":
      return `Slack ${issuer}`;
    case "link":
    case "local":
      return kind;
  }
}
