-- What generations that were dropped came to, so that the ledger and the counters can still be checked to the last nano-USD. Whoever
-- drops generations adds here what they were, in the same transaction.

-- What each key spent on each UTC day.
CREATE TABLE carried_spend (
  account_id       TEXT NOT NULL,
  key_hash         TEXT NOT NULL,
  -- Of models that the free-request limits count.
  is_free          INTEGER NOT NULL,
  day_start_ms     BIGINT NOT NULL,
  cost_nano_usd    BIGINT NOT NULL,
  byok_nano_usd    BIGINT NOT NULL,
  requests         BIGINT NOT NULL,
  -- When the last of them began.
  last_at_ms       BIGINT NOT NULL,
  PRIMARY KEY (account_id, key_hash, is_free, day_start_ms)
);

CREATE INDEX carried_spend_by_key ON carried_spend (key_hash, last_at_ms);

-- The same for each scope that generations name in generation_scope.
CREATE TABLE carried_scope_spend (
  scope_kind       TEXT NOT NULL,
  scope_id         TEXT NOT NULL,
  day_start_ms     BIGINT NOT NULL,
  cost_nano_usd    BIGINT NOT NULL,
  byok_nano_usd    BIGINT NOT NULL,
  requests         BIGINT NOT NULL,
  PRIMARY KEY (scope_kind, scope_id, day_start_ms)
);

-- What they cost by the transaction of the ledger that charged them; '': all those that are older than
-- carried_through.folded_before, in one sum.
CREATE TABLE carried_debit (
  account_id       TEXT NOT NULL,
  transaction_id   TEXT NOT NULL,
  cost_nano_usd    BIGINT NOT NULL,
  PRIMARY KEY (account_id, transaction_id)
);

-- How far it has come: one row, once something was dropped. Whoever drops holds its lock.
CREATE TABLE carried_through (
  id                 INTEGER PRIMARY KEY CHECK (id = 1),
  -- Generations that began before may be gone.
  dropped_before_ms  BIGINT NOT NULL,
  folded_before      TEXT NOT NULL
);
