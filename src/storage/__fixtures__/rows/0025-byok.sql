INSERT INTO byok_key (
  id, account_id, workspace_id, provider, base_url, name, label, sealed_data_key, sealed_secret, disabled, is_fallback, is_required,
  is_byok_only, declared_zdr, declared_region, sort_order, allowed_models, allowed_api_key_hashes, allowed_user_ids, created_by,
  created_at_ms, updated_at_ms, last_used_at_ms, deleted_at_ms
) VALUES
  ('0190a000-0000-7000-8000-000000000001', 'account-org', 'workspace-default', 'openai', '', 'Ours, "quoted" ключ', 'sk-...AbCd',
   'v1.Sy0ZQq5u-lCQHoKbCWniwMPgcEIT_hRBNGowfM9420LofobBcI0rbn1-7Hg0mUd-bvCNEGhFNmv6asg1', 'v1.Sy0ZQq5u-lCQHoKbCWniwMPgcEIT_hRBNGowfM9420LofobB', 0, 0, 1,
   1, 1, 'europe', 0, '["openai/gpt-4o"]', '["e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287"]', '[]', NULL,
   1795176000000, 1795176000001, 1795176000002, NULL),
  ('0190a000-0000-7000-8000-000000000002', 'account-org', NULL, 'anthropic', 'https://claude.example.com/v1', NULL, '...', '', '', 1, 1, 0,
   0, NULL, NULL, 2147483647, NULL, NULL, NULL, 'user-1', 1600000000000, 1600000000000, NULL, 1600000000001);

INSERT INTO master_key_change (id, sealed_next_key, sealed_previous_key, sealed_hash_key, started_at_ms, finished_at_ms) VALUES
  (1, '', '', 'v1.Sy0ZQq5u-lCQHoKbCWniwMPgcEIT_hRBNGowfM9420LofobBcI0rbn1-7Hg0mUd-bvCNEGhFNmv6asg1', 1795176000000, 1795176000001);
