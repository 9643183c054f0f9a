-- Accounts of people elsewhere, each pinned to one person of gate.yaml when it first came in.
CREATE TABLE pins (
  -- 'link' and 'local': Gate's own word, without an account elsewhere.
  kind TEXT NOT NULL CHECK (kind IN ('oidc', 'slack', 'link', 'local')),
  issuer TEXT NOT NULL,
  -- The person's id in gate.yaml.
  person TEXT NOT NULL,
  -- SHA-256 of kind, issuer and the issuer's id of the account; NULL: unpinned, the next that comes is pinned.
  account TEXT UNIQUE,
  principal_id TEXT NOT NULL REFERENCES principals (id),
  pinned_at INTEGER NOT NULL,
  PRIMARY KEY (kind, issuer, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX pins_by_principal ON pins (principal_id);

CREATE TRIGGER pins_stay BEFORE UPDATE ON pins
WHEN OLD.account IS NOT NULL AND NEW.account IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'this person is pinned to an account');
END;

-- Browsers that proved who they act for, by the SHA-256 of their tokens.
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,
  principal_id TEXT NOT NULL,
  assurance TEXT NOT NULL,
  -- What it was opened with, one of the two: a session is over when its key or its pin is gone.
  key_hash TEXT,
  account TEXT,
  expires_at INTEGER NOT NULL,
  CHECK ((key_hash IS NULL) <> (account IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_principal ON sessions (principal_id, expires_at);

-- Whoever is let in again signs in again.
CREATE TRIGGER sessions_end_with_standing AFTER UPDATE OF status ON principals
WHEN NEW.status <> 'active'
BEGIN
  DELETE FROM sessions WHERE principal_id = NEW.id;
END;

-- Sign-ins with a provider that were finished, as long as they could be tried again.
CREATE TABLE finished_sign_ins (
  state TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX finished_sign_ins_by_expiry ON finished_sign_ins (expires_at);
