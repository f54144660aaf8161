-- What a key says itself of its requests when money is spent; null: what the key that made it says, else the installation.
ALTER TABLE api_key ADD COLUMN on_exhaust TEXT CHECK (on_exhaust IN ('refuse', 'downgrade'));

-- The id of the model that takes over; null: none does.
ALTER TABLE api_key ADD COLUMN on_exhaust_model TEXT;
