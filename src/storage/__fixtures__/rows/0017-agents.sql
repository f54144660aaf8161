INSERT INTO generation_record (
  id, account_id, key_hash, created_at_ms, model, is_byok, cost_nano_usd, overshoot_nano_usd, ledger_transaction_id, rest
) VALUES
  ('gen-1795176000-00170000000000000001', 'account-third', 'hash-of-third', 1795176000002, 'acme/small', 0, 0, 0, 'transaction-third', '{"request_id":"req-17","session_id":"s-1","agent_id":"ägent-2","parent_agent_id":"agent-1","agent_class":"subagent"}');

UPDATE usage_window SET requests = requests + 1 WHERE scope_id IN ('hash-of-third', 'account-third');
