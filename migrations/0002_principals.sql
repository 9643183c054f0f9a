-- Who may call: agents, reviewers, runners, auditors, admins. Keys are kept as SHA-256 only.
CREATE TABLE principals (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('agent', 'reviewer', 'runner', 'auditor', 'admin')),
  name TEXT NOT NULL,
  -- The name folded, so that no two principals can be taken for each other.
  name_key TEXT NOT NULL UNIQUE,
  -- The person a human's key belongs to.
  person TEXT,
  -- The person or group answerable for an agent.
  owner TEXT,
  -- JSON lists; NULL sets no limit beyond policy.
  allowed_destinations TEXT,
  allowed_policies TEXT,
  environment TEXT,
  framework TEXT,
  risk_tier TEXT NOT NULL DEFAULT 'standard',
  metadata TEXT NOT NULL DEFAULT '{}',
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'revoked')),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
  hash TEXT PRIMARY KEY,
  principal_id TEXT NOT NULL REFERENCES principals (id),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX keys_by_principal ON keys (principal_id);

-- Single-use numbers for replay-guarded decisions, by hash.
CREATE TABLE nonces (
  hash TEXT PRIMARY KEY,
  principal_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX nonces_by_expiry ON nonces (expires_at);
