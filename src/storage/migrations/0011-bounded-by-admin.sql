-- Whose word a key's bounds are, so that its creator does not undo what an admin has set.

-- 1: somebody above its creator has disabled it, or set its limit.
ALTER TABLE api_key ADD COLUMN bounded_by_admin INTEGER NOT NULL DEFAULT 0;

-- Of those who were removed before this, who may come back.
UPDATE api_key SET bounded_by_admin = 1
WHERE disabled = 1 AND creator_user_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM member WHERE member.account_id = api_key.account_id AND member.user_id = api_key.creator_user_id
);
