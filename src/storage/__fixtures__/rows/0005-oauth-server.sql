INSERT INTO oauth_client (client_id, account_id, name, secret_hash, redirect_uris, is_dynamic, created_at_ms, last_used_at_ms) VALUES
  ('client-registered', 'account-org', 'Äpp', 'secret-hash', '["https://app.example/callback"]', 0, 1600000000000, 1795176000000),
  ('client-dynamic', 'account-org', '', NULL, '["http://127.0.0.1/callback","com.example:/ä"]', 1, 1795176000000, NULL);

-- For apps, at the word of a user.
INSERT INTO api_key (
  hash, account_id, workspace_id, kind, name, label, disabled, limit_nano_usd, limit_reset, include_byok_in_limit, creator_user_id, external_user, external_api_key_hash, created_at_ms, updated_at_ms, expires_at_ms, deleted_at_ms, version
) VALUES
  ('hash-of-minted-for-client', 'account-org', 'workspace-default', 'api', 'Client''s', 'sk-or-v1-666...666', 0, NULL, NULL, 0, 'user-owner', NULL, NULL, 1795176000000, NULL, 4102444800000, NULL, 1),
  ('hash-of-minted-by-user', 'account-org', 'workspace-default', 'api', 'At a user''s word', 'sk-or-v1-777...777', 0, 10, NULL, 0, 'user-member', NULL, NULL, 1795176000000, NULL, NULL, NULL, 1);

INSERT INTO oauth_client_key (key_hash, client_id, scope) VALUES
  ('hash-of-minted-for-client', 'client-registered', 'keys ä'),
  ('b60e3a0a8b828c65fb58d44aee757dec314e686acbf4f050af8d899d949b17a5', 'client-gone', NULL);

INSERT INTO oauth_code (
  code_hash, app_id, account_id, authorising_key_hash, user_id, callback_url, client_id, redirect_uri, scope, code_challenge,
  code_challenge_method, created_at_ms, expires_at_ms, verifier_attempts, used_at_ms, minted_key_hash, key_name, key_limit_nano_usd,
  key_limit_reset, key_expires_at_ms, workspace_id
) VALUES
  ('code-shown', NULL, 'account-org', NULL, 'user-owner', NULL, NULL, NULL, NULL, 'challenge', 'S256', 1795176000000, 4102444800000, 0, NULL, NULL, 'Shown', NULL, NULL, NULL, 'workspace-gone'),
  ('code-of-client', NULL, 'account-org', NULL, 'user-owner', NULL, 'client-registered', 'https://app.example/callback', 'keys', NULL, NULL, 1795176000000, 1795176600000, 0, 1795176000001, 'hash-of-minted-for-client', 'Client''s', NULL, NULL, 4102444800000, 'workspace-default'),
  ('code-of-user', 1, 'account-org', NULL, 'user-member', 'https://app.example/', NULL, NULL, NULL, NULL, NULL, 1795176000000, 1795176600000, 0, 1795176000001, 'hash-of-minted-by-user', 'At a user''s word', 10, NULL, NULL, 'workspace-default'),
  ('code-burned', 1, 'account-org', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', NULL, 'https://app.example/', NULL, NULL, NULL, 'challenge', 'S256', 1600000000000, 1600000000001, 5, 1600000000000, NULL, 'Burned', NULL, NULL, NULL, 'workspace-default');

INSERT INTO oauth_device (
  device_code_hash, user_code_hash, client_id, scope, created_at_ms, expires_at_ms, poll_interval_ms, last_polled_at_ms, decision,
  account_id, user_id, used_at_ms, key_name, key_limit_nano_usd, key_limit_reset, key_expires_at_ms, workspace_id
) VALUES
  ('device-waiting', 'user-code-1', 'client-dynamic', NULL, 1795176000000, 4102444800000, 5000, NULL, NULL, NULL, NULL, NULL, 'TV 📺', NULL, NULL, NULL, NULL),
  ('device-approved', 'user-code-2', 'client-registered', 'keys', 1795176000000, 4102444800000, 10000, 1795176000005, 'approved', 'account-org', 'user-owner', 1795176000006, 'TV', 9007199254740993, 'monthly', 4102444800000, 'workspace-default'),
  ('device-denied', 'user-code-3', 'client-gone', '', 1600000000000, 1600000000001, 5000, 1600000000000, 'denied', 'account-org', 'user-member', NULL, '', 0, 'daily', NULL, NULL);
