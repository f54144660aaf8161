INSERT INTO ledger_entry (transaction_id, book, account_id, kind, amount_nano_usd, reason, created_at_ms) VALUES
  ('018bcfe5-6000-7000-8000-000000000000', 'customer_balance', 'account-third', 'usage', 0, 'requests', 1700006400000),
  ('018bcfe5-6000-7000-8000-000000000000', 'revenue', 'account-third', 'usage', 0, 'requests', 1700006400000),
  ('018bcfe5-6800-7000-8000-000000000000', 'customer_balance', 'account-third', 'usage', 0, 'requests', 1700006400000),
  ('018bcfe5-6800-7000-8000-000000000000', 'revenue', 'account-third', 'usage', 0, 'requests', 1700006400000);

INSERT INTO carried_spend (account_id, key_hash, is_free, day_start_ms, cost_nano_usd, byok_nano_usd, requests, last_at_ms) VALUES
  ('account-third', 'hash-of-third', 0, 1700006400000, 0, 0, 0, 1700092799999),
  ('account-third', 'hash-of-third', 1, 1700006400000, 0, 0, 0, 1700006400000);

INSERT INTO carried_scope_spend (scope_kind, scope_id, day_start_ms, cost_nano_usd, byok_nano_usd, requests) VALUES
  ('budget', 'wörkspace-third member u 1', 1700006400000, 0, 0, 0);

INSERT INTO carried_debit (account_id, transaction_id, cost_nano_usd) VALUES
  ('account-third', '', 0),
  ('account-third', '018bcfe5-6800-7000-8000-000000000000', 0);

INSERT INTO carried_through (id, dropped_before_ms, folded_before) VALUES (1, 1700092800000, '018bcfe5-67ff');
