import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { createAcceptanceStore } from '#adapters/postgres/acceptance-store.ts'
import type { Database } from '#adapters/postgres/database.ts'
import { isOutOfReach } from '#adapters/postgres/is-out-of-reach.ts'
import { createTransactionReader } from '#adapters/postgres/transaction-reader.ts'
import type { JobDispatcher } from '#core/outbox/job-dispatcher.ts'
import type { Clock, Ids } from '#core/shared/clock.ts'
import type { RequestTracing } from '#adapters/telemetry/trace-requests.ts'
import { acceptTransactions } from '#core/transaction/accept-transactions.ts'
import { type Accept, Acceptor } from '#core/transaction/acceptor.ts'
import { SettlementWaiter } from '#core/transaction/settlement-waiter.ts'
import type { TransactionReader } from '#core/transaction/transaction-reader.ts'

/** What executing and reading transactions needs; every surface of the API shares one. */
export interface MoneyPath {
  acceptor: Acceptor
  transactions: TransactionReader
  waiter: SettlementWaiter
}

/**
 * Puts the acceptor together.
 * @param onBatch told the number of items of each batch.
 * @param tracing records batches and accepted transactions; absent: nobody does.
 */
export function createMoneyPath(
  deps: {
    database: Database
    clock: Clock
    ids: Ids
    jobs: Pick<JobDispatcher, 'wake'>
    priceMaxAgeMs: number
  },
  onBatch?: (items: number) => void,
  tracing?: RequestTracing,
): MoneyPath {
  const { database, clock, ids, jobs, priceMaxAgeMs } = deps
  const transactions = createTransactionReader(database)
  const acceptDeps = {
    acceptance: createAcceptanceStore(database, createRuleCompiler()),
    configs: new Map(),
    clock,
    ids,
    priceMaxAgeMs,
    wakeLanes: (laneIds: readonly string[]) => {
      for (const id of laneIds) jobs.wake({ name: 'submit-lane', id })
    },
  }
  const accept: Accept = (requests, onSent) => acceptTransactions(acceptDeps, requests, onSent)
  const acceptor = new Acceptor(tracing ? tracing.around(accept) : accept, {
    ...(onBatch && { onBatch }),
    isPassing: isOutOfReach,
  })
  tracing?.acceptor(acceptor)
  return {
    acceptor,
    transactions,
    waiter: new SettlementWaiter(transactions, () => clock.now().getTime()),
  }
}
