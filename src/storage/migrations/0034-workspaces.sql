-- What a workspace is beyond its name. A deleted one keeps its row, under a slug that nobody can choose, so that history still names it.
ALTER TABLE workspace ADD COLUMN description TEXT;
ALTER TABLE workspace ADD COLUMN default_text_model TEXT;
ALTER TABLE workspace ADD COLUMN default_image_model TEXT;
ALTER TABLE workspace ADD COLUMN default_provider_sort TEXT;
-- JSON: a list of names. Null: none is disabled.
ALTER TABLE workspace ADD COLUMN disabled_server_tools TEXT;
ALTER TABLE workspace ADD COLUMN is_broadcast_enabled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspace ADD COLUMN is_data_discount_enabled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspace ADD COLUMN created_by TEXT;
ALTER TABLE workspace ADD COLUMN updated_at_ms BIGINT;
ALTER TABLE workspace ADD COLUMN deleted_at_ms BIGINT;

-- Who works in a workspace. Of the default one everybody in the organisation is a member, without a row.
CREATE TABLE workspace_member (
  id               TEXT PRIMARY KEY,
  workspace_id     TEXT NOT NULL REFERENCES workspace (id),
  account_id       TEXT NOT NULL REFERENCES account (id),
  user_id          TEXT NOT NULL,
  -- As somebody gave it; null: nobody did.
  manual_role      TEXT CHECK (manual_role IN ('admin', 'member')),
  -- As the groups of the identity provider give it; null: none does.
  scim_role        TEXT CHECK (scim_role IN ('admin', 'member')),
  created_at_ms    BIGINT NOT NULL,
  CHECK (manual_role IS NOT NULL OR scim_role IS NOT NULL),
  UNIQUE (workspace_id, user_id)
);

CREATE INDEX workspace_member_of_user ON workspace_member (account_id, user_id);

-- Whoever uses it joins this workspace too; null: the organisation alone.
ALTER TABLE invitation ADD COLUMN workspace_id TEXT REFERENCES workspace (id);
ALTER TABLE invitation ADD COLUMN workspace_role TEXT;

ALTER TABLE account ADD COLUMN is_model_catalogue_filtered INTEGER NOT NULL DEFAULT 0;
-- How old a key's secret may be; null: as old as it likes.
ALTER TABLE account ADD COLUMN key_rotation_days INTEGER;
-- Whether an older one is refused, and not only reported.
ALTER TABLE account ADD COLUMN is_key_rotation_enforced INTEGER NOT NULL DEFAULT 0;

-- People of a partner that somebody registered: names to count by, and no login.
CREATE TABLE external_user (
  account_id       TEXT NOT NULL REFERENCES account (id),
  name             TEXT NOT NULL,
  is_active        INTEGER NOT NULL CHECK (is_active IN (0, 1)),
  created_at_ms    BIGINT NOT NULL,
  updated_at_ms    BIGINT NOT NULL,
  PRIMARY KEY (account_id, name)
);

-- A key that was rotated is the same key under another secret: its own hash goes on naming it in figures and limits.
-- Null: it has the secret that it was made with.
ALTER TABLE api_key ADD COLUMN secret_hash TEXT;
ALTER TABLE api_key ADD COLUMN rotated_at_ms BIGINT;
-- Whether it was made by a key, for itself, and counts against that key's limit too.
ALTER TABLE api_key ADD COLUMN is_child INTEGER NOT NULL DEFAULT 0;
-- JSON: the models that it may ask for. Null: all.
ALTER TABLE api_key ADD COLUMN allowed_models TEXT;

-- Every secret of a rotated key, the first one among them.
CREATE TABLE key_secret (
  hash             TEXT PRIMARY KEY,
  key_hash         TEXT NOT NULL REFERENCES api_key (hash),
  created_at_ms    BIGINT NOT NULL,
  -- Null: it is the present one.
  valid_until_ms   BIGINT
);

CREATE INDEX key_secret_of_key ON key_secret (key_hash);

-- People and groups as the identity provider told us of them (RFC 7643).
CREATE TABLE scim_user (
  id               TEXT PRIMARY KEY,
  account_id       TEXT NOT NULL REFERENCES account (id),
  -- Whom of ours it is; null: somebody who has not signed in yet.
  user_id          TEXT,
  user_name        TEXT NOT NULL,
  user_name_key    TEXT NOT NULL,
  external_id      TEXT,
  email            TEXT NOT NULL,
  is_active        INTEGER NOT NULL CHECK (is_active IN (0, 1)),
  -- JSON: what else was said, as it was said.
  attributes       TEXT NOT NULL,
  created_at_ms    BIGINT NOT NULL,
  updated_at_ms    BIGINT NOT NULL,
  deleted_at_ms    BIGINT
);

CREATE INDEX scim_user_by_name ON scim_user (account_id, user_name_key);
CREATE INDEX scim_user_by_email ON scim_user (account_id, email);

CREATE TABLE scim_group (
  id               TEXT PRIMARY KEY,
  account_id       TEXT NOT NULL REFERENCES account (id),
  display_name     TEXT NOT NULL,
  external_id      TEXT,
  created_at_ms    BIGINT NOT NULL,
  updated_at_ms    BIGINT NOT NULL,
  deleted_at_ms    BIGINT
);

CREATE INDEX scim_group_of_account ON scim_group (account_id, created_at_ms);

CREATE TABLE scim_group_member (
  group_id         TEXT NOT NULL REFERENCES scim_group (id),
  scim_user_id     TEXT NOT NULL REFERENCES scim_user (id),
  PRIMARY KEY (group_id, scim_user_id)
);

CREATE INDEX scim_group_member_of_user ON scim_group_member (scim_user_id);

CREATE TABLE scim_group_mapping (
  id               TEXT PRIMARY KEY,
  account_id       TEXT NOT NULL REFERENCES account (id),
  group_id         TEXT NOT NULL REFERENCES scim_group (id),
  workspace_id     TEXT NOT NULL REFERENCES workspace (id),
  role             TEXT NOT NULL CHECK (role IN ('admin', 'member')),
  created_at_ms    BIGINT NOT NULL,
  updated_at_ms    BIGINT NOT NULL,
  UNIQUE (group_id, workspace_id)
);

CREATE TABLE scim_sync_job (
  id               TEXT PRIMARY KEY,
  account_id       TEXT NOT NULL REFERENCES account (id),
  status           TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed')),
  created_at_ms    BIGINT NOT NULL,
  started_at_ms    BIGINT,
  finished_at_ms   BIGINT,
  synced_groups    INTEGER,
  deleted_groups   INTEGER,
  error_message    TEXT
);

CREATE INDEX scim_sync_job_of_account ON scim_sync_job (account_id, created_at_ms);
