-- A table without statistics is taken for one with 200 economies of a row or two: any index that begins with the economy looks as good
-- as the primary key, and a plan that was made with the first transfer of a new platform then read the whole economy for each row of a
-- batch, until the table was analysed for the first time. So the tables of the money path begin with statistics that say what
-- 20261121000050 says of later ones: an economy may be the whole table, an id is one row (docs/adr/0012-rows-by-their-keys.md).
-- The first ANALYZE replaces them.
DO $$
DECLARE
  t text;
  c text;
BEGIN
  FOREACH t IN ARRAY ARRAY['account.id', 'economy_user.id', 'wallet.user_id', 'transaction.id', 'transfer.transaction_id',
                           'open_transaction.transaction_id', 'activity.subject_id'] LOOP
    c := split_part(t, '.', 2);
    t := split_part(t, '.', 1);
    CONTINUE WHEN EXISTS (SELECT FROM pg_class WHERE oid = to_regclass(quote_ident(t)) AND reltuples > 0);
    PERFORM pg_restore_relation_stats('schemaname', current_schema()::text, 'relname', t, 'relpages', 100, 'reltuples', 5000::real);
    PERFORM pg_restore_attribute_stats('schemaname', current_schema()::text, 'relname', t, 'attname', 'economy_id', 'inherited', false,
                                       'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 1::real);
    PERFORM pg_restore_attribute_stats('schemaname', current_schema()::text, 'relname', t, 'attname', c, 'inherited', false,
                                       'null_frac', 0::real, 'avg_width', 16, 'n_distinct', '-1'::real);
  END LOOP;
END $$;
