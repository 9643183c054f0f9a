-- Counts a principal's rotations of its key and changes of its role. Tokens of orders name the number that they were
-- issued under, so that one of an earlier key or role begins nothing.
ALTER TABLE principals ADD COLUMN key_epoch INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER principals_epoch_of_role AFTER UPDATE OF role ON principals
WHEN NEW.role <> OLD.role
BEGIN
  UPDATE principals SET key_epoch = key_epoch + 1 WHERE id = NEW.id;
  -- Programs have no sessions, and one that waited for a person's role to come back would be theirs again unseen.
  DELETE FROM sessions WHERE principal_id = NEW.id AND NEW.role NOT IN ('reviewer', 'auditor', 'admin');
  UPDATE webhooks SET disabled = 'role_changed'
  WHERE principal_id = NEW.id AND form = 'contract' AND disabled IS NULL;
END;
