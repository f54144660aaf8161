-- Authorization codes (OAuth with PKCE), and the apps that they were made for.

-- An app is an origin that codes are sent to; nobody registers it.
CREATE TABLE oauth_app (
  id               INTEGER PRIMARY KEY,
  origin           TEXT NOT NULL UNIQUE,
  created_at_ms    BIGINT NOT NULL
);

-- Numbers the apps: its row is held while one is made.
CREATE TABLE oauth_app_counter (
  id               INTEGER PRIMARY KEY CHECK (id = 1),
  last_app_id      INTEGER NOT NULL
);

INSERT INTO oauth_app_counter (id, last_app_id) VALUES (1, 0);

-- A code is stored as its hash. A used one stays for a while, so that a replay can be told from a guess.
CREATE TABLE oauth_code (
  code_hash              TEXT PRIMARY KEY,
  app_id                 INTEGER NOT NULL REFERENCES oauth_app (id),
  account_id             TEXT NOT NULL REFERENCES account (id),
  -- The key that asked for the code, whose rights bound those of the key that the code is exchanged for.
  authorising_key_hash   TEXT NOT NULL REFERENCES api_key (hash),
  callback_url           TEXT NOT NULL,
  code_challenge         TEXT,
  code_challenge_method  TEXT CHECK (code_challenge_method IN ('S256', 'plain')),
  created_at_ms          BIGINT NOT NULL,
  expires_at_ms          BIGINT NOT NULL,
  verifier_attempts      INTEGER NOT NULL,
  used_at_ms             BIGINT,
  minted_key_hash        TEXT,
  -- What the key is to be.
  key_name               TEXT NOT NULL,
  key_limit_nano_usd     BIGINT CHECK (key_limit_nano_usd >= 0),
  key_limit_reset        TEXT CHECK (key_limit_reset IN ('daily', 'weekly', 'monthly')),
  key_expires_at_ms      BIGINT,
  workspace_id           TEXT NOT NULL REFERENCES workspace (id),
  CHECK ((code_challenge IS NULL) = (code_challenge_method IS NULL)),
  CHECK ((used_at_ms IS NULL) = (minted_key_hash IS NULL))
);

CREATE INDEX oauth_code_age ON oauth_code (created_at_ms);
