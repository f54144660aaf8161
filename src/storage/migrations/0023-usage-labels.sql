-- By which door a request came, and what its caller calls it: figures are told apart by both. Null: an earlier version's.
ALTER TABLE usage_series ADD COLUMN door TEXT;

-- The tags of a series' requests. How many there can be is bounded: see src/metering/labels.ts.
CREATE TABLE usage_tag (
  series_id   TEXT NOT NULL,
  name        TEXT NOT NULL,
  value       TEXT NOT NULL,
  account_id  TEXT NOT NULL,
  PRIMARY KEY (series_id, name)
);

CREATE INDEX usage_tag_by_account ON usage_tag (account_id, name);

DROP VIEW generations;
CREATE VIEW generations AS
SELECT
  id,
  account_id,
  rest ->> 'workspace_id' AS workspace_id,
  key_hash,
  rest ->> 'request_id' AS request_id,
  created_at_ms,
  rest ->> 'api_type' AS api_type,
  rest ->> 'door' AS door,
  model,
  rest ->> 'model_permaslug' AS model_permaslug,
  rest ->> 'router' AS router,
  rest ->> 'provider_slug' AS provider_slug,
  rest ->> 'provider_name' AS provider_name,
  rest ->> 'endpoint_tag' AS endpoint_tag,
  rest ->> 'upstream_id' AS upstream_id,
  COALESCE(CAST(rest ->> 'streamed' AS INTEGER), 0) AS streamed,
  COALESCE(CAST(rest ->> 'cancelled' AS INTEGER), 0) AS cancelled,
  COALESCE(CAST(rest ->> 'estimated' AS INTEGER), 0) AS estimated,
  is_byok,
  rest ->> 'finish_reason' AS finish_reason,
  rest ->> 'native_finish_reason' AS native_finish_reason,
  rest ->> 'service_tier' AS service_tier,
  COALESCE(CAST(rest ->> 'prompt_tokens' AS BIGINT), 0) AS prompt_tokens,
  COALESCE(CAST(rest ->> 'completion_tokens' AS BIGINT), 0) AS completion_tokens,
  COALESCE(CAST(rest ->> 'reasoning_tokens' AS BIGINT), 0) AS reasoning_tokens,
  COALESCE(CAST(rest ->> 'cached_tokens' AS BIGINT), 0) AS cached_tokens,
  COALESCE(CAST(rest ->> 'cache_write_tokens' AS BIGINT), 0) AS cache_write_tokens,
  COALESCE(CAST(rest ->> 'image_count' AS BIGINT), 0) AS image_count,
  cost_nano_usd,
  COALESCE(CAST(rest ->> 'upstream_cost_nano_usd' AS BIGINT), 0) AS upstream_cost_nano_usd,
  COALESCE(CAST(rest ->> 'cache_discount_nano_usd' AS BIGINT), 0) AS cache_discount_nano_usd,
  CAST(rest ->> 'latency_ms' AS BIGINT) AS latency_ms,
  CAST(rest ->> 'generation_time_ms' AS BIGINT) AS generation_time_ms,
  rest ->> 'http_referer' AS http_referer,
  rest ->> 'app_title' AS app_title,
  rest ->> 'app_categories' AS app_categories,
  rest ->> 'user_agent' AS user_agent,
  rest ->> 'session_id' AS session_id,
  rest ->> 'tags' AS tags,
  rest ->> 'agent_id' AS agent_id,
  rest ->> 'parent_agent_id' AS parent_agent_id,
  rest ->> 'agent_class' AS agent_class,
  rest ->> 'end_user' AS end_user,
  rest ->> 'external_user' AS external_user,
  COALESCE(rest ->> 'attempts', '[]') AS attempts,
  overshoot_nano_usd,
  ledger_transaction_id
FROM generation_record
UNION ALL
SELECT
  id, account_id, workspace_id, key_hash, request_id, created_at_ms, api_type, NULL AS door, model, model_permaslug, router,
  provider_slug, provider_name, endpoint_tag, upstream_id, streamed, cancelled, estimated, is_byok,
  finish_reason, native_finish_reason, service_tier, prompt_tokens, completion_tokens, reasoning_tokens,
  cached_tokens, cache_write_tokens, image_count, cost_nano_usd, upstream_cost_nano_usd,
  cache_discount_nano_usd, latency_ms, generation_time_ms, http_referer, app_title, app_categories, user_agent,
  session_id, NULL AS tags, NULL AS agent_id, NULL AS parent_agent_id, NULL AS agent_class, end_user, external_user, attempts, overshoot_nano_usd, ledger_transaction_id
FROM generation;
