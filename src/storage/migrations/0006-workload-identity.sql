-- Workload identity: whose tokens are exchanged for access tokens, on which terms, and the keys that access tokens are signed with.

CREATE TABLE federation_issuer (
  id                          TEXT PRIMARY KEY,
  account_id                  TEXT NOT NULL REFERENCES account (id),
  name                        TEXT NOT NULL,
  -- Character for character as the tokens' `iss`.
  issuer_url                  TEXT NOT NULL,
  -- Both null: found by discovery.
  jwks_url                    TEXT,
  -- A JWK Set of public keys as JSON, trusted in place of anything fetched.
  pinned_jwks                 TEXT,
  created_at_ms               BIGINT NOT NULL,
  updated_at_ms               BIGINT,
  CHECK (jwks_url IS NULL OR pinned_jwks IS NULL)
);

CREATE INDEX federation_issuer_listing ON federation_issuer (account_id, created_at_ms);

-- A token that fits every column of a row may act as the target key.
CREATE TABLE federation_policy (
  id                          TEXT PRIMARY KEY,
  account_id                  TEXT NOT NULL REFERENCES account (id),
  issuer_id                   TEXT NOT NULL REFERENCES federation_issuer (id) ON DELETE CASCADE,
  name                        TEXT NOT NULL,
  subject                     TEXT NOT NULL,
  audience                    TEXT NOT NULL,
  -- A value that the claim `scopes` must hold; null: it is not looked at. So with `token_type`.
  required_scope              TEXT,
  required_token_type         TEXT,
  target_key_hash             TEXT NOT NULL REFERENCES api_key (hash),
  enabled                     INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  created_at_ms               BIGINT NOT NULL,
  updated_at_ms               BIGINT
);

CREATE INDEX federation_policy_listing ON federation_policy (account_id, created_at_ms);
CREATE INDEX federation_policy_of_issuer ON federation_policy (issuer_id);

-- Tokens that were exchanged, as hashes, for as long as they could come again. They may outlive their policy.
CREATE TABLE federation_exchange (
  policy_id                   TEXT NOT NULL,
  token_hash                  TEXT NOT NULL,
  expires_at_ms               BIGINT NOT NULL,
  PRIMARY KEY (policy_id, token_hash)
);

CREATE INDEX federation_exchange_age ON federation_exchange (expires_at_ms);

-- They follow one another in their order, each known to everybody before its time comes.
CREATE TABLE signing_key (
  -- 1, 2, 3, …: of two nodes that make the next one at the same time, one succeeds.
  turn                        INTEGER PRIMARY KEY,
  kid                         TEXT NOT NULL UNIQUE,
  public_jwk                  TEXT NOT NULL,
  sealed_private_jwk          TEXT NOT NULL,
  created_at_ms               BIGINT NOT NULL,
  signs_from_ms               BIGINT NOT NULL,
  signs_until_ms              BIGINT NOT NULL
);
