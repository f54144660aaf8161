INSERT INTO generation_record (
  id, account_id, key_hash, created_at_ms, model, is_byok, cost_nano_usd, overshoot_nano_usd, ledger_transaction_id, rest, is_rolled_up
) VALUES
  ('gen-1795176000-00230000000000000001', 'account-third', 'hash-of-third', 1795176000003, 'acme/small', 0, 0, 0, 'transaction-third', '{"door":"responses","request_id":"req-23","tags":"{\"team\":\"Süche 🚀 \\\"q\\\"\"}"}', 1);

UPDATE usage_window SET requests = requests + 1 WHERE scope_id IN ('hash-of-third', 'account-third');

INSERT INTO usage_series (
  id, account_id, workspace_id, key_hash, external_user, api_type, door, model, model_permaslug, provider_slug, provider_name, endpoint_tag, app_url, app_title, is_byok
) VALUES
  ('series-of-third-0000004', 'account-third', NULL, 'hash-of-third', NULL, 'completions', 'gemini', 'acme/small', 'acme/small', 'acme', 'Acme', 'acme', NULL, 'other', 0),
  ('series-of-third-0000003', 'account-third', NULL, 'hash-of-third', NULL, 'completions', 'responses', 'acme/small', 'acme/small', 'acme', 'Acme', 'acme', NULL, 'other', 0);

INSERT INTO usage_tag (series_id, name, value, account_id) VALUES
  ('series-of-third-0000003', 'team', 'Süche 🚀 "q"', 'account-third'),
  ('series-of-third-0000004', '*', 'other', 'account-third');

INSERT INTO usage_closed (account_id, days_until_ms, months_until_ms) VALUES
  ('account-third', 1795132800000, 1793491200000);

INSERT INTO usage_day SELECT * FROM usage_hour WHERE account_id = 'account-third';

UPDATE usage_day SET start_ms = 1795046400000;

INSERT INTO usage_month SELECT * FROM usage_hour WHERE account_id = 'account-third';

UPDATE usage_month SET start_ms = 1790812800000;
