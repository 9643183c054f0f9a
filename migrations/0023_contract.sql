-- What clients of the contract read: why a nonce is refused, why a mandate was revoked, and more of an intent in lists.

-- The first use counts. A used one stays until it is swept, so that its refusal says so.
ALTER TABLE nonces ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;

-- Sealed: a reason is free text. Null: not revoked, or without a reason.
ALTER TABLE standing_approvals ADD COLUMN revoked_reason TEXT;
ALTER TABLE delegations ADD COLUMN revoked_reason TEXT;

-- JSON of codes: the payload's type, the action profile and the first standing approval that voted; null: none of them.
ALTER TABLE intents ADD COLUMN details TEXT;
