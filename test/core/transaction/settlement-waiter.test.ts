import { describe, expect, it } from 'vitest'
import { SettlementWaiter } from '#core/transaction/settlement-waiter.ts'
import type { TransactionReader } from '#core/transaction/transaction-reader.ts'

const ref = (id: string) => ({ tenantId: 'tenant', economyId: 'economy', id })

/** A waiter over transactions of which those in `settled` are settled. */
function aWaiter(settled: readonly string[] = []) {
  // The waiter asks nothing else of the reader.
  const transactions = {
    findSettled: async () => [...settled],
  } as Partial<TransactionReader> as TransactionReader
  return new SettlementWaiter(transactions, () => performance.now())
}

describe('waiting for a settlement', () => {
  it('ends when the transaction has settled', async () => {
    const startedAt = performance.now()
    await aWaiter(['a']).wait(ref('a'), 60_000)
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  it('ends when the time is up', async () => {
    await aWaiter().wait(ref('a'), 150)
  })

  it('ends for everybody at once when the process is to end, and nobody begins to wait any more', async () => {
    const waiter = aWaiter()
    const waiting = [waiter.wait(ref('a'), 60_000), waiter.wait(ref('b'), 60_000)]
    waiter.release()
    await Promise.all(waiting)
    await waiter.wait(ref('c'), 60_000)
  })
})
