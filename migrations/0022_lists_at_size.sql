-- Lists and counts that cost the same however many intents there are, and fewer rows written for each.

-- Every phase of an agent, and of a destination, in the order of lists: `phase` before the time, so that none is read past.
-- The partial indexes over what waits of an agent or a destination are part of these.
DROP INDEX intents_by_agent;
DROP INDEX intents_by_destination;
DROP INDEX intents_pending_by_agent;
DROP INDEX intents_pending_by_destination;
CREATE INDEX intents_by_agent ON intents (agent_id, phase, created_at DESC, id DESC);
CREATE INDEX intents_by_destination ON intents (destination, phase, created_at DESC, id DESC);

-- With all that the groups of the queue add up, so that counting them reads no row; and what is due first of each.
DROP INDEX intents_pending_by_group;
CREATE INDEX intents_pending_by_group ON intents (group_key, created_at DESC, id DESC, records, value_cents)
WHERE phase = 'pending_approval';
CREATE INDEX intents_pending_by_group_deadline ON intents (
  group_key, CASE WHEN json_type(approval, '$.decide_by') = 'null' THEN 999999999999999 ELSE decide_by END, id
) WHERE phase = 'pending_approval';

-- What metrics show. The agent '' stands for all of them. `name` is `all`, a phase, or `duplicate_blocked`: proposals that
-- were answered with an earlier intent. Ordered and claimed intents are not counted here, so that an order and a claim write
-- nothing: they are few at a time, since both lapse. What is in no other phase is approved.
CREATE TABLE intent_counts (
  agent_id TEXT NOT NULL,
  name TEXT NOT NULL,
  count INTEGER NOT NULL,
  -- Of `all`: those that came after the proposal's own millisecond, which are people's, and their sum.
  approvals INTEGER NOT NULL,
  latency_ms INTEGER NOT NULL,
  PRIMARY KEY (agent_id, name)
) STRICT, WITHOUT ROWID;

INSERT INTO intent_counts (agent_id, name, count, approvals, latency_ms)
SELECT agent_id, 'all', COUNT(*), COUNT(*) FILTER (WHERE approved_at > created_at),
  COALESCE(SUM(approved_at - created_at) FILTER (WHERE approved_at > created_at), 0)
FROM intents GROUP BY agent_id
UNION ALL
SELECT agent_id, phase, COUNT(*), 0, 0 FROM intents
WHERE phase NOT IN ('approved', 'scheduled', 'claimed') GROUP BY agent_id, phase
UNION ALL
SELECT actor, event, SUM(CASE WHEN json_valid(body) THEN CAST(body ->> 'count' AS INTEGER) ELSE 0 END), 0, 0
FROM ledger WHERE event = 'duplicate_blocked' GROUP BY actor, event;

INSERT INTO intent_counts (agent_id, name, count, approvals, latency_ms)
SELECT '', name, SUM(count), SUM(approvals), SUM(latency_ms) FROM intent_counts GROUP BY name;

DROP INDEX ledger_duplicates;

CREATE TRIGGER intent_counts_of_new AFTER INSERT ON intents
BEGIN
  INSERT INTO intent_counts (agent_id, name, count, approvals, latency_ms)
  VALUES
    (NEW.agent_id, 'all', 1, COALESCE(NEW.approved_at > NEW.created_at, 0), COALESCE(MAX(NEW.approved_at - NEW.created_at, 0), 0)),
    ('', 'all', 1, COALESCE(NEW.approved_at > NEW.created_at, 0), COALESCE(MAX(NEW.approved_at - NEW.created_at, 0), 0))
  ON CONFLICT DO UPDATE SET count = count + 1, approvals = approvals + excluded.approvals,
    latency_ms = latency_ms + excluded.latency_ms;
END;

CREATE TRIGGER intent_counts_of_new_phase AFTER INSERT ON intents
WHEN NEW.phase NOT IN ('approved', 'scheduled', 'claimed')
BEGIN
  INSERT INTO intent_counts (agent_id, name, count, approvals, latency_ms)
  VALUES (NEW.agent_id, NEW.phase, 1, 0, 0), ('', NEW.phase, 1, 0, 0) ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER intent_counts_of_left_phase AFTER UPDATE OF phase ON intents
WHEN NEW.phase <> OLD.phase AND OLD.phase NOT IN ('approved', 'scheduled', 'claimed')
BEGIN
  UPDATE intent_counts SET count = count - 1 WHERE agent_id IN (NEW.agent_id, '') AND name = OLD.phase;
END;

CREATE TRIGGER intent_counts_of_entered_phase AFTER UPDATE OF phase ON intents
WHEN NEW.phase <> OLD.phase AND NEW.phase NOT IN ('approved', 'scheduled', 'claimed')
BEGIN
  INSERT INTO intent_counts (agent_id, name, count, approvals, latency_ms)
  VALUES (NEW.agent_id, NEW.phase, 1, 0, 0), ('', NEW.phase, 1, 0, 0) ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER intent_counts_of_approvals AFTER UPDATE OF approved_at ON intents
WHEN NEW.approved_at IS NOT OLD.approved_at
BEGIN
  UPDATE intent_counts SET
    approvals = approvals + COALESCE(NEW.approved_at > NEW.created_at, 0) - COALESCE(OLD.approved_at > NEW.created_at, 0),
    latency_ms = latency_ms + COALESCE(MAX(NEW.approved_at - NEW.created_at, 0), 0)
      - COALESCE(MAX(OLD.approved_at - NEW.created_at, 0), 0)
  WHERE agent_id IN (NEW.agent_id, '') AND name = 'all';
