-- Codes that a user's consent made, apps that were registered, the keys they were given, and devices that wait for their user.

-- An app that somebody registered, or that registered itself (RFC 7591). Codes bound to it need its secret, or its verifier.
CREATE TABLE oauth_client (
  client_id              TEXT PRIMARY KEY,
  -- Whose admins manage it; those of every account may consent to it.
  account_id             TEXT NOT NULL REFERENCES account (id),
  name                   TEXT NOT NULL,
  -- SHA-256 of a random text. Null: a public client, which cannot keep one.
  secret_hash            TEXT,
  -- A JSON list; a code goes to one of these and nowhere else.
  redirect_uris          TEXT NOT NULL,
  is_dynamic             INTEGER NOT NULL CHECK (is_dynamic IN (0, 1)),
  created_at_ms          BIGINT NOT NULL,
  last_used_at_ms        BIGINT
);

CREATE INDEX oauth_client_account ON oauth_client (account_id, created_at_ms);

-- Which app a key was made for: that app alone may revoke it or ask about it.
CREATE TABLE oauth_client_key (
  -- Written just before the key itself, with which a transaction ends.
  key_hash               TEXT PRIMARY KEY REFERENCES api_key (hash) DEFERRABLE INITIALLY DEFERRED,
  client_id              TEXT NOT NULL,
  scope                  TEXT
);

-- As before, but made by a user or by a key, with or without a callback, and perhaps for a registered app.
CREATE TABLE oauth_code_next (
  code_hash              TEXT PRIMARY KEY,
  -- Null: without a callback, the page shows the code.
  app_id                 INTEGER REFERENCES oauth_app (id),
  account_id             TEXT NOT NULL REFERENCES account (id),
  -- Who consented, whose rights bound those of the key that the code is exchanged for.
  authorising_key_hash   TEXT REFERENCES api_key (hash),
  user_id                TEXT REFERENCES "user" (id) ON DELETE CASCADE,
  callback_url           TEXT,
  client_id              TEXT,
  -- As the app wrote it, which must write the same again to exchange the code.
  redirect_uri           TEXT,
  scope                  TEXT,
  code_challenge         TEXT,
  code_challenge_method  TEXT CHECK (code_challenge_method IN ('S256', 'plain')),
  created_at_ms          BIGINT NOT NULL,
  expires_at_ms          BIGINT NOT NULL,
  verifier_attempts      INTEGER NOT NULL,
  -- Without a key it was burned: nobody can use it any more.
  used_at_ms             BIGINT,
  minted_key_hash        TEXT,
  -- What the key is to be.
  key_name               TEXT NOT NULL,
  key_limit_nano_usd     BIGINT CHECK (key_limit_nano_usd >= 0),
  key_limit_reset        TEXT CHECK (key_limit_reset IN ('daily', 'weekly', 'monthly')),
  key_expires_at_ms      BIGINT,
  -- Perhaps gone when the code is exchanged.
  workspace_id           TEXT NOT NULL,
  CHECK ((authorising_key_hash IS NULL) <> (user_id IS NULL)),
  CHECK ((app_id IS NULL) = (callback_url IS NULL)),
  CHECK ((client_id IS NULL) = (redirect_uri IS NULL)),
  CHECK ((code_challenge IS NULL) = (code_challenge_method IS NULL)),
  CHECK (minted_key_hash IS NULL OR used_at_ms IS NOT NULL)
);

INSERT INTO oauth_code_next (
  code_hash, app_id, account_id, authorising_key_hash, callback_url, code_challenge, code_challenge_method, created_at_ms,
  expires_at_ms, verifier_attempts, used_at_ms, minted_key_hash, key_name, key_limit_nano_usd, key_limit_reset,
  key_expires_at_ms, workspace_id
) SELECT
  code_hash, app_id, account_id, authorising_key_hash, callback_url, code_challenge, code_challenge_method, created_at_ms,
  expires_at_ms, verifier_attempts, used_at_ms, minted_key_hash, key_name, key_limit_nano_usd, key_limit_reset,
  key_expires_at_ms, workspace_id
FROM oauth_code;

DROP TABLE oauth_code;

ALTER TABLE oauth_code_next RENAME TO oauth_code;

CREATE INDEX oauth_code_age ON oauth_code (created_at_ms);

-- A device that asked for a key and polls until its user has decided (RFC 8628).
CREATE TABLE oauth_device (
  device_code_hash       TEXT PRIMARY KEY,
  -- Keyed: what people type is short enough to be guessed from a plain hash.
  user_code_hash         TEXT NOT NULL UNIQUE,
  client_id              TEXT NOT NULL,
  scope                  TEXT,
  created_at_ms          BIGINT NOT NULL,
  expires_at_ms          BIGINT NOT NULL,
  poll_interval_ms       INTEGER NOT NULL,
  last_polled_at_ms      BIGINT,
  decision               TEXT CHECK (decision IN ('approved', 'denied')),
  account_id             TEXT REFERENCES account (id),
  user_id                TEXT REFERENCES "user" (id) ON DELETE CASCADE,
  used_at_ms             BIGINT,
  -- What the key is to be: asked for by the device, then as the user decided.
  key_name               TEXT NOT NULL,
  key_limit_nano_usd     BIGINT CHECK (key_limit_nano_usd >= 0),
  key_limit_reset        TEXT CHECK (key_limit_reset IN ('daily', 'weekly', 'monthly')),
  key_expires_at_ms      BIGINT,
  workspace_id           TEXT,
  CHECK (decision IS NULL OR (account_id IS NOT NULL AND user_id IS NOT NULL)),
  CHECK (decision IS NULL OR decision <> 'approved' OR workspace_id IS NOT NULL)
);

CREATE INDEX oauth_device_age ON oauth_device (created_at_ms);
