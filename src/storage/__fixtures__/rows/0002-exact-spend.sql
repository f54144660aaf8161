-- The flusher of this version names the transaction that charged a generation.
UPDATE generation SET ledger_transaction_id = 'transaction-one' WHERE account_id = 'account-org';

UPDATE api_key SET cut_streams_when_revoked = 1 WHERE hash = 'e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287';

-- More than a double holds exactly, of an account of its own.
INSERT INTO generation (
  id, account_id, workspace_id, key_hash, request_id, created_at_ms, api_type, model, model_permaslug, router, provider_slug,
  provider_name, endpoint_tag, upstream_id, streamed, cancelled, estimated, is_byok, finish_reason, native_finish_reason,
  service_tier, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, cache_write_tokens, image_count,
  cost_nano_usd, upstream_cost_nano_usd, cache_discount_nano_usd, latency_ms, generation_time_ms, http_referer, app_title,
  app_categories, user_agent, session_id, end_user, external_user, attempts,
  overshoot_nano_usd, ledger_transaction_id
) VALUES
  ('gen-1795176000-00020000000000000001', 'account-personal', 'workspace-personal', 'b60e3a0a8b828c65fb58d44aee757dec314e686acbf4f050af8d899d949b17a5', 'req-5', 1795176000000, 'completions', 'acme/small', 'acme/small', NULL, 'acme', 'Acme', 'acme', NULL, 1, 0, 0, 0, 'stop', 'stop', NULL, 1, 1, 0, 0, 0, 0, 9007199254740993, 9007199254740995, -9007199254740995, 1, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', 9007199254740997, 'transaction-two');

INSERT INTO usage_window (scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests) VALUES
  ('key', 'b60e3a0a8b828c65fb58d44aee757dec314e686acbf4f050af8d899d949b17a5', 'all', 9007199254740993, 0, 1),
  ('key', 'b60e3a0a8b828c65fb58d44aee757dec314e686acbf4f050af8d899d949b17a5', '2026-11-20', 9007199254740993, 0, 1),
  ('key', 'b60e3a0a8b828c65fb58d44aee757dec314e686acbf4f050af8d899d949b17a5', '2026-W47', 9007199254740993, 0, 1),
  ('key', 'b60e3a0a8b828c65fb58d44aee757dec314e686acbf4f050af8d899d949b17a5', '2026-11', 9007199254740993, 0, 1),
  ('account', 'account-personal', 'all', 9007199254740993, 0, 1),
  ('account', 'account-personal', '2026-11-20', 9007199254740993, 0, 1),
  ('account', 'account-personal', '2026-W47', 9007199254740993, 0, 1),
  ('account', 'account-personal', '2026-11', 9007199254740993, 0, 1);

INSERT INTO ledger_entry (transaction_id, book, account_id, kind, amount_nano_usd, reason, created_at_ms) VALUES
  ('transaction-two', 'customer_balance', 'account-personal', 'usage', -9007199254740993, 'requests', 1795176000000),
  ('transaction-two', 'revenue', 'account-personal', 'usage', 9007199254740993, 'requests', 1795176000000);

INSERT INTO scope_lease (scope_kind, scope_id, window_id, node_id, amount_nano_usd, expires_at_ms, grant_id) VALUES
  ('key', 'b60e3a0a8b828c65fb58d44aee757dec314e686acbf4f050af8d899d949b17a5', '2026-11', 'node-upgraded', 0, 1600000000000, 'grant-expired'),
  ('key', 'b60e3a0a8b828c65fb58d44aee757dec314e686acbf4f050af8d899d949b17a5', '2026-11', 'node-gone', 9007199254740993, 4102444800000, 'grant-alive');
