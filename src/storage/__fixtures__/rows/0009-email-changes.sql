INSERT INTO email_change (user_id, token_hash, email, expires_at_ms) VALUES
  ('user-owner', 'token-hash-1', 'olivia@new.example', 4102444800000),
  ('user-member', 'token-hash-2', 'admin@example.com', 1600000000000);
