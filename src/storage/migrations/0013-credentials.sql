-- Where keys, codes and addresses come from, so that what is taken back takes along what came of it.

-- 1: made for an app (a code or a device), so it authorises no other key.
ALTER TABLE api_key ADD COLUMN is_delegated INTEGER NOT NULL DEFAULT 0;
-- The key whose consent made it, with which it goes. Null: a person, a management key or the command line made it.
ALTER TABLE api_key ADD COLUMN parent_key_hash TEXT REFERENCES api_key (hash);

CREATE INDEX api_key_parent ON api_key (parent_key_hash);

-- Of earlier keys as much as is still known: codes are kept for a day.
UPDATE api_key SET is_delegated = 1
WHERE made_for IS NOT NULL
   OR hash IN (SELECT key_hash FROM oauth_client_key)
   OR hash IN (SELECT minted_key_hash FROM oauth_code WHERE minted_key_hash IS NOT NULL);
UPDATE api_key SET parent_key_hash = (
  SELECT MIN(oauth_code.authorising_key_hash) FROM oauth_code WHERE oauth_code.minted_key_hash = api_key.hash
)
WHERE is_delegated = 1;
-- A key's consent sent the code to whoever asked for it, whatever host they named.
UPDATE api_key SET made_for = NULL WHERE parent_key_hash IS NOT NULL;

-- Whose address used it (a keyed hash): a retry from there a moment later is no thief's.
ALTER TABLE oauth_code ADD COLUMN used_from TEXT;

-- 1: the link was mailed to the address that it names, and nobody else has seen it.
ALTER TABLE invitation ADD COLUMN is_mailed INTEGER NOT NULL DEFAULT 0;

-- 1: an invitation whose link others saw let this user in under the address, and nobody has shown yet that it is theirs.
ALTER TABLE "user" ADD COLUMN email_claimed INTEGER NOT NULL DEFAULT 0;
