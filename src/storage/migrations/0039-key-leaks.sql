-- Secrets of keys that were found where everybody can read them.
CREATE TABLE key_leak (
  -- SHA-256 of what was found, which is public by design. However often a secret is reported, it leaked once.
  secret_hash        TEXT PRIMARY KEY,
  account_id         TEXT NOT NULL REFERENCES account (id),
  key_hash           TEXT NOT NULL REFERENCES api_key (hash),
  source             TEXT NOT NULL,
  -- What kind of place it was found in, and its address; null: not told.
  place              TEXT,
  url                TEXT,
  -- `reported`: it goes on working. `secret_ended`: a later secret of the key is not touched by it.
  state              TEXT NOT NULL CHECK (state IN ('quarantined', 'reported', 'secret_ended', 'restored', 'replaced')),
  -- As the key was before: disabled by somebody, and its bounds set by somebody above its creator.
  was_disabled       INTEGER NOT NULL CHECK (was_disabled IN (0, 1)),
  was_bounded        INTEGER NOT NULL CHECK (was_bounded IN (0, 1)),
  found_at_ms        BIGINT NOT NULL,
  ended_at_ms        BIGINT
);

CREATE INDEX key_leak_of_key ON key_leak (key_hash);
CREATE INDEX key_leak_by_account ON key_leak (account_id, found_at_ms);
