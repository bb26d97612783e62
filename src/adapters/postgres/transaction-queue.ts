import { foundByKey } from './columns.ts'

/*
 * A transaction has a row in the queue while its own row says "queued". A trigger writes it for a new transaction; the statements that
 * change that status take it out or put it in, a batch at a time. Each is a part of a WITH, beside the one that names the transactions.
 */

/** Those of `moved(economy_id, id)` have left the queue. */
export const LEAVE_QUEUE = `
DELETE FROM queued_transaction USING moved
${foundByKey('queued_transaction', { economy_id: 'moved.economy_id', transaction_id: 'moved.id' })}
WHERE queued_transaction.ctid = found.place`

/** Those of `requeued(economy_id, id, tenant_id)` are back in the queue. */
export const JOIN_QUEUE = `
INSERT INTO queued_transaction (economy_id, transaction_id, tenant_id)
SELECT economy_id, id, tenant_id FROM requeued`
