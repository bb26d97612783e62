-- Statistics of which economy a row belongs to are always behind: an economy that is younger than they are seems to have one row or
-- none, and any index that begins with the economy looks as good as the primary key (docs/adr/0012-rows-by-their-keys.md). So the planner
-- is told that an economy may be the whole table; a whole primary key is one row all the same. In force from the next ANALYZE on;
-- a table without statistics is taken for 200 economies, which serves as well.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['account', 'economy_user', 'wallet', 'transaction', 'transfer', 'hold', 'open_transaction', 'activity'] LOOP
    EXECUTE format('ALTER TABLE %I ALTER COLUMN economy_id SET (n_distinct = 1)', t);
  END LOOP;
END $$;
