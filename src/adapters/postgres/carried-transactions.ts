import { TRANSFER_BATCH } from '#core/chain/submission.ts'

/** States of a submission that is on its way or not yet final. */
export const NOT_FINAL = ['signed', 'broadcast', 'mined'] as const

/**
 * What an economy's submissions in these states carry: no more than its lane may have in flight, and what is not final. A FROM of
 * `s(id, economy_id)` and `carried(id)`, the transactions; the index `chain_submission_carrying` serves it by `s.economy_id`.
 */
export function carriedBy(statuses: readonly (typeof NOT_FINAL)[number][]): string {
  const among = statuses.map((status) => `'${status}'`).join(', ')
  return `(SELECT id, economy_id, transaction_ids FROM chain_submission WHERE kind = '${TRANSFER_BATCH}' AND status IN (${among})) AS s
          CROSS JOIN LATERAL unnest(s.transaction_ids) AS carried(id)`
}
