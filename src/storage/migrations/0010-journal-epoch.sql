-- Which process a node's journal belongs to: of two with the same data directory, only the one that started last may flush.
ALTER TABLE journal_position ADD COLUMN epoch TEXT NOT NULL DEFAULT '';
