-- Prompts and answers, kept where a workspace has asked for it: nothing is until a row here says so.
CREATE TABLE content_logging (
  workspace_id     TEXT PRIMARY KEY REFERENCES workspace (id),
  account_id       TEXT NOT NULL REFERENCES account (id),
  enabled          INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  -- Of a million requests, so many are kept.
  sampling_ppm     INTEGER NOT NULL CHECK (sampling_ppm BETWEEN 1 AND 1000000),
  -- JSON: a list of key hashes. Null: of every key.
  key_hashes       TEXT,
  retention_days   INTEGER NOT NULL CHECK (retention_days > 0),
  updated_at_ms    BIGINT NOT NULL
);

-- What the content of one day of a workspace is sealed with, itself sealed by the master key. Once it is emptied, nothing that it
-- sealed can be read again, and the rows can go in their own time.
CREATE TABLE content_key (
  id               TEXT PRIMARY KEY,
  account_id       TEXT NOT NULL,
  workspace_id     TEXT NOT NULL,
  -- UTC: `2026-11-29`.
  day              TEXT NOT NULL,
  sealed_key       TEXT NOT NULL
);

CREATE INDEX content_key_by_workspace ON content_key (workspace_id, day);

CREATE TABLE content_record (
  generation_id    TEXT PRIMARY KEY,
  account_id       TEXT NOT NULL,
  key_id           TEXT NOT NULL REFERENCES content_key (id),
  sealed_content   TEXT NOT NULL
);

CREATE INDEX content_record_by_key ON content_record (key_id);
