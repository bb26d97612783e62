-- What OST's dialects of 2018 show: whole numbers as ids of transaction types, and how much of a user's tokens was airdropped.
ALTER TABLE transaction_type ADD COLUMN number integer NOT NULL DEFAULT 0;
UPDATE transaction_type t SET number = counted.number
FROM (SELECT economy_id, id, 10000 + row_number() OVER (PARTITION BY economy_id ORDER BY id) AS number FROM transaction_type) counted
WHERE counted.economy_id = t.economy_id AND counted.id = t.id;
CREATE UNIQUE INDEX transaction_type_number ON transaction_type (economy_id, number);

-- Writers of an economy's types follow each other: each raises the economy's configuration version first. Types are never deleted.
CREATE FUNCTION number_transaction_type() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.number := (SELECT coalesce(max(t.number), 10000) + 1 FROM transaction_type t WHERE t.economy_id = NEW.economy_id);
  RETURN NEW;
END $$;
CREATE TRIGGER transaction_type_numbered BEFORE INSERT ON transaction_type FOR EACH ROW EXECUTE FUNCTION number_transaction_type();

CREATE INDEX transaction_airdropped ON transaction (economy_id, to_user_id, id) WHERE airdrop_id IS NOT NULL;

-- What is left of the tokens that airdrops gave a user, who spends them before any others: the running total of what was given
-- less what was spent, never below 0. Counted from the first airdrop on, in the order in which transactions were accepted, up to
-- but without `before`. A user without an airdrop costs one look into an index.
CREATE FUNCTION airdropped_balance(economy uuid, holder uuid, before uuid DEFAULT NULL) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  WITH first AS MATERIALIZED (
    SELECT t.id FROM transaction t
    WHERE t.economy_id = economy AND t.to_user_id = holder AND t.airdrop_id IS NOT NULL AND t.status IN ('mined', 'confirmed')
    ORDER BY t.id LIMIT 1
  ), moves AS (
    SELECT t.id, t.amount AS change FROM first CROSS JOIN transaction t
    WHERE t.economy_id = economy AND t.to_user_id = holder AND t.airdrop_id IS NOT NULL AND t.status IN ('mined', 'confirmed')
      AND t.id >= first.id AND (before IS NULL OR t.id < before)
    UNION ALL
    SELECT t.id, -(t.amount + t.commission) FROM first CROSS JOIN transaction t
    WHERE t.economy_id = economy AND t.from_user_id = holder AND t.status <> 'failed'
      AND t.id > first.id AND (before IS NULL OR t.id < before)
  ), running AS (
    SELECT sum(change) OVER (ORDER BY id) AS total, change FROM moves
  )
  SELECT coalesce(sum(change) - least(0, min(total)), 0) FROM running
$$;
