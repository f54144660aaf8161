-- Every hour goes to the longer sums once it is over, and not only the hours of a day that is over: a step adds so many rows, and what is
-- asked of the open day is read from them too. All of these are made again, from the sums by the hour, while the gateway serves.
DELETE FROM usage_day;
DELETE FROM usage_month;
DELETE FROM usage_account_hour;
DELETE FROM usage_account_day;
DELETE FROM usage_key_day;
ALTER TABLE usage_account_hour RENAME COLUMN hour_ms TO start_ms;

-- Of one key in one workspace: a week from Monday on, as in UTC.
CREATE TABLE usage_key_week (
  account_id               TEXT NOT NULL,
  start_ms                 BIGINT NOT NULL,
  series_id                TEXT NOT NULL,
  outcome                  TEXT NOT NULL,
  requests                 INTEGER NOT NULL,
  prompt_tokens            BIGINT NOT NULL,
  completion_tokens        BIGINT NOT NULL,
  reasoning_tokens         BIGINT NOT NULL,
  cached_tokens            BIGINT NOT NULL,
  cache_write_tokens       BIGINT NOT NULL,
  cost_nano_usd            BIGINT NOT NULL,
  byok_nano_usd            BIGINT NOT NULL,
  cache_discount_nano_usd  BIGINT NOT NULL,
  latency_count            INTEGER NOT NULL,
  latency_sum_ms           BIGINT NOT NULL,
  duration_count           INTEGER NOT NULL,
  duration_sum_ms          BIGINT NOT NULL,
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
  PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

-- Which series stand for a series in the sums of many keys.
CREATE TABLE usage_coarse_series (
  series_id   TEXT PRIMARY KEY,
  of_account  TEXT NOT NULL,
  of_key      TEXT NOT NULL
);

-- How far an account's hours are in the longer sums: rows of earlier hours all, and of this hour those up to this series.
DROP TABLE usage_closed;
CREATE TABLE usage_closed (
  account_id  TEXT PRIMARY KEY,
  hour_ms     BIGINT NOT NULL,
  series_id   TEXT NOT NULL
);
