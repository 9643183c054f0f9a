-- What is due first: what waits without a deadline has a null in its approval, while the column has the one that passed.
CREATE INDEX intents_pending_by_deadline ON intents (
  CASE WHEN json_type(approval, '$.decide_by') = 'null' THEN 999999999999999 ELSE decide_by END, id
) WHERE phase = 'pending_approval';
