import { foundByKey } from './columns.ts'

/*
 * A transaction has a row in the queue while its own row says "queued". A trigger writes it for a new transaction; the statements that
 * change that status take it out or put it in, a batch at a time. Each is a part of a WITH, beside the one that names the transactions.
 */

/**
 * Whether an economy has anything queued; one look along the key. An EXISTS becomes a join, for which the planner may read the queue of
 * everybody. From the newest on: the oldest have mostly left, and stand in the way until no snapshot may see them any more.
 * @param economyId A column's name.
 */
export function hasQueued(economyId: string): string {
  return `(SELECT true FROM queued_transaction q WHERE q.economy_id = ${economyId} ORDER BY q.transaction_id DESC LIMIT 1) IS NOT NULL`
}

/** Those of `moved(economy_id, id)` have left the queue. */
export const LEAVE_QUEUE = `
DELETE FROM queued_transaction USING moved
${foundByKey('queued_transaction', { economy_id: 'moved.economy_id', transaction_id: 'moved.id' })}
WHERE queued_transaction.ctid = found.place`

/** Those of `requeued(economy_id, id, tenant_id)` are back in the queue. */
export const JOIN_QUEUE = `
INSERT INTO queued_transaction (economy_id, transaction_id, tenant_id)
SELECT economy_id, id, tenant_id FROM requeued`
