-- Which app a key was made for, so that its owner need not rely on what the app called it.

-- The host that the key's code went to, or the name that an admin registered the app under. Null: none, or nobody vouches for who
-- it is. Of keys that were made before this it is not known.
ALTER TABLE api_key ADD COLUMN made_for TEXT;
