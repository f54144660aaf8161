UPDATE account SET time_zone = 'America/Argentina/ComodRivadavia' WHERE id = 'account-personal';

INSERT INTO account_logo (account_id, hash, png, updated_at_ms) VALUES
  ('account-org', '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b', 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 1795176000000);
