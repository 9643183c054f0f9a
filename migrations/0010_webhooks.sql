-- Places that other programs registered for events. Where they are and what they verify with is sealed: a URL can be
-- as much of a secret as the key beside it.
CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  form TEXT NOT NULL CHECK (form IN ('standard', 'contract')),
  -- Of the form 'contract': the one intent it is about.
  intent_id TEXT UNIQUE,
  -- JSON list of codes.
  events TEXT NOT NULL,
  principal_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- Why it gets nothing more; a code.
  disabled TEXT,
  -- URL and description, encrypted under a key derived from the deployment's secret.
  sealed TEXT NOT NULL,
  CHECK ((form = 'contract') = (intent_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX webhooks_by_form ON webhooks (form, created_at, id);

-- What they are signed with. Beside the current one, the one before it signs for a while after a rotation.
CREATE TABLE webhook_secrets (
  -- The order they came in.
  number INTEGER PRIMARY KEY,
  webhook_id TEXT NOT NULL REFERENCES webhooks (id),
  -- NULL: the current one.
  until INTEGER,
  -- Encrypted like the URL.
  sealed TEXT NOT NULL
) STRICT;

CREATE INDEX webhook_secrets_by_webhook ON webhook_secrets (webhook_id, number);

-- Every event is compared with every one of them, and each is sent its own copy.
CREATE TRIGGER webhooks_bounded BEFORE INSERT ON webhooks
WHEN NEW.form = 'standard' AND (SELECT COUNT(*) FROM webhooks WHERE form = 'standard') >= 100
BEGIN
  SELECT RAISE(ABORT, 'too many webhooks are registered');
END;

-- Where telling others begins: what is on the ledger when a deployment learns it is not told after the fact.
CREATE TABLE telling_start (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  after_row INTEGER NOT NULL
) STRICT;

INSERT INTO telling_start (id, after_row) SELECT 1, COALESCE(MAX(id), 0) FROM ledger;
