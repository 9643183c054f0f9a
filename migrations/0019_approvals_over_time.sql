-- One principal for everything that a person decides without signing in, by link or through an approval provider. Until
-- now each provider had another one, named after it, so that suspending the documented one stopped half.

-- Suspended stays suspended: whoever was stopped under one of the names is stopped under all.
UPDATE principals SET status = 'suspended' WHERE status = 'active' AND id IN (
  SELECT n.principal_id FROM pins AS n JOIN pins AS m ON m.kind = 'link' AND m.person = n.person
  JOIN principals AS p ON p.id = m.principal_id
  WHERE n.kind = 'link' AND (p.status <> 'active' OR p.role <> 'reviewer'));

-- The name that the documentation gives it, where no other principal has that one.
UPDATE principals
SET name = replace(name, ' (link gate)', ' (link)'), name_key = replace(name_key, ' (link gate)', ' (link)')
WHERE id IN (SELECT principal_id FROM pins WHERE kind = 'link' AND issuer = 'gate')
  AND NOT EXISTS (
    SELECT 1 FROM principals AS o
    WHERE o.id <> principals.id AND o.name_key = replace(principals.name_key, ' (link gate)', ' (link)'));

UPDATE principals
SET name = substr(name, 1, instr(name, ' (link a2h:')) || '(link)',
  name_key = substr(name_key, 1, instr(name_key, ' (link a2h:')) || '(link)'
WHERE instr(name, ' (link a2h:') > 0 AND instr(name_key, ' (link a2h:') > 0
  AND id IN (
    SELECT n.principal_id FROM pins AS n
    WHERE n.kind = 'link' AND n.issuer = (
      SELECT m.issuer FROM pins AS m WHERE m.kind = 'link' AND m.person = n.person
      ORDER BY m.issuer = 'gate' DESC, m.issuer LIMIT 1))
  AND NOT EXISTS (
    SELECT 1 FROM principals AS o
    WHERE o.id <> principals.id
      AND o.name_key = substr(principals.name_key, 1, instr(principals.name_key, ' (link a2h:')) || '(link)');

-- One switch: votes that were given under an earlier name count, and are withdrawn, with it.
CREATE TRIGGER link_principals_have_one_status AFTER UPDATE OF status ON principals
WHEN NEW.status <> OLD.status
BEGIN
  UPDATE principals SET status = NEW.status
  WHERE status NOT IN (NEW.status, 'revoked') AND id IN (
    SELECT m.principal_id FROM pins AS n JOIN pins AS m ON m.kind = 'link' AND m.person = n.person
    WHERE n.kind = 'link' AND n.principal_id = NEW.id);
END;

-- The people and issuers of gate.yaml, so that what ends when one is taken out stays ended when it is put back.
CREATE TABLE roster (
  kind TEXT NOT NULL CHECK (kind IN ('person', 'issuer')),
  -- The person's id, the issuer's URL.
  name TEXT NOT NULL,
  present INTEGER NOT NULL,
  -- How often it was taken out. Links and questions to a person name the number that they were made under.
  departures INTEGER NOT NULL,
  -- When it was taken out last; NULL: never.
  left_at INTEGER,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER roster_departures AFTER UPDATE OF present ON roster
WHEN OLD.present = 1 AND NEW.present = 0
BEGIN
  DELETE FROM sessions WHERE account IN (
    SELECT account FROM pins WHERE account IS NOT NULL
      AND ((NEW.kind = 'person' AND person = NEW.name)
        OR (NEW.kind = 'issuer' AND kind = 'oidc' AND issuer = NEW.name)));
END;
