-- Requests that passed the gate and were refused before any provider was asked: one row an hour for each reason of a key, however
-- often it was given, so that nobody can fill the database with them.
CREATE TABLE refusal_hour (
  account_id       TEXT NOT NULL,
  hour_ms          BIGINT NOT NULL,
  key_hash         TEXT NOT NULL,
  -- A code of the error catalogue.
  reason           TEXT NOT NULL,
  requests         BIGINT NOT NULL,
  first_at_ms      BIGINT NOT NULL,
  last_at_ms       BIGINT NOT NULL,
  -- Of the last one.
  workspace_id     TEXT,
  status           INTEGER NOT NULL,
  message          TEXT NOT NULL,
  path             TEXT NOT NULL,
  request_id       TEXT NOT NULL,
  PRIMARY KEY (account_id, hour_ms, key_hash, reason)
);

CREATE INDEX refusal_hour_by_time ON refusal_hour (hour_ms);
