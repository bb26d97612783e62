-- How many payments share a submission's cost. Whoever shows a transaction asks for that, and got it by unpacking all of its batch's ids: some 80 µs
-- for each transaction of a list, an export or a webhook's body.
--
-- Locks: ACCESS EXCLUSIVE on chain_submission, which is written anew (a row per batch of up to a thousand payments). Any version of api and worker
-- may run.
ALTER TABLE chain_submission ADD COLUMN "payments" INTEGER GENERATED ALWAYS AS (cardinality(transaction_ids)) STORED;
