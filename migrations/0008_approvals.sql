-- What a queue of pending approvals shows and is grouped by.
-- Names what is alike (agent, destination, policy, shape of the payload); a MAC, so that it gives nothing away.
ALTER TABLE intents ADD COLUMN group_key TEXT;
-- JSON of codes and numbers: how many must say yes, how many have, who may.
ALTER TABLE intents ADD COLUMN approval TEXT;

CREATE INDEX intents_pending_by_group ON intents (group_key, created_at DESC, id DESC)
WHERE phase = 'pending_approval';
