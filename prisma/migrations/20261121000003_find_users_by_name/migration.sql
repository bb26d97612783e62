-- Lists of users by the beginning of their name, and of the archived ones, without reading the whole economy.
-- The lower-case name is a column because row-level security keeps functions that could leak a value, lower() and LIKE among
-- them, away from indexes; the operator ^@ on a column is free of that.
ALTER TABLE economy_user ADD COLUMN name_search text GENERATED ALWAYS AS (lower(name)) STORED;
CREATE INDEX economy_user_name_search ON economy_user (economy_id, name_search text_pattern_ops) WHERE name_search IS NOT NULL;
CREATE INDEX economy_user_archived ON economy_user (economy_id, id) WHERE status = 'archived';
