import type { CallOptions } from './caller.ts'
import { TransactionFailed, WaitTimedOut } from './errors.ts'
import type { Transaction } from './generated/types.ts'
import { sleep } from './sleep.ts'

/** How far a transaction must have come. mined: settled in the ledger · confirmed: final. */
export type AwaitedStatus = 'submitted' | 'mined' | 'confirmed'

export interface WaitOptions extends Omit<CallOptions, 'timeoutMs' | 'idempotencyKey'> {
  /** Default: mined. */
  status?: AwaitedStatus
  /** For the whole of it, in milliseconds. Default: two minutes. */
  timeoutMs?: number
}

const TIMEOUT_MS_DEFAULT = 120_000
const POLL_MS_FIRST = 100
const POLL_MS_MAX = 2_000
/** In the order in which a transaction passes them. */
const COURSE = ['queued', 'submitted', 'mined', 'confirmed'] as const

/**
 * Asks until the transaction has come so far: quickly at first, then every two seconds.
 * @throws TransactionFailed, WaitTimedOut
 */
export async function waitForTransaction(
  read: (options: CallOptions) => Promise<Transaction>,
  { status = 'mined', timeoutMs = TIMEOUT_MS_DEFAULT, ...options }: WaitOptions,
): Promise<Transaction> {
  const deadline = performance.now() + timeoutMs
  for (let pollMs = POLL_MS_FIRST; ; pollMs = Math.min(pollMs * 1.5, POLL_MS_MAX)) {
    const transaction = await read(options)
    if (transaction.status === 'failed') throw new TransactionFailed(transaction)
    if (COURSE.indexOf(transaction.status) >= COURSE.indexOf(status)) return transaction
    const leftMs = deadline - performance.now()
    if (leftMs <= 0) throw new WaitTimedOut(transaction, timeoutMs)
    await sleep(Math.min(pollMs, leftMs), options.signal)
  }
}
