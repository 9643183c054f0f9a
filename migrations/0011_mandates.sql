-- What people laid down beforehand. Codes and numbers only; who made it, with which credential, and how that person
-- had proved who they are.
CREATE TABLE standing_approvals (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  -- An exact name, or `system.*`.
  destination TEXT NOT NULL,
  -- NULL leaves these open.
  policy TEXT,
  agent TEXT,
  principal_id TEXT,
  max_cents INTEGER CHECK (max_cents > 0),
  max_records INTEGER CHECK (max_records > 0),
  daily_cents INTEGER CHECK (daily_cents > 0),
  uses INTEGER CHECK (uses > 0),
  used INTEGER NOT NULL DEFAULT 0,
  principal TEXT NOT NULL,
  person TEXT NOT NULL,
  assurance TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  -- Whatever the statement that counts a use got wrong, this stops it.
  CHECK (uses IS NULL OR used <= uses)
) STRICT;

CREATE INDEX standing_approvals_by_destination ON standing_approvals (destination) WHERE revoked_at IS NULL;
CREATE INDEX standing_approvals_by_person ON standing_approvals (person) WHERE revoked_at IS NULL;

-- One row for each vote that was given under one.
CREATE TABLE standing_uses (
  mandate TEXT NOT NULL REFERENCES standing_approvals (id),
  intent TEXT NOT NULL,
  -- A negative amount would make room under a cap.
  cents INTEGER CHECK (cents >= 0),
  at INTEGER NOT NULL,
  PRIMARY KEY (mandate, intent)
) STRICT, WITHOUT ROWID;

CREATE INDEX standing_uses_by_time ON standing_uses (mandate, at, cents);

CREATE TRIGGER standing_uses_count AFTER INSERT ON standing_uses
BEGIN
  UPDATE standing_approvals SET used = used + 1 WHERE id = NEW.mandate;
END;

CREATE TRIGGER standing_uses_give_back AFTER DELETE ON standing_uses
BEGIN
  UPDATE standing_approvals SET used = used - 1 WHERE id = OLD.mandate;
END;

CREATE TABLE delegations (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  -- The person who may give the vote of the one who made it.
  delegate TEXT NOT NULL,
  destination TEXT,
  policy TEXT,
  agent TEXT,
  principal_id TEXT,
  max_cents INTEGER CHECK (max_cents > 0),
  principal TEXT NOT NULL,
  person TEXT NOT NULL,
  assurance TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  CHECK (delegate <> person)
) STRICT;

CREATE INDEX delegations_by_persons ON delegations (person, delegate) WHERE revoked_at IS NULL;

-- Of two who revoke at once one is first; the other's entry does not go on the ledger.
CREATE TRIGGER standing_approvals_revoked_once BEFORE UPDATE OF revoked_at ON standing_approvals
WHEN OLD.revoked_at IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'this mandate was revoked before');
END;

CREATE TRIGGER delegations_revoked_once BEFORE UPDATE OF revoked_at ON delegations
WHEN OLD.revoked_at IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'this mandate was revoked before');
END;

-- Votes name them for ever.
CREATE TRIGGER standing_approvals_no_delete BEFORE DELETE ON standing_approvals
BEGIN
  SELECT RAISE(ABORT, 'mandates are revoked, not deleted');
END;

CREATE TRIGGER delegations_no_delete BEFORE DELETE ON delegations
BEGIN
  SELECT RAISE(ABORT, 'mandates are revoked, not deleted');
END;

-- All that match are read for every held intent.
CREATE TRIGGER standing_approvals_bounded BEFORE INSERT ON standing_approvals
WHEN (SELECT COUNT(*) FROM standing_approvals
      WHERE person = NEW.person AND revoked_at IS NULL AND expires_at > NEW.created_at) >= 100
BEGIN
  SELECT RAISE(ABORT, 'too many mandates are in force');
END;

CREATE TRIGGER delegations_bounded BEFORE INSERT ON delegations
WHEN (SELECT COUNT(*) FROM delegations
      WHERE person = NEW.person AND revoked_at IS NULL AND expires_at > NEW.created_at) >= 100
BEGIN
  SELECT RAISE(ABORT, 'too many mandates are in force');
END;

-- A queue is filtered by these, and must not read all that waits to show the few.
CREATE INDEX intents_pending_by_agent ON intents (agent_id, created_at DESC, id DESC)
WHERE phase = 'pending_approval';
CREATE INDEX intents_pending_by_destination ON intents (destination, created_at DESC, id DESC)
WHERE phase = 'pending_approval';
CREATE INDEX intents_pending_by_policy ON intents (policy_id, created_at DESC, id DESC)
WHERE phase = 'pending_approval';
