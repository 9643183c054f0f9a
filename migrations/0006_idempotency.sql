-- Answers to requests that carried an Idempotency-Key, kept so that a repeat gets the same one.
CREATE TABLE idempotent_answers (
  -- SHA-256 of who asked and the key they sent.
  id TEXT PRIMARY KEY,
  -- What the request said: a MAC, since a plain digest of a short body could be guessed.
  fingerprint TEXT NOT NULL,
  -- Where a proposal under this key is made, whichever attempt makes it.
  intent TEXT NOT NULL,
  -- Whoever holds this is the one carrying the request out.
  attempt TEXT NOT NULL,
  -- Until then the key is taken by that attempt, should it never answer.
  lapses_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  -- NULL until answered; encrypted, and without the secrets that were in it.
  answer TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotent_answers_by_expiry ON idempotent_answers (expires_at);
