/**
 * The entries of movements that are known by their debits, for a FROM in which `debit` has economy_id, account_id, counter_account_id,
 * block_number, log_index and generation: indexes by block and by transaction hold debits alone, and the primary key finds the other
 * side. OFFSET 0 keeps the look-up as it stands (`foundByKey`).
 * @param condition A further one on an entry; without it, what takes them back is among them.
 */
export function bothSides(condition = 'true'): string {
  return `CROSS JOIN LATERAL (
    SELECT * FROM entry
    WHERE economy_id = debit.economy_id AND account_id IN (debit.account_id, debit.counter_account_id)
      AND block_number = debit.block_number AND log_index = debit.log_index AND generation = debit.generation AND ${condition} OFFSET 0) AS entry`
}
