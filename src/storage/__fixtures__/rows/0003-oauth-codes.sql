UPDATE oauth_app_counter SET last_app_id = 2;

INSERT INTO oauth_app (id, origin, created_at_ms) VALUES
  (1, 'https://app.example', 1600000000000),
  (2, 'http://localhost:3000', 1795176000000);

-- What a code was exchanged for.
INSERT INTO api_key (
  hash, account_id, workspace_id, kind, name, label, disabled, limit_nano_usd, limit_reset, include_byok_in_limit, creator_user_id, external_user, external_api_key_hash, created_at_ms, updated_at_ms, expires_at_ms, deleted_at_ms, version
) VALUES
  ('hash-of-minted-by-key', 'account-org', 'workspace-default', 'api', 'App at a key''s word', 'sk-or-v1-444...444', 0, 9007199254740993, 'monthly', 0, NULL, NULL, NULL, 1795176000000, NULL, NULL, NULL, 1);

INSERT INTO oauth_code (
  code_hash, app_id, account_id, authorising_key_hash, callback_url, code_challenge, code_challenge_method, created_at_ms,
  expires_at_ms, verifier_attempts, used_at_ms, minted_key_hash, key_name, key_limit_nano_usd, key_limit_reset, key_expires_at_ms,
  workspace_id
) VALUES
  ('code-waiting', 1, 'account-org', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', 'https://app.example/ä', 'challenge', 'S256', 1795176000000, 4102444800000, 0, NULL, NULL, 'Äpp', 9007199254740993, 'weekly', 4102444800000, 'workspace-default'),
  ('code-plain', 2, 'account-org', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', 'http://localhost:3000/', 'challenge', 'plain', 1600000000000, 1600000000001, 3, NULL, NULL, '', 0, 'daily', NULL, 'workspace-default'),
  ('code-used', 1, 'account-org', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', 'https://app.example/', NULL, NULL, 1795176000000, 1795176600000, 1, 1795176000005, 'hash-of-minted-by-key', 'App at a key''s word', 9007199254740993, 'monthly', NULL, 'workspace-default');
