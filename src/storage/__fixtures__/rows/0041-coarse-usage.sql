UPDATE usage_closed SET coarse_until_ms = 1795132800000 WHERE account_id = 'account-third';

INSERT INTO usage_account_hour SELECT * FROM usage_hour WHERE account_id = 'account-third';

INSERT INTO usage_account_day SELECT * FROM usage_day WHERE account_id = 'account-third';

INSERT INTO usage_key_day SELECT * FROM usage_day WHERE account_id = 'account-third';
