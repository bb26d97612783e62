-- Prices of tokens that are backed come from the oracle of their chain, and are converted as the chain converts them.
ALTER TABLE price_point
  -- Too far from the price before it: not used until a second one confirms it.
  ADD COLUMN deviates boolean NOT NULL DEFAULT false,
  -- What follows is there for a price of the chain only: fiat per whole value token, branded tokens per value token times
  -- 10^rate_decimals, until when the chain uses the price, and the block it was read at.
  ADD COLUMN value_price numeric(38,18),
  ADD COLUMN rate numeric(29,0),
  ADD COLUMN rate_decimals smallint,
  ADD COLUMN usable_until timestamptz(3),
  ADD COLUMN block_number bigint,
  ADD COLUMN block_hash text,
  DROP CONSTRAINT price_point_source,
  ADD CONSTRAINT price_point_source CHECK (source IN ('admin', 'feed', 'chain')),
  ADD CONSTRAINT price_point_chain CHECK (
    num_nonnulls(value_price, rate, rate_decimals, usable_until, block_number, block_hash) = CASE WHEN source = 'chain' THEN 6 ELSE 0 END),
  ADD CONSTRAINT price_point_rate CHECK (value_price > 0 AND rate > 0 AND rate_decimals BETWEEN 0 AND 5);

-- A price of the chain is recorded once, and found without reading the others.
CREATE UNIQUE INDEX price_point_chain ON price_point (economy_id, currency, as_of DESC) WHERE source = 'chain';

-- The price that amounts are converted at: the chain's, where it gives one at all, however old; else the latest.
CREATE FUNCTION price_in_force(economy uuid, of_currency text) RETURNS SETOF price_point LANGUAGE sql STABLE AS $$
  SELECT (found.p).* FROM (
    (SELECT 0 AS place, p FROM price_point p WHERE p.economy_id = economy AND p.currency = of_currency AND p.source = 'chain'
     ORDER BY p.as_of DESC LIMIT 1)
    UNION ALL
    (SELECT 1, p FROM price_point p WHERE p.economy_id = economy AND p.currency = of_currency ORDER BY p.as_of DESC, p.id DESC LIMIT 1)
  ) found(place, p) ORDER BY found.place LIMIT 1
$$;

-- Only the worker reads the chain.
CREATE POLICY api_gives_no_price_of_the_chain ON price_point AS RESTRICTIVE FOR INSERT TO ost_app WITH CHECK (source <> 'chain');

-- Prices that the platform's feeders have signed, each with the submission that brings it to the oracle.
CREATE TABLE price_report (
  chain_id bigint NOT NULL REFERENCES chain (id),
  oracle text NOT NULL,
  asset text NOT NULL,
  currency text NOT NULL CHECK (currency IN ('USD', 'EUR', 'GBP')),
  observed_at timestamptz(0) NOT NULL,
  price numeric(38,18) NOT NULL CHECK (price > 0),
  expires_at timestamptz(0) NOT NULL CHECK (expires_at > observed_at),
  submission_id uuid NOT NULL UNIQUE REFERENCES chain_submission (id),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (chain_id, oracle, asset, currency, observed_at)
);
GRANT SELECT, INSERT ON price_report TO ost_worker;
