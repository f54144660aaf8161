INSERT INTO content_logging (
  workspace_id, account_id, enabled, sampling_ppm, key_hashes, retention_days, updated_at_ms
) VALUES
  ('workspace-default', 'account-org', 0, 1000000, NULL, 3650, 1795176000000),
  ('workspace-other', 'account-org', 1, 100, '["e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287"]', 3650, 1600000000000);

INSERT INTO content_key (id, account_id, workspace_id, day, sealed_key) VALUES
  ('content-key-1', 'account-org', 'workspace-default', '2026-11-20', 'v1.Sy0ZQq5u-lCQHoKbCWniwMPgcEIT_hRBNGowfM9420LofobBcI0rbn1-7Hg0mUd-bvCNEGhFNmv6asg1'),
  ('content-key-2', 'account-org', 'workspace-other', '2020-02-29', '');

INSERT INTO content_record (generation_id, account_id, key_id, sealed_content) VALUES
  ('gen-1795176000-00010000000000000001', 'account-org', 'content-key-1', 'v1.j6MTp7yIuP-D1MiONVUEiBFGtvk-LkSEIPWuBe-yT4FJqxN0M8BzT4tBeb0w-sJeFHKQoSWV73vtp_KR887eaBVaXM9uodyA9nHrObv_5tqgB7vfk0FPIeF_u2xpe5le_iXAkb25IXsfAfxyxqVMeMkX6NGvSuCNtqANFsZOydATJWG5y3XO2p3atcWS3lz4pHmYJ_fQUMfiJnGTynXIu5fkCR0SQd0WmaIspHARgP9K3ELXf8CCmWhIjw');
