-- Public signing keys, newest last, never removed: what was signed years ago must verify with what is published.
CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY,
  jwk TEXT NOT NULL,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER signing_keys_no_update BEFORE UPDATE ON signing_keys
BEGIN
  SELECT RAISE(ABORT, 'published keys stay');
END;

CREATE TRIGGER signing_keys_no_delete BEFORE DELETE ON signing_keys
BEGIN
  SELECT RAISE(ABORT, 'published keys stay');
END;
