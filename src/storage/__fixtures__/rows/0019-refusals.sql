INSERT INTO refusal_hour (
  account_id, hour_ms, key_hash, reason, requests, first_at_ms, last_at_ms, workspace_id, status, message, path, request_id
) VALUES
  ('account-third', 1795176000000, 'hash-of-third', 'key_limit_exceeded', 9007199254740991, 1795176000000, 1795179599999, NULL, 402, 'Key limit exceeded (äcme)', '/api/v1/chat/completions', 'req-19');
