import { uuidv7 } from 'uuidv7'
import { createChainStore } from '#adapters/postgres/chain-store.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createReconciliationStore } from '#adapters/postgres/reconciliation-store.ts'
import { createSettlementStore } from '#adapters/postgres/settlement-store.ts'
import type { BlockReaders } from '#core/ledger/block-reader.ts'
import { type ReconcileDeps, reconcileEconomy } from '#core/ledger/reconcile-economy.ts'
import type { Reconciliation } from '#core/ledger/reconciliation-store.ts'
import { type Observer, silentObserver } from '#core/shared/observer.ts'
import type { FollowDeps } from '#core/transaction/follow-chain.ts'
import { LedgerFixtures } from './ledger-fixtures.ts'
import type { TestDatabase } from './stack.ts'

/** What the indexer says to its operators. */
export interface Heard {
  observer: Observer
  /** Names of the events logged at level `error`. */
  alarms: string[]
}

export function hearing(): Heard {
  const alarms: string[] = []
  return {
    alarms,
    observer: {
      ...silentObserver,
      log(level, event) {
        if (level === 'error') alarms.push(event)
      },
    },
  }
}

/** The indexer on a database of its own. */
export class LedgerWorld {
  readonly database: Database
  readonly fixtures: LedgerFixtures
  readonly ids = { next: uuidv7 }
  #chainId = 50_000

  constructor(urls: Pick<TestDatabase, 'ownerUrl' | 'workerUrl'>) {
    this.database = new Database({ url: urls.workerUrl, poolSize: 6, applicationName: 'ledger-test' })
    this.fixtures = new LedgerFixtures(urls.ownerUrl)
  }

  async close(): Promise<void> {
    await this.fixtures.close()
    await this.database.close()
  }

  /** A chain id nobody else uses, with its row. */
  async addChain(options: { finalityDepth: number; contracts?: object; chainId?: number }): Promise<number> {
    this.#chainId += 1
    const chainId = options.chainId ?? this.#chainId
    await this.fixtures.addChain({ ...options, chainId })
    return chainId
  }

  deps(
    blockReaders: BlockReaders,
    options: { reversesFinalBlocks?: boolean; observer?: Observer } = {},
  ): FollowDeps & ReconcileDeps {
    return {
      chains: createChainStore(this.database),
      settlements: createSettlementStore(this.database, this.ids),
      reconciliations: createReconciliationStore(this.database, this.ids),
      // Its economies are not backed.
      compareBacking: async () => [],
      blockReaders,
      ids: this.ids,
      clock: { now: () => new Date() },
      observer: options.observer ?? silentObserver,
      reversesFinalBlocks: options.reversesFinalBlocks ?? false,
    }
  }

  /** The economy's reconciliation now. @throws when there is nothing to compare. */
  async reconcile(deps: ReconcileDeps, economyId: string): Promise<Reconciliation> {
    const reconciliation = await reconcileEconomy(deps, economyId)
    if (!reconciliation) throw new Error('there is nothing to compare')
    return reconciliation
  }
}
