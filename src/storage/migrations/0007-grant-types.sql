-- What an app that registered itself said it would use.

-- A JSON list. Null: all there are, for apps that an admin registered.
ALTER TABLE oauth_client ADD COLUMN grant_types TEXT;

-- What the earlier ones said is not known: they have what RFC 7591 (section 2) gives to those that say nothing.
UPDATE oauth_client SET grant_types = '["authorization_code"]' WHERE is_dynamic = 1;
