-- The last signed checkpoint of each epoch of the Merkle log, kept outside the object that signs it. Should that
-- object's storage ever be lost or rolled back, it has to grow to this very tree again before it signs another.
CREATE TABLE checkpoints (
  epoch INTEGER PRIMARY KEY,
  size INTEGER NOT NULL,
  -- Hexadecimal.
  root TEXT NOT NULL,
  -- The signed note, as C2SP tlog-checkpoint writes it.
  note TEXT NOT NULL,
  signed_at INTEGER NOT NULL
) STRICT;

-- A log only grows, and one size has one tree. Guards INSERT OR REPLACE and upserts as well: both fire this first.
CREATE TRIGGER checkpoints_only_grow BEFORE INSERT ON checkpoints
BEGIN
  SELECT RAISE(ABORT, 'another tree of this log was signed') FROM checkpoints
  WHERE epoch = NEW.epoch AND (size > NEW.size OR (size = NEW.size AND root <> NEW.root));
END;

CREATE TRIGGER checkpoints_never_shrink BEFORE UPDATE ON checkpoints
WHEN NEW.epoch <> OLD.epoch OR NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
BEGIN
  SELECT RAISE(ABORT, 'another tree of this log was signed');
END;

CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints
BEGIN
  SELECT RAISE(ABORT, 'a signed checkpoint stays');
END;
