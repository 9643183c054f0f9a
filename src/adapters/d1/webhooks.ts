import { err, ok } from "../../core/base/result.ts";
import type { KeysInForce } from "../../core/base/key-derivation.ts";
import type { Subscription, Webhook, Webhooks } from "../../ports/notifications.ts";
import type { RegistryChain } from "./registry-chain.ts";
import { openJson, sealJson } from "./sealed-json.ts";

/** After a rotation both secrets sign for a day, so that receivers can change theirs without losing events. */
const BOTH_SIGN_MS = 24 * 60 * 60_000;

interface WebhookRow {
  id: string;
  form: Webhook["form"];
  intent_id: string | null;
  events: string;
  principal_id: string;
  created_at: number;
  disabled: string | null;
  sealed: string;
}

/** Encrypted in D1: a webhook's URL can be as secret as its signing key. */
interface SealedFields {
  readonly url: string;
  readonly description: string;
}

const INSERT = `
  INSERT INTO webhooks (id, form, intent_id, events, principal_id, created_at, disabled, sealed)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7)`;

const ADD_SECRET = "INSERT INTO webhook_secrets (webhook_id, until, sealed) VALUES (?1, NULL, ?2)";

const RETIRE_SECRETS = "UPDATE webhook_secrets SET until = ?2 WHERE webhook_id = ?1 AND until IS NULL";

const SECRETS = `
  SELECT sealed FROM webhook_secrets WHERE webhook_id = ?1 AND (until IS NULL OR until > ?2)
  ORDER BY number DESC LIMIT 2`;

const SUBSCRIPTIONS = `
  SELECT id, form, intent_id, events, principal_id, created_at FROM webhooks WHERE form = 'standard' AND disabled IS NULL
  UNION ALL
  SELECT id, form, intent_id, events, principal_id, created_at FROM webhooks
  WHERE disabled IS NULL AND intent_id IN (SELECT value FROM json_each(?1))`;

/**
 * Registered webhooks in D1.
 *
 * @param chain records registrations on the ledger, without URL and secret
 * @param sealKeys encrypt URLs and signing secrets; values encrypted under an earlier one stay readable
 */
export function d1Webhooks(db: D1Database, chain: RegistryChain, sealKeys: () => KeysInForce): Webhooks {
  const webhookOf = async (row: WebhookRow): Promise<Webhook> => {
    const sealed = await open<SealedFields>(row.sealed, fieldsName(row.id), sealKeys());
    return {
      id: row.id,
      url: sealed?.url ?? "",
      description: sealed?.description ?? "",
      events: JSON.parse(row.events) as string[],
      form: row.form,
      intent: row.intent_id,
      principal: row.principal_id,
      createdAt: row.created_at,
      disabled: sealed === null ? "sealed_under_an_unknown_secret" : row.disabled,
    };
  };
  const first = async (sql: string, value: string) => {
    const row = await db.prepare(sql).bind(value).first<WebhookRow>();
    return row === null ? null : webhookOf(row);
  };
  const addSecret = async (id: string, secret: string) =>
    db.prepare(ADD_SECRET).bind(id, await seal(secret, secretName(id), sealKeys()[0]));

  return {
    async register(webhook, secret, actor) {
      const { id, form, intent, events, principal, createdAt, url, description } = webhook;
      const sealed = await seal({ url, description }, fieldsName(id), sealKeys()[0]);
      const statements = [
        // One webhook per intent: a later one replaces the earlier.
        ...removal(db, "intent_id", intent),
        db.prepare(INSERT).bind(id, form, intent, JSON.stringify(events), principal, createdAt, sealed),
        await addSecret(id, secret),
      ];
      if (form === "contract") {
        // Not on the registry's chain: agents register these, and a flood of them would keep admins from engaging kill
        // switches, which need the same chain.
        await db.batch(statements);
        return ok(undefined);
      }
      try {
        await chain.commit("webhook_registered", actor, { webhook: id, events }, statements);
      } catch (error) {
        if (String(error).includes("too many webhooks are registered")) return err("too_many_webhooks");
        throw error;
      }
      return ok(undefined);
    },

    async list() {
      const { results } = await db
        .prepare("SELECT * FROM webhooks WHERE form = 'standard' ORDER BY created_at, id")
        .all<WebhookRow>();
      return Promise.all(results.map(webhookOf));
    },

    async subscriptions(intents) {
      const { results } = await db
        .prepare(SUBSCRIPTIONS)
        .bind(JSON.stringify(intents))
        .all<Omit<WebhookRow, "sealed">>();
      return results.map(
        ({ id, form, intent_id: intent, events, principal_id: principal, created_at }): Subscription => ({
          id,
          form,
          intent,
          principal,
          createdAt: created_at,
          events: JSON.parse(events) as string[],
        }),
      );
    },

    find: (id) => first("SELECT * FROM webhooks WHERE id = ?1", id),

    ofIntent: (intent) => first("SELECT * FROM webhooks WHERE intent_id = ?1", intent),

    async secrets(id, now) {
      const { results } = await db.prepare(SECRETS).bind(id, now).all<{ sealed: string }>();
      const opened = await Promise.all(
        results.map(({ sealed }) => open<string>(sealed, secretName(id), sealKeys())),
      );
      return opened.filter((secret) => secret !== null);
    },

    async rotate(id, secret, actor, now) {
      const retire = db.prepare(RETIRE_SECRETS).bind(id, now + BOTH_SIGN_MS);
      await chain.commit("webhook_secret_rotated", actor, { webhook: id }, [
        retire,
        await addSecret(id, secret),
      ]);
    },

    async disable(id, why) {
      await db
        .prepare("UPDATE webhooks SET disabled = ?2 WHERE id = ?1 AND disabled IS NULL")
        .bind(id, why)
        .run();
    },

    async remove(id, actor) {
      await chain.commit("webhook_removed", actor, { webhook: id }, removal(db, "id", id));
    },
  };
}

function removal(
  db: D1Database,
  by: "id" | "intent_id",
  value: string | null,
): readonly D1PreparedStatement[] {
  if (value === null) return [];
  return [
    db
      .prepare(`DELETE FROM webhook_secrets WHERE webhook_id IN (SELECT id FROM webhooks WHERE ${by} = ?1)`)
      .bind(value),
    db.prepare(`DELETE FROM webhooks WHERE ${by} = ?1`).bind(value),
  ];
}

/** Associated data of the encryption, so that a write to D1 can't swap two records. */
function fieldsName(id: string): string {
  return `webhook:${id}`;
}

function secretName(id: string): string {
  return `webhook-secret:${id}`;
}

function seal(value: string | SealedFields, name: string, key: Uint8Array): Promise<string> {
  return sealJson(value, key, name);
}

/** Null: encrypted under a secret that is no longer configured, or altered. */
async function open<T>(text: string, name: string, keys: KeysInForce): Promise<T | null> {
  for (const key of keys) {
    const opened = await openJson<T>(text, key, name);
    if (opened !== null) return opened;
  }
  return null;
}
