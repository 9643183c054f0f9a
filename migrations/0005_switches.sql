-- Kill switches. A row stays once it was engaged; lifting changes it. Codes only: why it was thrown is one word of
-- a list, with the number of a ticket where there is one.
CREATE TABLE switches (
  scope TEXT NOT NULL CHECK (scope IN ('agent', 'destination', 'everything')),
  -- Empty for 'everything'.
  target TEXT NOT NULL,
  engaged INTEGER NOT NULL CHECK (engaged IN (0, 1)),
  -- One more with every change: what two change at once is changed by one of them.
  version INTEGER NOT NULL,
  reason TEXT NOT NULL,
  ticket TEXT,
  actor TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (scope, target)
) STRICT, WITHOUT ROWID;

CREATE INDEX switches_engaged ON switches (scope, target) WHERE engaged = 1;

CREATE TRIGGER switches_by_version BEFORE UPDATE ON switches
WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'this switch was changed meanwhile');
END;

CREATE TRIGGER switches_no_delete BEFORE DELETE ON switches
BEGIN
  SELECT RAISE(ABORT, 'switches are lifted, not deleted');
END;

-- All engaged switches are read before every order. Stopping everything is never refused.
CREATE TRIGGER switches_bounded_insert BEFORE INSERT ON switches
WHEN NEW.engaged = 1 AND NEW.scope <> 'everything'
  AND (SELECT COUNT(*) FROM switches WHERE engaged = 1) >= 500
BEGIN
  SELECT RAISE(ABORT, 'too many switches are engaged');
END;

CREATE TRIGGER switches_bounded_update BEFORE UPDATE ON switches
WHEN NEW.engaged = 1 AND NEW.scope <> 'everything'
  AND (SELECT COUNT(*) FROM switches WHERE engaged = 1) >= 500
BEGIN
  SELECT RAISE(ABORT, 'too many switches are engaged');
END;
