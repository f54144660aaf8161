-- Keys for providers that accounts brought themselves. What a provider is told is sealed with a data key of the row's own, which the
-- master key seals; both are emptied when a key is deleted, so that no backup made after that can open it.
CREATE TABLE byok_key (
  id                       TEXT PRIMARY KEY,
  account_id               TEXT NOT NULL REFERENCES account (id),
  -- Null: of every workspace of the account.
  workspace_id             TEXT REFERENCES workspace (id),
  provider                 TEXT NOT NULL,
  -- Where its owner wants it to go in place of the provider's own address; part of what it is sealed with. Empty: the provider's own.
  base_url                 TEXT NOT NULL,
  name                     TEXT,
  label                    TEXT NOT NULL,
  sealed_data_key          TEXT NOT NULL,
  sealed_secret            TEXT NOT NULL,
  disabled                 INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  is_fallback              INTEGER NOT NULL CHECK (is_fallback IN (0, 1)),
  is_required              INTEGER NOT NULL CHECK (is_required IN (0, 1)),
  is_byok_only             INTEGER NOT NULL CHECK (is_byok_only IN (0, 1)),
  -- What its owner says of the provider's account; null: nothing.
  declared_zdr             INTEGER CHECK (declared_zdr IN (0, 1)),
  declared_region          TEXT CHECK (declared_region IN ('global', 'europe', 'us')),
  sort_order               INTEGER NOT NULL,
  -- JSON: lists of texts. Null: no restriction.
  allowed_models           TEXT,
  allowed_api_key_hashes   TEXT,
  allowed_user_ids         TEXT,
  created_by               TEXT,
  created_at_ms            BIGINT NOT NULL,
  updated_at_ms            BIGINT NOT NULL,
  last_used_at_ms          BIGINT,
  deleted_at_ms            BIGINT,
  CHECK (is_fallback = 0 OR is_byok_only = 0)
);

CREATE INDEX byok_key_by_account ON byok_key (account_id, workspace_id, provider, sort_order);

-- One master key takes the place of another while nodes run that know either. A row is there once that has begun for the first time.
CREATE TABLE master_key_change (
  id                       INTEGER PRIMARY KEY CHECK (id = 1),
  -- The coming key, sealed by the present one, and the other way round, so that either opens everything; empty: nothing is under way.
  sealed_next_key          TEXT NOT NULL,
  sealed_previous_key      TEXT NOT NULL,
  -- What keyed hashes are made with, sealed by the newest key: they stay as they are, for nobody could make stored ones anew.
  sealed_hash_key          TEXT NOT NULL,
  started_at_ms            BIGINT NOT NULL,
  finished_at_ms           BIGINT
);
