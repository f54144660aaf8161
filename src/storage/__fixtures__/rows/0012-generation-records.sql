INSERT INTO account (id, kind, name, created_at_ms) VALUES ('account-third', 'personal', 'Third', 1795176000000);

INSERT INTO generation_record (
  id, account_id, key_hash, created_at_ms, model, is_byok, cost_nano_usd, overshoot_nano_usd, ledger_transaction_id, rest
) VALUES
  ('gen-1795176000-00120000000000000001', 'account-third', 'hash-of-third', 1795176000000, 'acme/small', 0, 9007199254740993, 9007199254740995, 'transaction-third', '{"workspace_id":"workspace-third","request_id":"req-12","api_type":"completions","model_permaslug":"acme/small","provider_name":"Äcme 🚀 \"quoted\"","streamed":1,"prompt_tokens":9007199254740991,"upstream_cost_nano_usd":9007199254740993,"latency_ms":0,"attempts":"[{\"status\":null}]"}'),
  ('gen-1795176000-00120000000000000002', 'account-third', 'hash-of-third', 1795176000001, 'acme/small', 1, 1, 0, 'transaction-third', '{}');

INSERT INTO usage_window (scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests) VALUES
  ('key', 'hash-of-third', 'all', 9007199254740993, 1, 2),
  ('key', 'hash-of-third', '2026-11-20', 9007199254740993, 1, 2),
  ('key', 'hash-of-third', '2026-W47', 9007199254740993, 1, 2),
  ('key', 'hash-of-third', '2026-11', 9007199254740993, 1, 2),
  ('account', 'account-third', 'all', 9007199254740993, 1, 2),
  ('account', 'account-third', '2026-11-20', 9007199254740993, 1, 2),
  ('account', 'account-third', '2026-W47', 9007199254740993, 1, 2),
  ('account', 'account-third', '2026-11', 9007199254740993, 1, 2);

INSERT INTO ledger_entry (transaction_id, book, account_id, kind, amount_nano_usd, reason, created_at_ms) VALUES
  ('transaction-third', 'customer_balance', 'account-third', 'usage', -9007199254740993, 'requests', 1795176000000),
  ('transaction-third', 'revenue', 'account-third', 'usage', 9007199254740993, 'requests', 1795176000000);
