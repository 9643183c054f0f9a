-- The ledger: one row per state transition, append-only.
-- Triggers are a guard rail against mistakes and careless SQL. What proves tampering is the hash chain and the MAC.
CREATE TABLE ledger (
  -- Rows are never deleted, so the next id is always the largest.
  id INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL DEFAULT 1,
  intent_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  event TEXT NOT NULL,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  entry_hash TEXT NOT NULL,
  mac TEXT NOT NULL,
  UNIQUE (intent_id, seq)
) STRICT;

CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only');
END;

CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only');
END;

-- INSERT OR REPLACE does not fire delete triggers, so a taken place is guarded here: the same entry again is a
-- redelivery and ignored, another one is a fork and fails the whole batch.
CREATE TRIGGER ledger_no_fork BEFORE INSERT ON ledger
BEGIN
  SELECT RAISE(IGNORE) FROM ledger
  WHERE intent_id = NEW.intent_id AND seq = NEW.seq AND entry_hash = NEW.entry_hash;
  SELECT RAISE(ABORT, 'this place in the ledger is taken by another entry') FROM ledger
  WHERE intent_id = NEW.intent_id AND seq = NEW.seq;
  SELECT RAISE(ABORT, 'this place in the ledger is taken by another entry') FROM ledger WHERE id = NEW.id;
END;

-- So that counting repeats does not read the whole ledger.
CREATE INDEX ledger_duplicates ON ledger (actor) WHERE event = 'duplicate_blocked';

-- What lists show and filter by. Derived from the intents' objects; holds no free text.
CREATE TABLE intents (
  id TEXT PRIMARY KEY,
  agent_id TEXT NOT NULL,
  destination TEXT NOT NULL,
  action TEXT NOT NULL,
  policy_id TEXT NOT NULL,
  phase TEXT NOT NULL,
  status TEXT NOT NULL,
  reason_code TEXT NOT NULL,
  risk_score INTEGER NOT NULL,
  risk_level TEXT NOT NULL,
  records INTEGER,
  value_cents INTEGER,
  created_at INTEGER NOT NULL,
  decide_by INTEGER NOT NULL,
  approved_at INTEGER,
  updated_at INTEGER NOT NULL,
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX intents_by_time ON intents (created_at DESC, id DESC);
CREATE INDEX intents_by_phase ON intents (phase, created_at DESC, id DESC);
CREATE INDEX intents_by_agent ON intents (agent_id, created_at DESC, id DESC);

-- The text behind every policy hash that decided anything.
CREATE TABLE policy_texts (
  hash TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  text TEXT NOT NULL,
  first_used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
