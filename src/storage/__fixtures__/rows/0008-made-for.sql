INSERT INTO api_key (
  hash, account_id, workspace_id, kind, name, label, disabled, limit_nano_usd, limit_reset, include_byok_in_limit, creator_user_id, external_user, external_api_key_hash, created_at_ms, updated_at_ms, expires_at_ms, deleted_at_ms, version, made_for
) VALUES
  ('hash-of-made-by-user', 'account-org', 'workspace-default', 'api', 'Made for', 'sk-or-v1-888...888', 0, NULL, NULL, 0, 'user-owner', NULL, NULL, 1795176000000, NULL, NULL, NULL, 1, 'äpp.example'),
  ('hash-of-made-by-key', 'account-org', 'workspace-default', 'api', 'Made for', 'sk-or-v1-999...999', 0, NULL, NULL, 0, NULL, NULL, NULL, 1795176000000, NULL, NULL, NULL, 1, 'app.example');

INSERT INTO oauth_code (
  code_hash, app_id, account_id, authorising_key_hash, callback_url, code_challenge, code_challenge_method, created_at_ms,
  expires_at_ms, verifier_attempts, used_at_ms, minted_key_hash, key_name, key_limit_nano_usd, key_limit_reset, key_expires_at_ms,
  workspace_id
) VALUES
  ('code-of-made-by-key', 1, 'account-org', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', 'https://app.example/', NULL, NULL, 1795176000000, 1795176600000, 0, 1795176000001, 'hash-of-made-by-key', 'Made for', NULL, NULL, NULL, 'workspace-default');
