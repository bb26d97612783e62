-- An entry is known by the adoption of its height instead of by its block's hash: `generation` counted how often one block was adopted, and
-- counts now how often a height was. So the primary key needs no hash, which was half of it; the hashes are the bytes that they are instead of
-- their letters; and of the two sides of a movement only the debit is found by block and by transaction: the other side, and what takes both
-- back, have keys that the debit tells.
--
-- Locks: ACCESS EXCLUSIVE on entry, which is written anew with its indexes (some 90 s per ten million rows, and its size once more on disk);
-- SHARE ROW EXCLUSIVE on chain_block and backing_entry. Api and worker of the version before know neither the columns' types nor how to count:
-- stop them first.
LOCK TABLE chain_block, backing_entry IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE entry IN ACCESS EXCLUSIVE MODE;

-- ------------------------------------------------------------------------------------------------ adoptions, counted by height

-- Every adoption of the heights that were adopted more than once. chain_block knows when a block was adopted last; of times before, its entries
-- tell, and one that left none comes somewhere before the next of the same block. Entries that no adoption explains (a person's correction) are
-- counted too, so that none can meet another. What is canonical came last.
CREATE TEMPORARY TABLE adoption AS
WITH height AS (
  SELECT chain_id, number FROM chain_block GROUP BY chain_id, number HAVING count(*) > 1 OR max(generation) > 1
), known AS (
  SELECT b.chain_id, b.number, b.hash, g AS generation, b.status = 'canonical' AND g = b.generation AS is_canonical,
         CASE WHEN g = b.generation THEN b.indexed_at END AS at
  FROM height JOIN chain_block b USING (chain_id, number) CROSS JOIN LATERAL generate_series(1, b.generation) AS g
  UNION ALL
  SELECT height.chain_id, height.number, e.block_hash, e.generation, false, e.created_at
  FROM height JOIN economy ON economy.chain_id = height.chain_id
  JOIN entry e ON e.economy_id = economy.id AND e.block_number = height.number
), dated AS (
  SELECT chain_id, number, hash, generation, bool_or(is_canonical) AS is_canonical,
         max(min(at)) OVER (PARTITION BY chain_id, number, hash ORDER BY generation) AS at
  FROM known GROUP BY chain_id, number, hash, generation
)
SELECT chain_id, number, hash, generation AS of_block,
       row_number() OVER (PARTITION BY chain_id, number ORDER BY is_canonical, at NULLS FIRST, hash, generation)::int AS of_height
FROM dated;
ANALYZE adoption;

UPDATE chain_block b SET generation = a.of_height
FROM adoption a
WHERE a.chain_id = b.chain_id AND a.number = b.number AND a.hash = b.hash AND a.of_block = b.generation AND a.of_height <> a.of_block;

ALTER TABLE entry DROP CONSTRAINT entry_pkey;
ALTER TABLE entry DISABLE TRIGGER entry_append_only;
UPDATE entry e SET generation = a.of_height
FROM adoption a JOIN economy ON economy.chain_id = a.chain_id
WHERE e.economy_id = economy.id AND e.block_number = a.number AND e.block_hash = a.hash AND e.generation = a.of_block
  AND a.of_height <> a.of_block;
ALTER TABLE entry ENABLE TRIGGER entry_append_only;

-- What backs a token is counted in the same way. In two steps: its key is not given up, and may not meet itself halfway.
ALTER TABLE backing_entry DISABLE TRIGGER backing_entry_append_only;
UPDATE backing_entry e SET generation = -a.of_height
FROM adoption a, backing
WHERE backing.economy_id = e.economy_id AND a.number = e.block_number AND a.hash = e.block_hash AND a.of_block = e.generation
  AND a.chain_id = CASE WHEN e.account IN ('outside', 'in_flight', 'vault') THEN backing.value_chain_id ELSE backing.utility_chain_id END;
UPDATE backing_entry SET generation = -generation WHERE generation < 0;
ALTER TABLE backing_entry ENABLE TRIGGER backing_entry_append_only;

DROP TABLE adoption;

-- ------------------------------------------------------------------------------------------------ the narrow table

DROP INDEX entry_block;
DROP INDEX entry_transaction;
ALTER TABLE entry
  ALTER COLUMN block_hash TYPE BYTEA USING decode(substr(block_hash, 3), 'hex'),
  ALTER COLUMN tx_hash TYPE BYTEA USING decode(substr(tx_hash, 3), 'hex');
ALTER TABLE entry ADD CONSTRAINT entry_pkey
  PRIMARY KEY (economy_id, account_id, block_number, log_index, side, generation, is_reversal);
CREATE INDEX entry_block ON entry (block_number) WHERE side = 'debit' AND NOT is_reversal;
CREATE INDEX entry_transaction ON entry (transaction_id) WHERE side = 'debit' AND NOT is_reversal AND transaction_id IS NOT NULL;
