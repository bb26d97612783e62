-- Calldata, signed bytes and lists of ids are mostly random: trying to compress them took a millisecond of each submission of three hundred
-- payments, and saved a seventh of the bytes (of the ids a half, eight bytes per payment).
--
-- Locks: ACCESS EXCLUSIVE, for a moment; what is stored stays as it is. Any version of api and worker may run.
ALTER TABLE chain_submission ALTER COLUMN calldata SET STORAGE EXTERNAL, ALTER COLUMN transaction_ids SET STORAGE EXTERNAL;
ALTER TABLE submission_attempt ALTER COLUMN raw_tx SET STORAGE EXTERNAL;
