-- What a gateway at this version of the schema may have stored. The names and times of keys say what becomes of them.

INSERT INTO instance (id, instance_id, account_id, created_at_ms) VALUES (1, 'instance-upgraded', 'account-org', 1600000000000);

INSERT INTO account (id, kind, name, created_at_ms) VALUES
  ('account-org', 'organisation', 'Organisation', 1600000000000),
  ('account-personal', 'personal', 'Zoë''s 名前 🚀; with a semicolon, "quotes" and \ a backslash', 1795176000000);

INSERT INTO workspace (id, account_id, name, slug, is_default, created_at_ms) VALUES
  ('workspace-default', 'account-org', 'Default', 'default', 1, 1600000000000),
  ('workspace-other', 'account-org', '', 'other', 0, 1795176000000),
  ('workspace-personal', 'account-personal', 'Zoë', 'default', 1, 1795176000000);

INSERT INTO api_key (
  hash, account_id, workspace_id, kind, name, label, disabled, limit_nano_usd, limit_reset, include_byok_in_limit, creator_user_id, external_user, external_api_key_hash, created_at_ms, updated_at_ms, expires_at_ms, deleted_at_ms, version
) VALUES
  ('74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', 'account-org', 'workspace-default', 'api', 'Works', 'sk-or-v1-aaa...490', 0, NULL, NULL, 0, NULL, NULL, NULL, 1600000000000, NULL, NULL, NULL, 1),
  ('1435529c3b15e815ce2f61da9ff0718205c99cf104f5b34df4679a2122392aa8', 'account-org', NULL, 'management', 'Manages', 'sk-or-v1-bbb...deb', 0, NULL, NULL, 0, NULL, NULL, NULL, 1600000000000, NULL, 4102444800000, NULL, 1),
  ('e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287', 'account-org', 'workspace-other', 'api', 'Disabled', 'sk-or-v1-ccc...8fd', 1, NULL, NULL, 1, NULL, 'Zoë 🚀', 'external-hash', 1600000000000, 1795176000000, NULL, NULL, 2),
  ('39d21885a954e0d8aa1b1532241441c664f31240e12a832a730dc002c12c4f91', 'account-org', 'workspace-default', 'api', 'Expired', 'sk-or-v1-ddd...f1d', 0, 0, 'daily', 0, NULL, NULL, NULL, 1600000000000, NULL, 1600000000001, NULL, 1),
  ('1564930718d9e4c315f3b62c3667e4842dea84552b5b6e20edf5ad1b3191758b', 'account-org', 'workspace-default', 'api', 'Deleted', 'sk-or-v1-eee...a0b', 0, NULL, NULL, 0, NULL, NULL, NULL, 1600000000000, 1795176000000, NULL, 1795176000000, 9007199254740991),
  ('f5d41b57373b1b2837ef063255aa72c67d9e1eec24b7c9f9a2f98af6e7b6158b', 'account-org', 'workspace-default', 'api', 'Spent', 'sk-or-v1-111...74c', 0, 5000, NULL, 0, NULL, NULL, NULL, 1600000000000, NULL, NULL, NULL, 1),
  ('b60e3a0a8b828c65fb58d44aee757dec314e686acbf4f050af8d899d949b17a5', 'account-personal', 'workspace-personal', 'api', 'Much', 'sk-or-v1-222...e37', 0, 9223372036854775807, 'monthly', 1, NULL, '', NULL, 1600000000000, NULL, 4102444800000, NULL, 1),
  ('hash-of-one-who-left', 'account-org', 'workspace-default', 'api', 'Made by one who left', 'sk-or-v1-333...333', 1, 1, 'weekly', 0, 'user-gone', NULL, NULL, 1600000000000, 1795176000000, NULL, NULL, 3);

UPDATE change_counter SET seq = 4102;

INSERT INTO change_log (seq, subject, subject_id, at_ms) VALUES
  (4101, 'api_key', 'e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287', 1600000000000),
  (4102, 'account', 'account-org', 1795176000000);

INSERT INTO idempotent_answer (account_id, idempotency_key, request_hash, sealed_answer, created_at_ms) VALUES
  ('account-org', 'once', 'request-hash', 'v1.sealed', 1795176000000),
  ('account-org', 'Ünïque', 'request-hash', '', 1600000000000);

