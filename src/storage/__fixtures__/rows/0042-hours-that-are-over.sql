INSERT INTO usage_closed (account_id, hour_ms, series_id) VALUES
  ('account-third', 1795132800000, 'series-of-third-0000003');

INSERT INTO usage_coarse_series (series_id, of_account, of_key) VALUES
  ('series-of-third-0000003', 'series-of-third-0000004', 'series-of-third-0000003');

INSERT INTO usage_key_week SELECT * FROM usage_hour WHERE account_id = 'account-third';

UPDATE usage_key_week SET start_ms = 1794787200000;

INSERT INTO usage_day SELECT * FROM usage_hour WHERE account_id = 'account-third';

UPDATE usage_day SET start_ms = 1795046400000;

INSERT INTO usage_month SELECT * FROM usage_hour WHERE account_id = 'account-third';

UPDATE usage_month SET start_ms = 1790812800000;

INSERT INTO usage_account_hour SELECT * FROM usage_hour WHERE account_id = 'account-third';

INSERT INTO usage_account_day SELECT * FROM usage_day WHERE account_id = 'account-third';

INSERT INTO usage_key_day SELECT * FROM usage_day WHERE account_id = 'account-third';
