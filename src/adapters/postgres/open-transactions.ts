import { foundByKey } from './columns.ts'

/*
 * The statements that change a transaction's status move its row of open_transaction as well, a batch at a time. Each is a part of a
 * WITH, beside the one that names the transactions.
 */

/** Those of `ended(economy_id, id)` are open no more; all of them were still queued, or none. */
export function closeEnded(wasQueued: boolean): string {
  const key = { economy_id: 'ended.economy_id', is_queued: String(wasQueued), transaction_id: 'ended.id' }
  return `DELETE FROM open_transaction USING ended ${foundByKey('open_transaction', key)} WHERE open_transaction.ctid = found.place`
}

/** Those of `moved(economy_id, id)` have left the queue. */
export const LEAVE_QUEUE = `
UPDATE open_transaction SET is_queued = false FROM moved
${foundByKey('open_transaction', { economy_id: 'moved.economy_id', is_queued: 'true', transaction_id: 'moved.id' })}
WHERE open_transaction.ctid = found.place`

/** Those of `requeued(economy_id, id)` are back in the queue. */
export const JOIN_QUEUE = `
UPDATE open_transaction SET is_queued = true FROM requeued
${foundByKey('open_transaction', { economy_id: 'requeued.economy_id', is_queued: 'false', transaction_id: 'requeued.id' })}
WHERE open_transaction.ctid = found.place`

/** Those of `reopened(economy_id, id, tenant_id)` are submitted again; the ones that had ended are open again. */
export const REOPEN = `
INSERT INTO open_transaction (economy_id, is_queued, transaction_id, tenant_id)
SELECT economy_id, false, id, tenant_id FROM reopened ON CONFLICT DO NOTHING`
