-- The Ed25519 public key a runner (or an agent that carries out its own orders) signs reports with; base64url.
ALTER TABLE principals ADD COLUMN report_key TEXT;
