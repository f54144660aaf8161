-- The password of the first one is `correct horse battery`.
INSERT INTO "user" (id, name, email, email_verified, image, two_factor_enabled, created_at, updated_at) VALUES
  ('user-owner', 'Olivia Öwner 🚀', 'olivia@example.com', TRUE, NULL, NULL, '2020-09-13T12:26:40.000Z', '2026-11-20T12:00:00.000Z'),
  ('user-admin', '', 'admin@example.com', TRUE, 'https://img.example/a.png', TRUE, '2026-11-20T12:00:00.000Z', '2026-11-20T12:00:00.000Z'),
  ('user-member', 'Max', 'mäx@example.com', FALSE, NULL, FALSE, '2026-11-20T12:00:00.000Z', '2026-11-20T12:00:00.123Z'),
  ('user-alone', 'In no account', 'alone@example.com', FALSE, NULL, NULL, '2026-11-20T12:00:00.000Z', '2026-11-20T12:00:00.000Z');

INSERT INTO session (id, token, user_id, ip_address, user_agent, expires_at, created_at, updated_at) VALUES
  ('session-alive', 'token-alive', 'user-owner', '2001:db8::1', 'Bröwser', '2100-01-01T00:00:00.000Z', '2026-11-20T12:00:00.000Z', '2026-11-20T12:00:00.000Z'),
  ('session-expired', 'token-expired', 'user-member', NULL, NULL, '2020-09-13T12:26:40.000Z', '2020-09-13T12:26:40.000Z', '2020-09-13T12:26:40.000Z');

INSERT INTO sign_in_method (
  id, account_id, provider_id, user_id, access_token, refresh_token, id_token, access_token_expires_at, refresh_token_expires_at,
  scope, password, created_at, updated_at
) VALUES
  ('method-password', 'user-owner', 'credential', 'user-owner', NULL, NULL, NULL, NULL, NULL, NULL, '$argon2id$v=19$m=19456,t=2,p=1$0LKzI/R2a88qnvX4ZCS6Kc5YtYZ94RhwIcpgFCkvftM$gJLDZM+1gHYTozPmtjF26Z+zbVJiApccoqStUf5C5C4', '2020-09-13T12:26:40.000Z', '2026-11-20T12:00:00.000Z'),
  ('method-github', '12345', 'github', 'user-admin', 'access', 'refresh', 'id', '2020-09-13T12:26:40.000Z', '2100-01-01T00:00:00.000Z', 'read:user,user:email', NULL, '2026-11-20T12:00:00.000Z', '2026-11-20T12:00:00.000Z');

INSERT INTO verification (id, identifier, value, expires_at, created_at, updated_at) VALUES
  ('verification-waiting', 'reset-password:token', 'user-owner', '2100-01-01T00:00:00.000Z', '2026-11-20T12:00:00.000Z', '2026-11-20T12:00:00.000Z'),
  ('verification-expired', '', '{"ä":1}', '2020-09-13T12:26:40.000Z', '2020-09-13T12:26:40.000Z', '2020-09-13T12:26:40.000Z');

INSERT INTO two_factor (id, user_id, secret, backup_codes, verified, failed_verification_count, locked_until) VALUES
  ('factor-on', 'user-admin', 'sealed', 'sealed', TRUE, 3, '2100-01-01T00:00:00.000Z'),
  ('factor-begun', 'user-member', '', '[]', NULL, NULL, NULL);

INSERT INTO passkey (
  id, user_id, name, public_key, credential_id, counter, device_type, backed_up, transports, aaguid, created_at
) VALUES
  ('passkey-named', 'user-owner', 'Schlüssel 🔑', 'key', 'credential-1', 2147483647, 'multiDevice', TRUE, 'internal,hybrid', 'aaguid', '2026-11-20T12:00:00.000Z'),
  ('passkey-unnamed', 'user-owner', NULL, 'key', 'credential-2', 0, 'singleDevice', FALSE, NULL, NULL, NULL);

INSERT INTO member (account_id, user_id, role, created_at_ms) VALUES
  ('account-org', 'user-owner', 'owner', 1600000000000),
  ('account-org', 'user-admin', 'admin', 1795176000000),
  ('account-org', 'user-member', 'member', 1795176000000),
  ('account-personal', 'user-owner', 'owner', 1795176000000);

-- Its creator is a member, who may enable it again.
INSERT INTO api_key (
  hash, account_id, workspace_id, kind, name, label, disabled, limit_nano_usd, limit_reset, include_byok_in_limit, creator_user_id, external_user, external_api_key_hash, created_at_ms, updated_at_ms, expires_at_ms, deleted_at_ms, version
) VALUES
  ('hash-of-a-members', 'account-org', 'workspace-default', 'api', 'A member''s', 'sk-or-v1-555...555', 1, NULL, NULL, 0, 'user-member', NULL, NULL, 1795176000000, 1795176000000, NULL, NULL, 2);

INSERT INTO invitation (
  id, token_hash, account_id, email, role, invited_by_user_id, created_at_ms, expires_at_ms, used_at_ms, used_by_user_id
) VALUES
  ('invitation-setup', 'token-hash-1', 'account-org', NULL, 'owner', NULL, 1600000000000, 1600000000001, 1600000000000, 'user-owner'),
  ('invitation-open', 'token-hash-2', 'account-org', 'new@example.com', 'member', 'user-admin', 1795176000000, 4102444800000, NULL, NULL),
  ('invitation-expired', 'token-hash-3', 'account-org', 'läte@example.com', 'admin', 'user-gone', 1600000000000, 1600000000001, NULL, NULL);

INSERT INTO attempt_count (subject, attempts, window_ends_at_ms) VALUES
  ('subject-now', 5, 4102444800000),
  ('subject-then', 2147483647, 1600000000000);
