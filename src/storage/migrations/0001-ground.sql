-- The ground: who exists, which keys they hold, what every request cost. One text for SQLite and PostgreSQL.
-- Times are UTC milliseconds since the epoch (_ms); money is an integer (_nano_usd: 1e-9 USD); booleans are 0 or 1.

CREATE TABLE instance (
  id               INTEGER PRIMARY KEY CHECK (id = 1),
  instance_id      TEXT NOT NULL,
  account_id       TEXT NOT NULL,
  created_at_ms    BIGINT NOT NULL
);

CREATE TABLE account (
  id               TEXT PRIMARY KEY,
  kind             TEXT NOT NULL CHECK (kind IN ('personal', 'organisation')),
  name             TEXT NOT NULL,
  created_at_ms    BIGINT NOT NULL
);

CREATE TABLE workspace (
  id               TEXT PRIMARY KEY,
  account_id       TEXT NOT NULL REFERENCES account (id),
  name             TEXT NOT NULL,
  slug             TEXT NOT NULL,
  is_default       INTEGER NOT NULL CHECK (is_default IN (0, 1)),
  created_at_ms    BIGINT NOT NULL,
  UNIQUE (account_id, slug)
);

-- The hash is public by design and authenticates nothing. A deleted key keeps its row, so that history still names it.
CREATE TABLE api_key (
  hash                   TEXT PRIMARY KEY,
  account_id             TEXT NOT NULL REFERENCES account (id),
  workspace_id           TEXT REFERENCES workspace (id),
  kind                   TEXT NOT NULL CHECK (kind IN ('api', 'management')),
  name                   TEXT NOT NULL,
  label                  TEXT NOT NULL,
  disabled               INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  limit_nano_usd         BIGINT CHECK (limit_nano_usd >= 0),
  limit_reset            TEXT CHECK (limit_reset IN ('daily', 'weekly', 'monthly')),
  include_byok_in_limit  INTEGER NOT NULL CHECK (include_byok_in_limit IN (0, 1)),
  creator_user_id        TEXT,
  external_user          TEXT,
  external_api_key_hash  TEXT,
  created_at_ms          BIGINT NOT NULL,
  updated_at_ms          BIGINT,
  expires_at_ms          BIGINT,
  deleted_at_ms          BIGINT,
  version                BIGINT NOT NULL,
  CHECK ((kind = 'management') = (workspace_id IS NULL))
);

CREATE INDEX api_key_listing ON api_key (account_id, workspace_id, created_at_ms);

-- What changed, in commit order: every process reads it to forget what it holds in memory.
-- `seq` comes from change_counter in the same transaction, so a later commit never has a smaller number.
CREATE TABLE change_counter (
  id               INTEGER PRIMARY KEY CHECK (id = 1),
  seq              BIGINT NOT NULL
);

CREATE TABLE change_log (
  seq              BIGINT PRIMARY KEY,
  subject          TEXT NOT NULL,
  subject_id       TEXT NOT NULL,
  at_ms            BIGINT NOT NULL
);

CREATE INDEX change_log_age ON change_log (at_ms);

-- One finished answer per Idempotency-Key, sealed, because it may hold a new key's plaintext.
CREATE TABLE idempotent_answer (
  account_id       TEXT NOT NULL,
  idempotency_key  TEXT NOT NULL,
  request_hash     TEXT NOT NULL,
  sealed_answer    TEXT NOT NULL,
  created_at_ms    BIGINT NOT NULL,
  PRIMARY KEY (account_id, idempotency_key)
);

CREATE INDEX idempotent_answer_age ON idempotent_answer (created_at_ms);

-- One row a request that reached a provider.
CREATE TABLE generation (
  id                     TEXT PRIMARY KEY,
  account_id             TEXT NOT NULL,
  workspace_id           TEXT,
  key_hash               TEXT NOT NULL,
  request_id             TEXT NOT NULL,
  created_at_ms          BIGINT NOT NULL,
  api_type               TEXT NOT NULL,
  model                  TEXT NOT NULL,
  model_permaslug        TEXT NOT NULL,
  router                 TEXT,
  provider_slug          TEXT,
  provider_name          TEXT,
  endpoint_tag           TEXT,
  upstream_id            TEXT,
  streamed               INTEGER NOT NULL,
  cancelled              INTEGER NOT NULL,
  estimated              INTEGER NOT NULL,
  is_byok                INTEGER NOT NULL,
  finish_reason          TEXT,
  native_finish_reason   TEXT,
  service_tier           TEXT,
  prompt_tokens          BIGINT NOT NULL,
  completion_tokens      BIGINT NOT NULL,
  reasoning_tokens       BIGINT NOT NULL,
  cached_tokens          BIGINT NOT NULL,
  cache_write_tokens     BIGINT NOT NULL,
  image_count            BIGINT NOT NULL,
  cost_nano_usd          BIGINT NOT NULL,
  upstream_cost_nano_usd BIGINT NOT NULL,
  cache_discount_nano_usd BIGINT NOT NULL,
  latency_ms             BIGINT,
  generation_time_ms     BIGINT,
  http_referer           TEXT,
  app_title              TEXT,
  app_categories         TEXT,
  user_agent             TEXT,
  session_id             TEXT,
  end_user               TEXT,
  external_user          TEXT,
  attempts               TEXT NOT NULL
);

CREATE INDEX generation_by_account ON generation (account_id, created_at_ms);
CREATE INDEX generation_by_key ON generation (key_hash, created_at_ms);

-- What a scope (a key, an account) spent in a window: `all`, a day `2026-11-20`, a week `2026-W47`, a month `2026-11`.
-- A new day is a new row; nothing is ever reset.
CREATE TABLE usage_window (
  scope_kind       TEXT NOT NULL,
  scope_id         TEXT NOT NULL,
  window_id        TEXT NOT NULL,
  cost_nano_usd    BIGINT NOT NULL,
  byok_nano_usd    BIGINT NOT NULL,
  requests         BIGINT NOT NULL,
  PRIMARY KEY (scope_kind, scope_id, window_id)
);

-- How far each node's journal has been moved into this database: what makes moving it twice harmless.
CREATE TABLE journal_position (
  node_id          TEXT PRIMARY KEY,
  seq              BIGINT NOT NULL
);

-- Credits, double entry: the entries of one transaction sum to zero, a balance is the sum of its entries.
CREATE TABLE ledger_entry (
  transaction_id   TEXT NOT NULL,
  book             TEXT NOT NULL,
  account_id       TEXT NOT NULL,
  kind             TEXT NOT NULL,
  amount_nano_usd  BIGINT NOT NULL,
  reason           TEXT NOT NULL,
  created_at_ms    BIGINT NOT NULL,
  PRIMARY KEY (transaction_id, book)
);

CREATE INDEX ledger_entry_by_account ON ledger_entry (account_id, book, created_at_ms);

INSERT INTO change_counter (id, seq) VALUES (1, 0);
