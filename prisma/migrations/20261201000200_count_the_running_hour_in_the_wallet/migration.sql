-- What a user has sent in the running hour stands in its wallet's row, which acceptance writes anyway; an hour that has passed goes to `activity`
-- with the first payment after it. A row of its own for each payer and hour cost an eighth of what accepting a payment costs Postgres.
--
-- Locks: ACCESS EXCLUSIVE on wallet, for a moment (no row is written anew). Any version may run, but an api of the version before does not see
-- what the new one counts here: rules with windows pass too much while both run.
ALTER TABLE wallet
  ADD COLUMN "activity_hour" TIMESTAMPTZ(0) NOT NULL DEFAULT 'epoch',
  ADD COLUMN "activity_count" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "activity_amount" DECIMAL(78,0) NOT NULL DEFAULT 0;
GRANT UPDATE (activity_hour, activity_count, activity_amount) ON wallet TO ost_app;
