import type { Page, PageRequest } from '../shared/page.ts'
import type { Redemption, RedeemableSku, SkuStatus } from './redemption.ts'

export interface RedemptionFilter {
  userId?: string
  skuId?: string
}

/** Port: an economy's redeemable SKUs and the orders of them. */
export interface RedemptionStore {
  /** @returns the SKU with the number that it got. */
  insertSku(sku: Omit<RedeemableSku, 'number'>): Promise<RedeemableSku>
  updateSku(sku: RedeemableSku): Promise<void>
  countSkus(economyId: string): Promise<number>
  findSku(economyId: string, id: string): Promise<RedeemableSku | null>
  /** The same, and nobody else changes it until the unit of work ends. */
  lockSku(economyId: string, id: string): Promise<RedeemableSku | null>
  findSkuByNumber(economyId: string, number: number): Promise<RedeemableSku | null>
  findSkusByNumber(economyId: string, numbers: readonly number[]): Promise<RedeemableSku[]>
  listSkus(economyId: string, page: PageRequest, filter: { status?: SkuStatus }): Promise<Page<RedeemableSku>>
  find(economyId: string, id: string): Promise<Redemption | null>
  /** The same, and nobody else decides about it until the unit of work ends. */
  lock(economyId: string, id: string): Promise<Redemption | null>
  findByTransaction(economyId: string, transactionId: string): Promise<Redemption | null>
  /** Those that these transactions pay for. */
  findByTransactions(economyId: string, transactionIds: readonly string[]): Promise<Redemption[]>
  findMany(economyId: string, userId: string, ids: readonly string[]): Promise<Redemption[]>
  list(economyId: string, page: PageRequest, filter: RedemptionFilter): Promise<Page<Redemption>>
  decide(economyId: string, id: string, decision: 'fulfilled' | 'cancelled', at: Date): Promise<void>
}
