-- By which a case finds the earlier ones like it. Both are keyed pseudonyms; null in rows written before, until their
-- intent changes (subject), or for ever (shape_key).
ALTER TABLE intents ADD COLUMN subject TEXT;
ALTER TABLE intents ADD COLUMN shape_key TEXT;
-- A person's id, an agent's (withdrawn), `policy` or `timeout`; null: nobody decided.
ALTER TABLE intents ADD COLUMN decided_by TEXT;

-- From the ledger, which has it of every intent. What changed rules made wait again was not decided since.
UPDATE intents SET decided_by = (
  SELECT CASE l.event
    WHEN 'blocked' THEN 'policy'
    WHEN 'approved' THEN l.body ->> 'by'
    WHEN 'revoked' THEN l.body ->> 'by'
    WHEN 'withdrawn' THEN l.actor
    WHEN 'policy_rechecked' THEN NULL
    ELSE l.body ->> 'person'
  END
  FROM ledger AS l
  WHERE l.intent_id = intents.id
    AND (l.event IN ('blocked', 'approved', 'revoked', 'withdrawn', 'rejected', 'cancelled', 'superseded')
      OR l.event = 'policy_rechecked' AND l.body ->> 'phase' = 'pending_approval')
  ORDER BY l.seq DESC LIMIT 1)
WHERE phase <> 'pending_approval';

CREATE INDEX intents_by_subject ON intents (subject, created_at DESC, id DESC) WHERE subject IS NOT NULL;
CREATE INDEX intents_by_shape ON intents (shape_key, created_at DESC, id DESC) WHERE shape_key IS NOT NULL;

-- What lists of intents are filtered by, beside the columns: the policies in force, who decided, and the UTC days on which
-- something happened. One row for each, in the order of lists.
ALTER TABLE intents ADD COLUMN policies TEXT NOT NULL DEFAULT '[]';
ALTER TABLE intents ADD COLUMN people TEXT NOT NULL DEFAULT '[]';

CREATE TABLE intent_tags (
  kind TEXT NOT NULL CHECK (kind IN ('policy', 'person', 'day', 'waiting')),
  tag TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  intent_id TEXT NOT NULL,
  PRIMARY KEY (kind, tag, created_at, intent_id)
) STRICT, WITHOUT ROWID;

-- Tags are only added: a policy that was in force, and a vote that changed rules withdrew, stay true. `waiting` is the same
-- as `policy`, as long as the intent waits for people, so that the queue of one policy reads nothing else.
CREATE TRIGGER intent_tags_of_new AFTER INSERT ON intents
BEGIN
  INSERT INTO intent_tags (kind, tag, created_at, intent_id)
  SELECT 'policy', value, NEW.created_at, NEW.id FROM json_each(NEW.policies) WHERE true
  UNION SELECT 'waiting', value, NEW.created_at, NEW.id FROM json_each(NEW.policies) WHERE NEW.phase = 'pending_approval'
  UNION SELECT 'person', value, NEW.created_at, NEW.id FROM json_each(NEW.people)
  UNION SELECT 'day', strftime('%Y-%m-%d', at / 1000, 'unixepoch'), NEW.created_at, NEW.id
  FROM ledger WHERE intent_id = NEW.id
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER intent_tags_of_changed AFTER UPDATE ON intents
WHEN NEW.seq <> OLD.seq OR NEW.policies <> OLD.policies OR NEW.people <> OLD.people OR NEW.phase <> OLD.phase
BEGIN
  INSERT INTO intent_tags (kind, tag, created_at, intent_id)
  SELECT 'policy', value, NEW.created_at, NEW.id FROM json_each(NEW.policies) WHERE NEW.policies <> OLD.policies
  UNION SELECT 'waiting', value, NEW.created_at, NEW.id FROM json_each(NEW.policies) WHERE NEW.phase = 'pending_approval'
  UNION SELECT 'person', value, NEW.created_at, NEW.id FROM json_each(NEW.people) WHERE NEW.people <> OLD.people
  UNION SELECT 'day', strftime('%Y-%m-%d', at / 1000, 'unixepoch'), NEW.created_at, NEW.id
  FROM ledger WHERE intent_id = NEW.id AND seq > OLD.seq
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER intent_tags_of_decided AFTER UPDATE ON intents
WHEN OLD.phase = 'pending_approval' AND NEW.phase <> 'pending_approval'
BEGIN
  DELETE FROM intent_tags
  WHERE kind = 'waiting' AND created_at = OLD.created_at AND intent_id = OLD.id
    AND tag IN (SELECT value FROM json_each(OLD.policies));
END;

-- Every earlier intent, from the ledger.
UPDATE intents SET
  policies = (
    SELECT json_group_array(DISTINCT p.value ->> 'id') FROM ledger AS l, json_each(l.body, '$.policies') AS p
    WHERE l.intent_id = intents.id AND l.event IN ('proposed', 'policy_rechecked')),
  people = (
    SELECT json_group_array(DISTINCT who.value)
    FROM ledger AS l, json_each(json_array(l.body ->> 'person', l.body ->> 'acting', l.body ->> 'by')) AS who
    WHERE l.intent_id = intents.id AND who.value NOT IN ('policy', 'timeout')
      AND l.event IN ('approval_vote_recorded', 'rejection_vote_recorded', 'approved', 'rejected', 'cancelled', 'revoked',
        'superseded'));

INSERT INTO intent_tags (kind, tag, created_at, intent_id)
SELECT DISTINCT 'day', strftime('%Y-%m-%d', l.at / 1000, 'unixepoch'), i.created_at, i.id
FROM intents AS i JOIN ledger AS l ON l.intent_id = i.id
WHERE true ON CONFLICT DO NOTHING;

DROP INDEX intents_pending_by_policy;

-- In the order of lists, so that those of one destination sort nothing.
DROP INDEX intents_by_destination;
CREATE INDEX intents_by_destination ON intents (destination, created_at DESC, id DESC);
