INSERT INTO oauth_client (
  client_id, account_id, name, secret_hash, redirect_uris, is_dynamic, grant_types, created_at_ms, last_used_at_ms
) VALUES
  ('client-device', 'account-org', 'TV', NULL, '[]', 1, '["authorization_code","urn:ietf:params:oauth:grant-type:device_code"]', 1795176000000, 1795176000000),
  ('client-all-grants', 'account-org', 'All', 'secret-hash', '["https://all.example/"]', 0, NULL, 1795176000000, NULL);
