INSERT INTO api_key (
  hash, account_id, workspace_id, kind, name, label, disabled, limit_nano_usd, limit_reset, include_byok_in_limit, creator_user_id, external_user, external_api_key_hash, created_at_ms, updated_at_ms, expires_at_ms, deleted_at_ms, version, made_for,
  is_delegated, parent_key_hash
) VALUES
  ('hash-of-child', 'account-org', 'workspace-default', 'api', 'Child', 'sk-or-v1-0c1...0c1', 0, NULL, NULL, 0, NULL, NULL, NULL, 1795176000000, NULL, NULL, NULL, 1, NULL, 1, '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28'),
  ('hash-of-app', 'account-org', 'workspace-default', 'api', 'App', 'sk-or-v1-0a9...0a9', 0, NULL, NULL, 0, 'user-owner', NULL, NULL, 1795176000000, NULL, NULL, NULL, 1, 'app.example', 1, NULL);

UPDATE oauth_code SET used_from = 'keyed-hash-of-an-address' WHERE code_hash = 'code-of-client';
UPDATE invitation SET is_mailed = 1 WHERE id = 'invitation-open';
UPDATE "user" SET email_claimed = 1 WHERE id = 'user-member';
