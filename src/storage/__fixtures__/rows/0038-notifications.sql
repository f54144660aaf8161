INSERT INTO notification (id, account_id, workspace_id, kind, user_id, data, once_key, created_at_ms, spread_at_ms) VALUES
  ('0190a000-0000-7000-8000-000000000381', 'account-org', 'workspace-default', 'key.limit_near', 'user-owner',
   '{"key_hash":"e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287","key_name":"Ours, \"quoted\" ключ","key_label":"sk-or-v1-aaa...1c9","percent":80,"limit_usd":1,"spent_usd":0.8,"window":"all"}',
   'key.limit_near e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287 all 1000000000', 1795176000000, 1795176000001),
  ('0190a000-0000-7000-8000-000000000382', 'account-org', NULL, 'a.kind_of_another_version', NULL, '{}', NULL, 1795176000000, NULL);

INSERT INTO webhook (
  id, account_id, workspace_id, name, sealed_target, kinds, disabled, disabled_because, failing_since_ms, created_by, created_at_ms,
  updated_at_ms, deleted_at_ms
) VALUES
  ('0190a000-0000-7000-8000-000000000383', 'account-org', NULL, 'Deleted', '', NULL, 1, NULL, NULL, NULL, 1795176000000, 1795176000001, 1795176000002),
  ('0190a000-0000-7000-8000-000000000384', 'account-org', 'workspace-default', 'Its master key is lost', '', '["key.leaked"]', 1, 'sealed', 1795176000000,
   'user-owner', 1795176000000, 1795176000001, NULL);

INSERT INTO notification_delivery (
  id, account_id, notification_id, webhook_id, user_id, state, attempts, due_at_ms, last_status, last_problem, created_at_ms, ended_at_ms
) VALUES
  ('0190a000-0000-7000-8000-000000000385', 'account-org', '0190a000-0000-7000-8000-000000000381', '0190a000-0000-7000-8000-000000000383', NULL,
   'failed', 9, 1795176000000, 500, 'answered with status 500', 1795176000000, 1795176000009),
  ('0190a000-0000-7000-8000-000000000386', 'account-org', '0190a000-0000-7000-8000-000000000381', NULL, 'user-gone', 'delivered', 1, 1795176000000, NULL,
   NULL, 1795176000000, 1795176000009),
  ('0190a000-0000-7000-8000-000000000387', 'account-org', '0190a000-0000-7000-8000-000000000381', NULL, 'user-gone', 'waiting', 1, 9000000000000, NULL,
   'the mail server did not take it', 1795176000000, NULL);

INSERT INTO notification_preference (account_id, user_id, kind, by_mail) VALUES ('account-org', 'user-owner', 'provider.benched', 1);
INSERT INTO notification_setting (account_id, key_limit_percent) VALUES ('account-org', 99);
