-- Requests through the reverse proxy that only read: how many, by whom, to where. They are no intents.
CREATE TABLE proxy_reads (
  -- UTC, `2026-11-22`.
  day TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  destination TEXT NOT NULL,
  count INTEGER NOT NULL CHECK (count > 0),
  PRIMARY KEY (day, agent_id, destination)
) STRICT;
