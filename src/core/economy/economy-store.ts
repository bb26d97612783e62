import type { Metadata } from '../shared/metadata.ts'
import type { Page, PageRequest } from '../shared/page.ts'
import type { Environment } from '../tenant/tenant.ts'
import type { Economy, EconomyStatus } from './economy.ts'
import type { ChainCall } from './faucet.ts'

/** Where a new economy lives: its chain, and the relayer key that carries its transactions. */
export interface Berth {
  chainId: number
  laneId: string
}

/** The business itself as its economy's first user, with its wallet. */
export interface CompanyUser {
  userId: string
  address: string
  salt: Uint8Array
}

export interface EconomyFilter {
  status?: EconomyStatus
  environment?: Environment
}

/** An administrative call to the chain, to be signed by the lane's submitter. */
export interface QueuedGrant {
  id: string
  economy: Pick<Economy, 'id' | 'chainId' | 'laneId'>
  call: ChainCall
  at: Date
}

/** Port: the tenant's economies. */
export interface EconomyStore {
  /** The active lane with the fewest economies, on a utility chain that is active and has our contracts. */
  findBerth(): Promise<Berth | null>
  /**
   * Writes the economy, its steps, and the company with wallet and account.
   * @throws EconomySymbolTaken
   */
  insert(economy: Economy, company: CompanyUser): Promise<void>
  find(id: string): Promise<Economy | null>
  /** The economy, locked for the rest of the unit of work, so that changes of its status follow each other. */
  lock(id: string): Promise<Economy | null>
  list(page: PageRequest, filter: EconomyFilter): Promise<Page<Economy>>
  update(id: string, change: { name?: string; metadata?: Metadata }, at: Date): Promise<void>
  /** Sets the status, forgets a failure's reason, and raises the configuration version. */
  setStatus(id: string, status: EconomyStatus, at: Date): Promise<void>
  /** Sets failed steps back to pending; finished ones stay finished. */
  reopenSteps(id: string): Promise<void>
  companyAddress(id: string): Promise<string>
  /** Queues a `faucet_grant` submission; the lane's submitter gives it a nonce and signs it. */
  queueGrant(grant: QueuedGrant): Promise<void>
  /** Queues a `coin_transfer` submission, as above. */
  queueCoins(transfer: { id: string; economy: Economy; toAddress: string; amountWei: bigint }): Promise<void>
  /** Wei of the economy's coin transfers since then, those on their way included. */
  coinsSent(economyId: string, since: Date): Promise<bigint>
}
