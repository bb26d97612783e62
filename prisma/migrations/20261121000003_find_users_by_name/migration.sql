-- Lists of users by the beginning of their name, and of the archived ones, without reading the whole economy.
CREATE INDEX economy_user_name ON economy_user (economy_id, lower(name) text_pattern_ops);
CREATE INDEX economy_user_archived ON economy_user (economy_id, id) WHERE status = 'archived';
