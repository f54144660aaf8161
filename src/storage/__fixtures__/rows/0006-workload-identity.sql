INSERT INTO federation_issuer (id, account_id, name, issuer_url, jwks_url, pinned_jwks, created_at_ms, updated_at_ms) VALUES
  ('issuer-discovered', 'account-org', 'CI ä', 'https://ci.example', NULL, NULL, 1795176000000, NULL),
  ('issuer-fetched', 'account-org', '', 'https://ci.example/', 'https://ci.example/jwks', NULL, 1600000000000, 1795176000000),
  ('issuer-pinned', 'account-personal', 'Pinned', 'https://pinned.example', NULL, '{"keys":[]}', 1795176000000, NULL);

INSERT INTO federation_policy (
  id, account_id, issuer_id, name, subject, audience, required_scope, required_token_type, target_key_hash, enabled, created_at_ms,
  updated_at_ms
) VALUES
  ('policy-open', 'account-org', 'issuer-discovered', 'Main', 'repo:example/ä:ref:refs/heads/main', 'turnpike', NULL, NULL, '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28', 1, 1795176000000, NULL),
  ('policy-narrow', 'account-personal', 'issuer-pinned', '', 'subject', 'audience', 'scope', 'type', 'b60e3a0a8b828c65fb58d44aee757dec314e686acbf4f050af8d899d949b17a5', 0, 1600000000000, 1795176000000);

INSERT INTO federation_exchange (policy_id, token_hash, expires_at_ms) VALUES
  ('policy-open', 'token-hash', 4102444800000),
  ('policy-gone', 'token-hash', 1600000000000);

-- Sealed by the master key of 32 bytes that are all 7.
INSERT INTO signing_key (turn, kid, public_jwk, sealed_private_jwk, created_at_ms, signs_from_ms, signs_until_ms) VALUES
  (1, '-sy3nmNjZ4dstYyUR0Sds4aGYyG5nW2zUd1jh7oFvog', '{"alg":"ES256","crv":"P-256","kid":"-sy3nmNjZ4dstYyUR0Sds4aGYyG5nW2zUd1jh7oFvog","kty":"EC","use":"sig","x":"McBicLISGb6bLx5OJho-WE-EWzHruFuSkq8HM1ujgxw","y":"Y3m-ad8_00ILMFQjt0I_xz7yD-N-8u8xX-N6pp_fPx8"}', 'v1.WPzqrAxs5_P0ap_b0s4jhX4CpL5r6tDioZ914F3qiKvlJkz8yGTCvxgNd5Jeun2Z5Y86UXeAYQ36pyjcOMJzvFJ6sadJIdIX8UDR2iYbcUIprwYydn76lc-uFXI6mA_64zQU43MUAkmtE_sND7E38vL0GU-JHQ9k2jfBWZf3AQ2EsIKHEWlvmZpNbkFAOYAk8xHxzqXIz-Ng3W7YpPsaZU0KgNCGpwwqUx6aDeUYaWefopd4Ca30e6XsNXvKUegU74gm7ybYPLOSM01k', 1600000000000, 1600000000000, 1600000000001),
  (2, 'hACcIt4yVGnjW9uwCvkybU-P3x69Va0eTDckCCS7VRI', '{"alg":"ES256","crv":"P-256","kid":"hACcIt4yVGnjW9uwCvkybU-P3x69Va0eTDckCCS7VRI","kty":"EC","use":"sig","x":"QdSv6D8smy1KIUWJJQ6WNvWQ8JoZGPFcgJ3A6lv5UwI","y":"z47-Nj6uiT0QBHmutvbuI3U0uETM5SohkoZ0YQ7T6xk"}', 'v1.aOhVbzp8wHHk7TATvX-dnT52wmSWXnskdg6cGfHoXAOBwRWZM1XivYKzkHiOS0acyob3SDRyBkLLf9seoDuWQzye-F_c_8wfiO-KdzPNgyvhkt84D25xTWy3QPz3u_iSKUSC-BzSNeaS5QmZ6H2LRcUd9x7vmgigSDF66UMGofxn0tox8oltsNf9T-xVwy1JMkLwtJodEzasjFbE0KNwGbHsZ_ro1PLhNEn-62bhbxFVL5wYgeiGMlDhOu017QZjaqgjuKz1J-u8DNiy', 1795176000000, 1795176000000, 4102444800000);
