-- A value that only the master key of this database opens: with another key, what is sealed here is lost, and nothing else says so.
ALTER TABLE instance ADD COLUMN sealed_key_check TEXT;