END;

CREATE TRIGGER intent_counts_of_duplicates AFTER INSERT ON ledger WHEN NEW.event = 'duplicate_blocked'
BEGIN
  INSERT INTO intent_counts (agent_id, name, count, approvals, latency_ms)
  SELECT value, NEW.event, CASE WHEN json_valid(NEW.body) THEN COALESCE(CAST(NEW.body ->> 'count' AS INTEGER), 0) ELSE 0 END, 0, 0
  FROM json_each(json_array(NEW.actor, '')) WHERE true
  ON CONFLICT DO UPDATE SET count = count + excluded.count;
END;

-- Tags in statements of their own, each fired by what it reads, instead of one that looked at everything with every change.
-- The day of the proposal has no tag any more: the time index answers it.
DROP TRIGGER intent_tags_of_new;
DROP TRIGGER intent_tags_of_changed;
DROP TRIGGER intent_tags_of_decided;

DELETE FROM intent_tags WHERE kind = 'day' AND created_at / 86400000 = unixepoch(tag) / 86400;

-- What a policy held before the rules changed stayed in its queue, also when it was decided.
DELETE FROM intent_tags WHERE kind = 'waiting' AND NOT EXISTS (
  SELECT 1 FROM intents, json_each(intents.policies) AS policy
  WHERE intents.id = intent_id AND phase = 'pending_approval' AND policy.value = tag);

CREATE TRIGGER intent_tags_of_new AFTER INSERT ON intents
BEGIN
  INSERT INTO intent_tags (kind, tag, created_at, intent_id)
  SELECT 'policy', value, NEW.created_at, NEW.id FROM json_each(NEW.policies) WHERE true ON CONFLICT DO NOTHING;
  INSERT INTO intent_tags (kind, tag, created_at, intent_id)
  SELECT 'day', strftime('%Y-%m-%d', at / 1000, 'unixepoch'), NEW.created_at, NEW.id FROM ledger
  WHERE intent_id = NEW.id AND at / 86400000 <> NEW.created_at / 86400000 ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER intent_tags_of_held AFTER INSERT ON intents WHEN NEW.phase = 'pending_approval'
BEGIN
  INSERT INTO intent_tags (kind, tag, created_at, intent_id)
  SELECT 'waiting', value, NEW.created_at, NEW.id FROM json_each(NEW.policies) WHERE true ON CONFLICT DO NOTHING;
END;

-- A row whose first flush failed may have a vote already.
CREATE TRIGGER intent_tags_of_people AFTER INSERT ON intents WHEN NEW.people <> '[]'
BEGIN
  INSERT INTO intent_tags (kind, tag, created_at, intent_id)
  SELECT 'person', value, NEW.created_at, NEW.id FROM json_each(NEW.people) WHERE true ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER intent_tags_of_changed_people AFTER UPDATE OF people ON intents WHEN NEW.people <> OLD.people
BEGIN
  INSERT INTO intent_tags (kind, tag, created_at, intent_id)
  SELECT 'person', value, NEW.created_at, NEW.id FROM json_each(NEW.people) WHERE true ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER intent_tags_of_changed_policies AFTER UPDATE OF policies ON intents WHEN NEW.policies <> OLD.policies
BEGIN
  INSERT INTO intent_tags (kind, tag, created_at, intent_id)
  SELECT 'policy', value, NEW.created_at, NEW.id FROM json_each(NEW.policies) WHERE true ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER intent_tags_of_waiting AFTER UPDATE OF phase, policies ON intents
WHEN NEW.phase = 'pending_approval' AND (NEW.phase <> OLD.phase OR NEW.policies <> OLD.policies)
BEGIN
  INSERT INTO intent_tags (kind, tag, created_at, intent_id)
  SELECT 'waiting', value, NEW.created_at, NEW.id FROM json_each(NEW.policies) WHERE true ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER intent_tags_of_no_longer_waiting AFTER UPDATE OF policies ON intents
WHEN OLD.phase = 'pending_approval' AND NEW.policies <> OLD.policies
BEGIN
  DELETE FROM intent_tags
  WHERE kind = 'waiting' AND created_at = OLD.created_at AND intent_id = OLD.id
    AND tag IN (SELECT value FROM json_each(OLD.policies) EXCEPT SELECT value FROM json_each(NEW.policies));
END;

-- The day of each new entry that is not the proposal's.
CREATE TRIGGER intent_tags_of_days AFTER UPDATE OF seq ON intents WHEN NEW.seq <> OLD.seq
BEGIN
  INSERT INTO intent_tags (kind, tag, created_at, intent_id)
  SELECT 'day', strftime('%Y-%m-%d', at / 1000, 'unixepoch'), NEW.created_at, NEW.id FROM ledger
  WHERE intent_id = NEW.id AND seq > OLD.seq AND at / 86400000 <> NEW.created_at / 86400000 ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER intent_tags_of_decided AFTER UPDATE OF phase ON intents
WHEN OLD.phase = 'pending_approval' AND NEW.phase <> 'pending_approval'
BEGIN
  DELETE FROM intent_tags
  WHERE kind = 'waiting' AND created_at = OLD.created_at AND intent_id = OLD.id
    AND tag IN (SELECT value FROM json_each(OLD.policies));
END;
