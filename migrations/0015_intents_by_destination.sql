-- A kill switch for a destination that no intent ever named is refused; asking must not read every intent.
CREATE INDEX intents_by_destination ON intents (destination);
