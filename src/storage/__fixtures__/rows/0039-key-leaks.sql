INSERT INTO key_leak (
  secret_hash, account_id, key_hash, source, place, url, state, was_disabled, was_bounded, found_at_ms, ended_at_ms
) VALUES
  ('a-secret-that-was-replaced', 'account-org', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', 'github', 'commit',
   'https://github.com/octocat/Hello-World/blob/master/foo/bar.txt', 'replaced', 0, 1, 1795176000000, 1795176000001),
  ('an-earlier-secret', 'account-org', '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', 'github', NULL, NULL, 'secret_ended', 0, 0,
   1795176000000, 1795176000000),
  ('a-secret-that-works', 'account-org', 'e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287', 'github', NULL, NULL, 'quarantined', 1, 0,
   1795176000000, NULL);
