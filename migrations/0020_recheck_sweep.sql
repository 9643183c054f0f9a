-- The walk over what waits after the rules changed: one row, which every step compares and sets.
CREATE TABLE recheck_sweep (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  -- Digest of the rules it evaluates by.
  rules TEXT NOT NULL,
  -- Where its next page starts; empty: at the beginning.
  cursor TEXT NOT NULL,
  checked INTEGER NOT NULL,
  -- Until then a call works on that page.
  busy_until INTEGER NOT NULL,
  -- NULL: it goes on.
  finished_at INTEGER
) STRICT;
