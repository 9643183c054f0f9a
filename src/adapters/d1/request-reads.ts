import { isYounger } from "../../core/base/age.ts";
import type { Principal } from "../../core/identity/principal.ts";
import { recipientOfLink } from "../../core/identity/recipient.ts";
import { ok } from "../../core/base/result.ts";
import type { ExternalIdentity, IdentityLink, LinkedIdentity } from "../../ports/identity.ts";
import type { RequestReads } from "../../ports/request-reads.ts";
import type { Departures } from "../../ports/roster.ts";
import { coalescedRead } from "./coalesced-read.ts";
import { principalOf, type PrincipalRow } from "./principal-rows.ts";
import { readInTime, READ_LEASE_MS } from "./read-lease.ts";

/** Whoever did something with an intent: its proposer, its voters, its worker. */
const ACTORS = `
  SELECT p.*, n.kind AS link_kind, n.issuer AS link_issuer, n.account AS link_account,
    r.departures AS departures, r.left_at AS left_at
  FROM principals p
  LEFT JOIN pins n ON n.principal_id = p.id
  LEFT JOIN roster r ON r.kind = 'person' AND r.name = p.person
  WHERE p.id IN (SELECT actor FROM ledger WHERE intent_id = ?1)`;

interface ActorRow extends PrincipalRow {
  readonly link_kind: IdentityLink["kind"] | null;
  readonly link_issuer: string | null;
  readonly link_account: string | null;
  readonly departures: number | null;
  readonly left_at: number | null;
}

interface Actors {
  readonly principals: ReadonlyMap<string, Principal>;
  readonly links: ReadonlyMap<string, IdentityLink | null>;
  readonly departures: ReadonlyMap<string, Departures>;
}

const NO_ACTORS: Actors = { principals: new Map(), links: new Map(), departures: new Map() };

/**
 * The reads of one request: what it read within the lease is not read again. A change that the request makes itself
 * drops everything.
 */
export function requestReads(
  db: D1Database,
  { principals, switches, linkedIdentities, roster }: Omit<RequestReads, "ahead" | "intents">,
): Omit<RequestReads, "intents"> {
  const byKey = new Recent<Principal | null>();
  const byId = new Recent<Principal | null>();
  const engaged = new Recent<Awaited<ReturnType<typeof switches.engaged>>>();
  const links = new Recent<IdentityLink | null>();
  const departures = new Recent<Departures>();
  const identities = new Recent<LinkedIdentity | null>();
  const actors = new Recent<Actors>();
  let about: string | null = null;

  function forget(): void {
    for (const each of [byKey, byId, engaged, links, departures, identities, actors]) each.forget();
    about = null;
  }

  function changing<A extends readonly unknown[], R>(change: (...of: A) => Promise<R>) {
    return (...of: A) => change(...of).finally(forget);
  }

  const link = changing(linkedIdentities.resolveOrLink);

  /** From what was read ahead, if it is there and young enough; it keeps its age, so it is remembered nowhere else. */
  async function ofActors<T>(found: (actors: Actors) => T | undefined, read: () => Promise<T>): Promise<T> {
    const known = about === null ? null : await actors.peek(about)?.catch(() => null);
    const value = known ? found(known) : undefined;
    return value === undefined ? read() : value;
  }

  return {
    ahead(intent, recipient = null) {
      about = intent;
      const begun: Promise<unknown>[] = [engaged.get("", () => switches.engaged("fresh"))];
      if (intent !== null) begun.push(actors.get(intent, () => actorsOf(db, intent)));
      if (recipient !== null) {
        const identity = recipientOfLink(recipient);
        begun.push(identities.get(nameOf(identity), () => linkedIdentities.find(identity)));
        begun.push(departures.get(recipient, () => roster.departuresOf(recipient)));
      }
      // Whoever needs them asks again, and gets the failure.
      for (const each of begun) each.catch(() => undefined);
    },

    principals: {
      ...principals,
      byKey: async (key, age) => {
        if (age !== "fresh") return principals.byKey(key, age);
        const found = await byKey.get(key, () => principals.byKey(key, age));
        if (found !== null) byId.learn(found.id, byKey, key);
        return found;
      },
      get: (id) =>
        ofActors(
          (known) => known.principals.get(id),
          () => byId.get(id, () => principals.get(id)),
        ),
      register: changing(principals.register),
      setStatus: changing(principals.setStatus),
      setRole: changing(principals.setRole),
      setReportKey: changing(principals.setReportKey),
      rotateKey: changing(principals.rotateKey),
    },

    switches: {
      engaged: (age) =>
        age !== "fresh" ? switches.engaged(age) : engaged.get("", () => switches.engaged(age)),
      engage: changing(switches.engage),
      lift: changing(switches.lift),
    },

    linkedIdentities: {
      ...linkedIdentities,
      linkOf: (principal) =>
        ofActors(
          (known) => known.links.get(principal),
          () => links.get(principal, () => linkedIdentities.linkOf(principal)),
        ),
      find: (identity) => identities.get(nameOf(identity), () => linkedIdentities.find(identity)),
      async resolveOrLink(identity, person) {
        const known = await identities.peek(nameOf(identity))?.catch(() => null);
        return known?.person === person.id ? ok(known.principal) : link(identity, person);
      },
      unlink: changing(linkedIdentities.unlink),
    },

    roster: {
      departuresOf: (person) =>
        ofActors(
          (known) => known.departures.get(person),
          () => departures.get(person, () => roster.departuresOf(person)),
        ),
    },
  };
}

function nameOf({ kind, issuer, subject }: ExternalIdentity): string {
  return JSON.stringify([kind, issuer, subject]);
}

interface Begun<T> {
  /** Of the time before it was sent: the answer may lack later changes. */
  at: number;
  readonly value: Promise<T>;
}

/** Failed reads are not remembered. */
class Recent<T> {
  readonly #reads = new Map<string, Begun<T>>();

  get(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.peek(key);
    if (known !== undefined) return known;
    const sent = { at: Date.now() };
    const value = readInTime(() => {
      sent.at = Date.now();
      return read();
    });
    const begun: Begun<T> = Object.assign(sent, { value });
    this.#reads.set(key, begun);
    begun.value.catch(() => {
      if (this.#reads.get(key) === begun) this.#reads.delete(key);
    });
    return begun.value;
  }

  peek(key: string): Promise<T> | undefined {
    const known = this.#reads.get(key);
    return known !== undefined && isYounger(known.at, Date.now(), READ_LEASE_MS) ? known.value : undefined;
  }

  /** What another read under another name found too. */
  learn(key: string, from: Recent<T>, other: string): void {
    const found = from.#reads.get(other);
    if (found !== undefined) this.#reads.set(key, found);
  }

  forget(): void {
    this.#reads.clear();
  }
}

async function actorsOf(db: D1Database, intent: string): Promise<Actors> {
  const rows = await coalescedRead<ActorRow>(db, db.prepare(ACTORS).bind(intent));
  if (rows.length === 0) return NO_ACTORS;
  return {
    principals: new Map(rows.map((row) => [row.id, principalOf(row)])),
    links: new Map(rows.map((row) => [row.id, linkOf(row)])),
    departures: new Map(
      rows.flatMap(({ person, departures, left_at: lastAt }) =>
        person === null ? [] : [[person, { times: departures ?? 0, lastAt }] as const],
      ),
    ),
  };
}

function linkOf({ link_kind: kind, link_issuer: issuer, link_account: account }: ActorRow) {
  return kind === null || issuer === null ? null : { kind, issuer, isLinked: account !== null };
}
