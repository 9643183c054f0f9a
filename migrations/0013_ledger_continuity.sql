-- An entry is only taken after the one it follows. When D1 was restored to an earlier hour, intents whose entries
-- are gone from it can't write new ones: nothing is ordered, claimed or sent for them before somebody has looked.
CREATE TRIGGER ledger_no_gap BEFORE INSERT ON ledger WHEN NEW.seq > 1
BEGIN
  SELECT RAISE(ABORT, 'the entry that this one follows is not in the ledger')
  WHERE NOT EXISTS (
    SELECT 1 FROM ledger
    WHERE intent_id = NEW.intent_id AND seq = NEW.seq - 1 AND entry_hash = NEW.prev_hash
  );
END;
