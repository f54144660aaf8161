-- Exact spend: what a provider counted beyond the cap, which ledger transaction a generation belongs to, leases of nodes.

ALTER TABLE generation ADD COLUMN overshoot_nano_usd BIGINT NOT NULL DEFAULT 0;
-- Without an index: only verifying the ledger asks for it, of every row at once.
ALTER TABLE generation ADD COLUMN ledger_transaction_id TEXT;

-- Whether a running stream ends when its key is disabled or deleted; 0: it may finish.
ALTER TABLE api_key ADD COLUMN cut_streams_when_revoked INTEGER NOT NULL DEFAULT 0;

-- The part of a scope's remaining money that one node may hold against. Only the node's own replay, or a long time after
-- its end, takes an expired lease back.
CREATE TABLE scope_lease (
  scope_kind       TEXT NOT NULL,
  scope_id         TEXT NOT NULL,
  window_id        TEXT NOT NULL,
  node_id          TEXT NOT NULL,
  amount_nano_usd  BIGINT NOT NULL CHECK (amount_nano_usd >= 0),
  expires_at_ms    BIGINT NOT NULL,
  -- Changes with every grant: what shrinks a lease names the grant it means.
  grant_id         TEXT NOT NULL,
  PRIMARY KEY (scope_kind, scope_id, window_id, node_id)
);

CREATE INDEX scope_lease_by_node ON scope_lease (node_id);
