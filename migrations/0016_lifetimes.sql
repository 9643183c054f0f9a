-- Rows that were never deleted get a lifetime. Triggers do it, so that no writer can forget to.

-- Counts of reads: 90 days. Fires for the first read of an agent from a destination in a day.
CREATE TRIGGER proxy_reads_end AFTER INSERT ON proxy_reads
BEGIN
  DELETE FROM proxy_reads WHERE day < date(NEW.day, '-90 days');
END;

-- Webhooks for the decision of one intent: 30 days, as long as its deliveries are kept, and as long as the intent can
-- still be decided. Twenty at once: deletion outpaces insertion.
CREATE TRIGGER contract_webhooks_end AFTER INSERT ON webhooks WHEN NEW.form = 'contract'
BEGIN
  DELETE FROM webhook_secrets WHERE webhook_id IN (
    SELECT w.id FROM webhooks AS w JOIN intents AS i ON i.id = w.intent_id
    WHERE w.form = 'contract' AND w.created_at < NEW.created_at - 2592000000
      AND i.updated_at < NEW.created_at - 2592000000
      AND i.phase NOT IN ('pending_approval', 'approved', 'scheduled', 'claimed', 'indeterminate')
    ORDER BY w.created_at, w.id LIMIT 20);
  DELETE FROM webhooks WHERE form = 'contract' AND created_at < NEW.created_at - 2592000000
    AND NOT EXISTS (SELECT 1 FROM webhook_secrets WHERE webhook_id = webhooks.id);
END;

-- A delivery is signed with the two newest secrets at most.
CREATE TRIGGER webhook_secrets_end AFTER INSERT ON webhook_secrets
BEGIN
  DELETE FROM webhook_secrets WHERE webhook_id = NEW.webhook_id AND number NOT IN (
    SELECT number FROM webhook_secrets WHERE webhook_id = NEW.webhook_id ORDER BY number DESC LIMIT 2);
END;
