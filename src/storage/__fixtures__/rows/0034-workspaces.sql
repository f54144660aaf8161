UPDATE account SET is_model_catalogue_filtered = 1, key_rotation_days = 90, is_key_rotation_enforced = 0 WHERE id = 'account-org';

INSERT INTO workspace (
  id, account_id, name, slug, is_default, created_at_ms, description, default_text_model, default_image_model, default_provider_sort,
  disabled_server_tools, is_broadcast_enabled, is_data_discount_enabled, created_by, updated_at_ms, deleted_at_ms
) VALUES
  ('0190b000-0000-7000-8000-000000000001', 'account-org', 'Производство "1"', 'production', 0, 1795176000000, 'What we sell', 'openai/gpt-4o',
   'openai/gpt-image-1', 'throughput', '["openrouter:web_search"]', 1, 1, 'user-1', 1795176000001, NULL),
  ('0190b000-0000-7000-8000-000000000002', 'account-org', 'Gone', '~0190b000-0000-7000-8000-000000000002', 0, 1600000000000, NULL, NULL,
   NULL, NULL, NULL, 0, 0, NULL, 1600000000001, 1600000000001);

INSERT INTO workspace_member (id, workspace_id, account_id, user_id, manual_role, scim_role, created_at_ms) VALUES
  ('0190b000-0000-7000-8000-000000000011', '0190b000-0000-7000-8000-000000000001', 'account-org', 'user-1', 'member', 'admin', 1795176000000),
  ('0190b000-0000-7000-8000-000000000012', '0190b000-0000-7000-8000-000000000001', 'account-org', 'user-gone', NULL, 'member', 1795176000000),
  ('0190b000-0000-7000-8000-000000000013', '0190b000-0000-7000-8000-000000000001', 'account-org', 'user-hand', 'admin', NULL, 1795176000000);

INSERT INTO external_user (account_id, name, is_active, created_at_ms, updated_at_ms) VALUES
  ('account-org', 'Käufer/1', 1, 1795176000000, 1795176000000),
  ('account-org', '.', 0, 1600000000000, 1600000000001);

INSERT INTO key_secret (hash, key_hash, created_at_ms, valid_until_ms)
  SELECT hash, hash, created_at_ms, 1795176000000 FROM api_key WHERE hash = 'hash-of-one-who-left';
INSERT INTO key_secret (hash, key_hash, created_at_ms, valid_until_ms)
  SELECT 'next-hash-of-one-who-left', hash, 1795176000000, NULL
  FROM api_key WHERE hash = 'hash-of-one-who-left';
UPDATE api_key
  SET secret_hash = 'next-hash-of-one-who-left', rotated_at_ms = 1795176000000, is_child = 0,
      allowed_models = '["openai/gpt-4o"]'
  WHERE hash = 'hash-of-one-who-left';

INSERT INTO scim_user (
  id, account_id, user_id, user_name, user_name_key, external_id, email, is_active, attributes, created_at_ms, updated_at_ms, deleted_at_ms
) VALUES
  ('0190b000-0000-7000-8000-000000000021', 'account-org', 'user-1', 'Ada@Example.com', 'ada@example.com', '00u1', 'ada@example.com', 1,
   '{"displayName":"Ada"}', 1795176000000, 1795176000001, NULL),
  ('0190b000-0000-7000-8000-000000000022', 'account-org', NULL, 'gone', 'gone', NULL, 'gone@example.com', 0, '{}', 1600000000000,
   1600000000000, 1600000000001);

INSERT INTO scim_group (id, account_id, display_name, external_id, created_at_ms, updated_at_ms, deleted_at_ms) VALUES
  ('0190b000-0000-7000-8000-000000000031', 'account-org', 'Admins', NULL, 1795176000000, 1795176000000, NULL),
  ('0190b000-0000-7000-8000-000000000032', 'account-org', 'Gone', 'g-1', 1600000000000, 1600000000001, 1600000000001);

INSERT INTO scim_group_member (group_id, scim_user_id) VALUES
  ('0190b000-0000-7000-8000-000000000031', '0190b000-0000-7000-8000-000000000021');

INSERT INTO scim_group_mapping (id, account_id, group_id, workspace_id, role, created_at_ms, updated_at_ms) VALUES
  ('0190b000-0000-7000-8000-000000000041', 'account-org', '0190b000-0000-7000-8000-000000000031', '0190b000-0000-7000-8000-000000000001',
   'admin', 1795176000000, 1795176000000);

INSERT INTO scim_sync_job (
  id, account_id, status, created_at_ms, started_at_ms, finished_at_ms, synced_groups, deleted_groups, error_message
) VALUES
  ('0190b000-0000-7000-8000-000000000051', 'account-org', 'failed', 1795176000000, 1795176000001, 1795176000002, NULL, NULL, 'interrupted'),
  ('0190b000-0000-7000-8000-000000000052', 'account-org', 'succeeded', 1795176000000, 1795176000001, 1795176000002, 1, 0, NULL),
  ('0190b000-0000-7000-8000-000000000053', 'account-org', 'queued', 1600000000000, NULL, NULL, NULL, NULL, NULL);

UPDATE invitation SET workspace_id = '0190b000-0000-7000-8000-000000000001', workspace_role = 'admin'
  WHERE id = (SELECT MIN(id) FROM invitation);
