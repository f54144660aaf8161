INSERT INTO generation_record (
  id, account_id, key_hash, created_at_ms, model, is_byok, cost_nano_usd, overshoot_nano_usd, ledger_transaction_id, rest, is_rolled_up
) VALUES
  ('gen-1795176000-00350000000000000001', 'account-third', 'hash-of-third', 1795176000004, 'acme/small', 1, 20, 0, 'transaction-fee', '{"request_id":"req-35","upstream_cost_nano_usd":20,"byok_fee_nano_usd":1,"attempts":"[{\"byok_fee_nano_usd\":7}]","plan":"[[\"äcme \\\"q\\\"\",\"acme/small\",1],[\"b\",\"acme/small\"]]"}', 1);

UPDATE usage_window SET requests = requests + 1, cost_nano_usd = cost_nano_usd + 1, byok_nano_usd = byok_nano_usd + 20
WHERE scope_id IN ('hash-of-third', 'account-third');

INSERT INTO generation_scope (generation_id, scope_kind, scope_id) VALUES
  ('gen-1795176000-00350000000000000001', 'byok', 'account-third');

INSERT INTO usage_window (scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests) VALUES
  ('byok', 'account-third', 'all', 1, 20, 1),
  ('byok', 'account-third', '2026-11-20', 1, 20, 1),
  ('byok', 'account-third', '2026-W47', 1, 20, 1),
  ('byok', 'account-third', '2026-11', 1, 20, 1);

INSERT INTO ledger_entry (transaction_id, book, account_id, kind, amount_nano_usd, reason, created_at_ms) VALUES
  ('transaction-fee', 'customer_balance', 'account-third', 'usage', -1, 'requests', 1795176000005),
  ('transaction-fee', 'revenue', 'account-third', 'usage', 0, 'requests', 1795176000005),
  ('transaction-fee', 'own_key_fees', 'account-third', 'usage', 1, 'fee for own provider keys', 1795176000005);
