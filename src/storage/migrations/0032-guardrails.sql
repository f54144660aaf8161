-- What keys may use and what prompts may hold. A guardrail binds whoever it is assigned to; a workspace's default one binds every key of
-- the workspace, and the organisation's own binds every key of the account. Those two have no row until somebody configures them.
CREATE TABLE guardrail (
  account_id                      TEXT NOT NULL REFERENCES account (id),
  id                              TEXT NOT NULL,
  -- Null: of no workspace (the organisation's own).
  workspace_id                    TEXT REFERENCES workspace (id),
  applies_to                      TEXT NOT NULL CHECK (applies_to IN ('assigned', 'workspace', 'account')),
  name                            TEXT NOT NULL,
  description                     TEXT,
  limit_nano_usd                  BIGINT CHECK (limit_nano_usd >= 0),
  reset_interval                  TEXT CHECK (reset_interval IN ('daily', 'weekly', 'monthly')),
  include_byok_in_budgets         INTEGER NOT NULL CHECK (include_byok_in_budgets IN (0, 1)),
  -- JSON: lists of texts, never empty. Null: no restriction.
  allowed_models                  TEXT,
  ignored_models                  TEXT,
  allowed_providers               TEXT,
  ignored_providers               TEXT,
  allowed_data_regions            TEXT,
  -- Null: nothing is said.
  enforce_zdr_anthropic           INTEGER CHECK (enforce_zdr_anthropic IN (0, 1)),
  enforce_zdr_openai              INTEGER CHECK (enforce_zdr_openai IN (0, 1)),
  enforce_zdr_google              INTEGER CHECK (enforce_zdr_google IN (0, 1)),
  enforce_zdr_xai                 INTEGER CHECK (enforce_zdr_xai IN (0, 1)),
  enforce_zdr_other               INTEGER CHECK (enforce_zdr_other IN (0, 1)),
  allow_safety_retention_google   INTEGER CHECK (allow_safety_retention_google IN (0, 1)),
  allow_safety_retention_other    INTEGER CHECK (allow_safety_retention_other IN (0, 1)),
  enable_paid_model_training      INTEGER CHECK (enable_paid_model_training IN (0, 1)),
  enable_free_model_training      INTEGER CHECK (enable_free_model_training IN (0, 1)),
  enable_free_model_publication   INTEGER CHECK (enable_free_model_publication IN (0, 1)),
  -- JSON: lists of objects. Null: none.
  content_filter_builtins         TEXT,
  content_filters                 TEXT,
  created_at_ms                   BIGINT NOT NULL,
  updated_at_ms                   BIGINT,
  PRIMARY KEY (account_id, id),
  CHECK ((applies_to = 'account') = (workspace_id IS NULL))
);

CREATE INDEX guardrail_listing ON guardrail (account_id, workspace_id, created_at_ms);

-- A key has at most one of its own, and so has a member.
CREATE TABLE guardrail_key (
  account_id       TEXT NOT NULL REFERENCES account (id),
  key_hash         TEXT NOT NULL,
  guardrail_id     TEXT NOT NULL,
  id               TEXT NOT NULL,
  assigned_by      TEXT,
  created_at_ms    BIGINT NOT NULL,
  PRIMARY KEY (account_id, key_hash)
);

CREATE INDEX guardrail_key_listing ON guardrail_key (account_id, guardrail_id, created_at_ms);

CREATE TABLE guardrail_member (
  account_id       TEXT NOT NULL REFERENCES account (id),
  user_id          TEXT NOT NULL,
  guardrail_id     TEXT NOT NULL,
  id               TEXT NOT NULL,
  assigned_by      TEXT,
  created_at_ms    BIGINT NOT NULL,
  PRIMARY KEY (account_id, user_id)
);

CREATE INDEX guardrail_member_listing ON guardrail_member (account_id, guardrail_id, created_at_ms);
