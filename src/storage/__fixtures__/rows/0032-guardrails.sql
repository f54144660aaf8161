INSERT INTO guardrail (
  account_id, id, workspace_id, applies_to, name, description, limit_nano_usd, reset_interval, include_byok_in_budgets, allowed_models,
  ignored_models, allowed_providers, ignored_providers, allowed_data_regions, enforce_zdr_anthropic, enforce_zdr_openai,
  enforce_zdr_google, enforce_zdr_xai, enforce_zdr_other, allow_safety_retention_google, allow_safety_retention_other,
  enable_paid_model_training, enable_free_model_training, enable_free_model_publication, content_filter_builtins, content_filters,
  created_at_ms, updated_at_ms
) VALUES
  ('account-org', '0190a000-0000-7000-8000-000000000101', 'workspace-default', 'assigned', 'Only ours, "quoted" ключ', 'Für alle',
   9007199254740993, 'weekly', 1, '["openai/gpt-4o"]', '["x-ai/grok-4"]', '["openai","azure"]', '["xai"]', '["europe","us"]',
   1, 0, 1, 1, 0, 0, 1, 0, 0, 0, '[{"slug":"email","action":"redact"},{"slug":"regex-prompt-injection","action":"block","scan_scope":"user_only"}]',
   '[{"pattern":"\\bACME-[0-9]+","action":"block","label":null}]', 1795176000000, 1795176000001),
  ('account-org', '0190a000-0000-5000-8000-000000000102', 'workspace-default', 'workspace', 'Workspace workspace-default Default', NULL,
   NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1600000000000, NULL),
  ('account-org', '0190a000-0000-7000-8000-000000000104', 'workspace-default', 'assigned', 'Nothing at all', NULL,
   0, 'daily', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1600000000000, NULL),
  ('account-org', '0190a000-0000-5000-8000-000000000103', NULL, 'account', 'Whole organisation', NULL,
   NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1600000000000, NULL);

INSERT INTO guardrail_key (account_id, key_hash, guardrail_id, id, assigned_by, created_at_ms) VALUES
  ('account-org', 'e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287', '0190a000-0000-7000-8000-000000000101',
   '0190a000-0000-7000-8000-000000000111', NULL, 1795176000000),
  ('account-org', 'f2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287', '0190a000-0000-7000-8000-000000000101',
   '0190a000-0000-7000-8000-000000000113', 'user-1', 1795176000001);

INSERT INTO guardrail_member (account_id, user_id, guardrail_id, id, assigned_by, created_at_ms) VALUES
  ('account-org', 'user-1', '0190a000-0000-7000-8000-000000000101', '0190a000-0000-7000-8000-000000000112', 'user-2', 1795176000000),
  ('account-org', 'user-2', '0190a000-0000-7000-8000-000000000101', '0190a000-0000-7000-8000-000000000114', NULL, 1795176000001);