INSERT INTO generation (
  id, account_id, workspace_id, key_hash, request_id, created_at_ms, api_type, model, model_permaslug, router, provider_slug,
  provider_name, endpoint_tag, upstream_id, streamed, cancelled, estimated, is_byok, finish_reason, native_finish_reason,
  service_tier, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, cache_write_tokens, image_count,
  cost_nano_usd, upstream_cost_nano_usd, cache_discount_nano_usd, latency_ms, generation_time_ms, http_referer, app_title,
  app_categories, user_agent, session_id, end_user, external_user, attempts
) VALUES
  ('gen-1795176000-00010000000000000001', 'account-org', 'workspace-default', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', 'req-1', 1795176000000, 'completions', 'acme/small', 'acme/small-2026', NULL, 'acme', 'Acme', 'acme', 'upstream-1', 1, 0, 0, 0, 'stop', 'end_turn', 'default', 1000, 100, 40, 500, 10, 2, 150000, 150000, -25, 120, 1900, 'https://app.example/ä?b=c', 'Äpp 🚀', 'cli-agent', 'agent/1.0', 'session-1', 'end-user-hash', 'Zoë', '[{"provider":"Acme","tag":"acme","model":"acme/small","status":200,"latency_ms":120}]'),
  ('gen-1795176000-00010000000000000002', 'account-org', NULL, 'f5d41b57373b1b2837ef063255aa72c67d9e1eec24b7c9f9a2f98af6e7b6158b', 'req-2', 1795176000001, 'completions', 'acme/small', 'acme/small', NULL, NULL, NULL, NULL, NULL, 0, 1, 1, 0, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 5000, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]'),
  ('gen-1795176000-00010000000000000003', 'account-org', 'workspace-default', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', 'req-3', 1795176000002, 'responses', 'acme/small', 'acme/small', 'auto', 'acme', 'Acme', 'acme/fp8', '', 0, 0, 0, 1, 'length', 'max_tokens', 'flex', 9007199254740991, 1, 0, 0, 0, 0, 700, 9007199254740993, 9007199254740993, 0, 0, '', '', '', '', '', '', '', '[{"provider":"Äcme","tag":"a","model":"m","status":null,"latency_ms":null}]'),
  ('gen-1795176000-00010000000000000004', 'account-org', 'workspace-default', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', 'req-4', 1795176000003, 'completions', 'acme/free:free', 'acme/free', NULL, 'acme', 'Acme', 'acme', NULL, 1, 0, 0, 0, 'stop', 'stop', NULL, 5, 5, 0, 0, 0, 0, 0, 0, 0, 1, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]');

INSERT INTO usage_window (scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests) VALUES
  ('key', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', 'all', 150000, 700, 3),
  ('key', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', '2026-11-20', 150000, 700, 3),
  ('key', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', '2026-W47', 150000, 700, 3),
  ('key', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', '2026-11', 150000, 700, 3),
  ('key', 'f5d41b57373b1b2837ef063255aa72c67d9e1eec24b7c9f9a2f98af6e7b6158b', 'all', 5000, 0, 1),
  ('key', 'f5d41b57373b1b2837ef063255aa72c67d9e1eec24b7c9f9a2f98af6e7b6158b', '2026-11-20', 5000, 0, 1),
  ('key', 'f5d41b57373b1b2837ef063255aa72c67d9e1eec24b7c9f9a2f98af6e7b6158b', '2026-W47', 5000, 0, 1),
  ('key', 'f5d41b57373b1b2837ef063255aa72c67d9e1eec24b7c9f9a2f98af6e7b6158b', '2026-11', 5000, 0, 1),
  ('account', 'account-org', 'all', 155000, 700, 4),
  ('account', 'account-org', '2026-11-20', 155000, 700, 4),
  ('account', 'account-org', '2026-W47', 155000, 700, 4),
  ('account', 'account-org', '2026-11', 155000, 700, 4),
  ('free', 'account-org', 'all', 0, 0, 1),
  ('free', 'account-org', '2026-11-20', 0, 0, 1),
  ('free', 'account-org', '2026-W47', 0, 0, 1),
  ('free', 'account-org', '2026-11', 0, 0, 1);

INSERT INTO journal_position (node_id, seq) VALUES ('node-upgraded', 12), ('node-gone', 9007199254740991);

INSERT INTO ledger_entry (transaction_id, book, account_id, kind, amount_nano_usd, reason, created_at_ms) VALUES
  ('transaction-grant', 'customer_balance', 'account-org', 'grant', 50000000000, 'Grüße 🚀', 1600000000000),
  ('transaction-grant', 'grants', 'account-org', 'grant', -50000000000, 'Grüße 🚀', 1600000000000),
  ('transaction-one', 'customer_balance', 'account-org', 'usage', -155000, 'requests', 1795176000000),
  ('transaction-one', 'revenue', 'account-org', 'usage', 155000, 'requests', 1795176000000);
