INSERT INTO usage_series (
  id, account_id, workspace_id, key_hash, external_user, api_type, model, model_permaslug, provider_slug, provider_name, endpoint_tag, app_url, app_title, is_byok
) VALUES
  ('series-of-third-0000001', 'account-third', 'workspace-third', 'hash-of-third', NULL, 'completions', 'acme/small', 'acme/small', NULL, 'Äcme 🚀 "quoted"', NULL, NULL, NULL, 0);

INSERT INTO usage_hour (
  account_id, hour_ms, series_id, outcome, requests, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, cache_write_tokens, cost_nano_usd, byok_nano_usd, cache_discount_nano_usd, latency_count, latency_sum_ms, duration_count, duration_sum_ms,
  latency_b00, latency_b01, latency_b02, latency_b03, latency_b04, latency_b05, latency_b06, latency_b07, latency_b08, latency_b09, latency_b10, latency_b11, latency_b12, latency_b13, latency_b14, latency_b15, latency_b16, latency_b17, latency_b18, latency_b19, latency_b20, latency_b21, latency_b22, latency_b23, duration_b00, duration_b01, duration_b02, duration_b03, duration_b04, duration_b05, duration_b06, duration_b07, duration_b08, duration_b09, duration_b10, duration_b11, duration_b12, duration_b13, duration_b14, duration_b15, duration_b16, duration_b17, duration_b18, duration_b19, duration_b20, duration_b21, duration_b22, duration_b23
) VALUES
  ('account-third', 1795176000000, 'series-of-third-0000001', 'complete', 2147483647, 9007199254740991, 0, 0, 0, 0, 9007199254740993, 0, -1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
