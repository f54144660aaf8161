INSERT INTO api_key (
  hash, account_id, workspace_id, kind, name, label, disabled, limit_nano_usd, limit_reset, include_byok_in_limit, creator_user_id, external_user, external_api_key_hash, created_at_ms, updated_at_ms, expires_at_ms, deleted_at_ms, version, bounded_by_admin
) VALUES
  ('hash-of-bounded', 'account-org', 'workspace-default', 'api', 'Bounded', 'sk-or-v1-00b...00b', 0, 1, NULL, 0, 'user-member', NULL, NULL, 1795176000000, 1795176000000, NULL, NULL, 2, 1);
