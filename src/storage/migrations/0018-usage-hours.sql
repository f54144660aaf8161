-- What requests add up to by the hour, so that a year of them is charted without reading one. `usage_series` is all that such
-- figures are told apart by, `usage_hour` the figures. A series' id is made of what it says: the same on every node, and in every
-- flush that meets it again.
CREATE TABLE usage_series (
  id               TEXT PRIMARY KEY,
  account_id       TEXT NOT NULL,
  workspace_id     TEXT,
  key_hash         TEXT NOT NULL,
  external_user    TEXT,
  api_type         TEXT NOT NULL,
  model            TEXT NOT NULL,
  model_permaslug  TEXT NOT NULL,
  provider_slug    TEXT,
  provider_name    TEXT,
  endpoint_tag     TEXT,
  -- Where an app says that it lives: scheme, host and port alone.
  app_url          TEXT,
  app_title        TEXT,
  is_byok          INTEGER NOT NULL
);

CREATE TABLE usage_hour (
  account_id               TEXT NOT NULL,
  -- When the hour begins in which the requests began.
  hour_ms                  BIGINT NOT NULL,
  series_id                TEXT NOT NULL,
  -- complete, cancelled (the client left) or failed (no provider answered, or an answer broke off)
  outcome                  TEXT NOT NULL,
  requests                 INTEGER NOT NULL,
  prompt_tokens            BIGINT NOT NULL,
  completion_tokens        BIGINT NOT NULL,
  reasoning_tokens         BIGINT NOT NULL,
  cached_tokens            BIGINT NOT NULL,
  cache_write_tokens       BIGINT NOT NULL,
  -- Charged to the account.
  cost_nano_usd            BIGINT NOT NULL,
  -- Of the caller's own keys at providers; counted, not charged.
  byok_nano_usd            BIGINT NOT NULL,
  cache_discount_nano_usd  BIGINT NOT NULL,
  -- Sums over those requests that have one, and how many these are.
  latency_count            INTEGER NOT NULL,
  latency_sum_ms           BIGINT NOT NULL,
  duration_count           INTEGER NOT NULL,
  duration_sum_ms          BIGINT NOT NULL,
  -- How many took how long until the first byte, and altogether. The bounds are fixed: see src/metering/histogram.ts.
  latency_b00             INTEGER NOT NULL,
  latency_b01             INTEGER NOT NULL,
  latency_b02             INTEGER NOT NULL,
  latency_b03             INTEGER NOT NULL,
  latency_b04             INTEGER NOT NULL,
  latency_b05             INTEGER NOT NULL,
  latency_b06             INTEGER NOT NULL,
  latency_b07             INTEGER NOT NULL,
  latency_b08             INTEGER NOT NULL,
  latency_b09             INTEGER NOT NULL,
  latency_b10             INTEGER NOT NULL,
  latency_b11             INTEGER NOT NULL,
  latency_b12             INTEGER NOT NULL,
  latency_b13             INTEGER NOT NULL,
  latency_b14             INTEGER NOT NULL,
  latency_b15             INTEGER NOT NULL,
  latency_b16             INTEGER NOT NULL,
  latency_b17             INTEGER NOT NULL,
  latency_b18             INTEGER NOT NULL,
  latency_b19             INTEGER NOT NULL,
  latency_b20             INTEGER NOT NULL,
  latency_b21             INTEGER NOT NULL,
  latency_b22             INTEGER NOT NULL,
  latency_b23             INTEGER NOT NULL,
  duration_b00            INTEGER NOT NULL,
  duration_b01            INTEGER NOT NULL,
  duration_b02            INTEGER NOT NULL,
  duration_b03            INTEGER NOT NULL,
  duration_b04            INTEGER NOT NULL,
  duration_b05            INTEGER NOT NULL,
  duration_b06            INTEGER NOT NULL,
  duration_b07            INTEGER NOT NULL,
  duration_b08            INTEGER NOT NULL,
  duration_b09            INTEGER NOT NULL,
  duration_b10            INTEGER NOT NULL,
  duration_b11            INTEGER NOT NULL,
  duration_b12            INTEGER NOT NULL,
  duration_b13            INTEGER NOT NULL,
  duration_b14            INTEGER NOT NULL,
  duration_b15            INTEGER NOT NULL,
  duration_b16            INTEGER NOT NULL,
  duration_b17            INTEGER NOT NULL,
  duration_b18            INTEGER NOT NULL,
  duration_b19            INTEGER NOT NULL,
  duration_b20            INTEGER NOT NULL,
  duration_b21            INTEGER NOT NULL,
  duration_b22            INTEGER NOT NULL,
  duration_b23            INTEGER NOT NULL,
  PRIMARY KEY (account_id, hour_ms, series_id, outcome)
);

-- Whether a generation is in those figures: what earlier versions wrote is added while the gateway serves, and so is what one of
-- them writes beside this one.
ALTER TABLE generation_record ADD COLUMN is_rolled_up INTEGER NOT NULL DEFAULT 0;
CREATE INDEX generation_record_not_rolled_up ON generation_record (id) WHERE is_rolled_up = 0;
